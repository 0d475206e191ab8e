"""Tests against a real network. The fixture comes with Chainyard; there is nothing to import.

pytest examples/test_with_pytest.py --chainyard-params examples/single-node.yaml
"""

from __future__ import annotations

from chainyard import Network


def test_blocks_arrive(chainyard_network: Network) -> None:
    chainyard_network.wait_for_block(3)
    heads = [node.head_block for node in chainyard_network.status().nodes]
    assert min(head or 0 for head in heads) >= 3


def test_accounts_are_funded(chainyard_network: Network) -> None:
    richest = chainyard_network.accounts()[0]
    assert richest.balance_wei == 10**27
