"""Make a network, send a transfer to its RPC node, wait for the block, and remove the network.

python examples/python_api.py [network_params.yaml]
"""

from __future__ import annotations

import sys
from pathlib import Path

from chainyard import Network, load_spec
from chainyard.chain.execution import Execution
from chainyard.chain.sync import SyncPortal
from chainyard.chain.transactions import transfer
from chainyard.chain.waiting import wait_for_receipt

DEFAULT = Path(__file__).with_name("single-node.yaml")
ONE_ETHER = 10**18  # wei
TIMEOUT = 60.0  # seconds


def main() -> None:
    """Print what happens."""
    spec = load_spec(sys.argv[1] if len(sys.argv) > 1 else DEFAULT)
    # Entering the block brings the network up and waits for its first block; leaving removes it.
    with Network.create(spec, name="python-api") as network, SyncPortal() as sync:
        endpoints = network.endpoints()
        node = endpoints.rpc.execution
        sender, receiver = network.accounts()[:2]
        # A node may have no execution client, and an account that a file names has no key.
        assert node
        assert sender.private_key
        print(f"chain {endpoints.chain_id} is reached at {node.rpc}")
        execution = sync.open(Execution(node.rpc))
        sent = sync(transfer, execution, sender.private_key, receiver.address, ONE_ETHER)
        receipt = sync(wait_for_receipt, execution, sent, timeout=TIMEOUT)
        print(f"{sent} is in block {receipt.block_number}")


if __name__ == "__main__":
    main()
