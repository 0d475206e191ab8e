"""The execution genesis: genesis.json as geth reads it, and the header of its block.

State root and block hash are computed here, so the consensus genesis can name them before any
client has run. Header rules: EIP-1559, 4895, 4844, 4788, 7685; geth's are the reference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from chainyard.errors import RequestError
from chainyard.genesis import rlp
from chainyard.genesis.alloc import (
    Alloc,
    GenesisAccount,
    alloc_document,
    from_allocations,
    parse_address,
    precompile_balances,
    predeploys,
    state_root,
    well_known_contracts,
)
from chainyard.genesis.forks import FAR_FUTURE_EPOCH, since
from chainyard.genesis.generator_env import GeneratorSettings, generator_settings
from chainyard.genesis.keccak import keccak
from chainyard.genesis.trie import EMPTY_ROOT

if TYPE_CHECKING:
    from chainyard.spec import NetworkParams, Spec

NONCE = 0x1234
INITIAL_BASE_FEE = 10**9  # wei (EIP-1559)
EMPTY_UNCLES_HASH = bytes.fromhex(
    "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
)
EMPTY_REQUESTS_HASH = sha256(b"").digest()  # EIP-7685
DENEB_MAX_BLOBS = 6
_BLOCK_FORKS = (
    "homestead",
    "eip150",
    "eip155",
    "eip158",
    "byzantium",
    "constantinople",
    "petersburg",
    "istanbul",
    "berlin",
    "london",
    "mergeNetsplit",
)
# The execution layer's name of each consensus fork.
_TIMED_FORKS = {
    "capella": "shanghai",
    "deneb": "cancun",
    "electra": "prague",
    "fulu": "osaka",
    "gloas": "amsterdam",
    "heze": "bogota",
}
BPO_FORKS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class BlobLimits:
    """An entry of ``blobSchedule``: blobs per block and how fast their fee moves."""

    target: int
    max: int
    base_fee_update_fraction: int

    def document(self) -> dict[str, int]:
        return {
            "target": self.target,
            "max": self.max,
            "baseFeeUpdateFraction": self.base_fee_update_fraction,
        }


CANCUN_BLOBS = BlobLimits(3, DENEB_MAX_BLOBS, 3338477)  # EIP-4844


@dataclass(frozen=True)
class ExecutionGenesis:
    """The genesis block of the execution chain. Hashes are 32 bytes, times Unix seconds."""

    document: dict[str, Any] = field(repr=False)
    fork: str  # consensus name of the fork that is active in the genesis block
    timestamp: int
    gas_limit: int
    base_fee_per_gas: int  # wei
    state_root: bytes
    block_hash: bytes
    receipts_root: bytes = EMPTY_ROOT

    def json(self) -> bytes:
        """genesis.json."""
        return json.dumps(self.document, indent=2).encode() + b"\n"


def execution_genesis(
    spec: Spec, time: int, *, slots_per_epoch: int | None = None
) -> ExecutionGenesis:
    """Everything the execution clients start from.

    Args:
        spec: the spec; its genesis fork is Bellatrix or later.
        time: genesis time, Unix seconds.
        slots_per_epoch: if the consensus config overrides the preset's, that number: it moves the
            times of the later forks.

    Raises:
        RequestError: a value that cannot be honoured, or a genesis before the merge.
    """
    params = spec.network_params
    refuse_pre_merge(params.genesis_fork)
    settings = generator_settings(spec)
    alloc = _alloc(spec, settings)
    root = state_root(alloc)
    epoch_slots = slots_per_epoch or params.slots_per_epoch
    document = {
        "config": _chain_config(params, time, epoch_slots),
        "alloc": alloc_document(alloc),
        "coinbase": f"0x{bytes(20).hex()}",
        "difficulty": "0x0",
        "extraData": "0x",
        "gasLimit": hex(params.genesis_gaslimit),
        "nonce": hex(NONCE),
        "mixHash": f"0x{bytes(32).hex()}",
        "parentHash": f"0x{bytes(32).hex()}",
        "timestamp": str(time),
    }
    header = _header(params.genesis_fork, root, params.genesis_gaslimit, time)
    return ExecutionGenesis(
        document=document,
        fork=params.genesis_fork,
        timestamp=time,
        gas_limit=params.genesis_gaslimit,
        base_fee_per_gas=INITIAL_BASE_FEE,
        state_root=root,
        block_hash=keccak(rlp.encode(header)),
    )


def refuse_pre_merge(fork: str) -> None:
    """Refuse a genesis in phase0 or altair.

    Raises:
        RequestError: such a genesis.
    """
    if not since(fork, "bellatrix"):
        raise RequestError(
            f"A genesis in {fork} is not possible.",
            cause="it needs an execution chain before the merge, and execution clients can no"
            " longer produce blocks by proof of work",
            hint="Set bellatrix_fork_epoch (and altair_fork_epoch) to 0.",
        )


def _header(fork: str, root: bytes, gas_limit: int, time: int) -> list[rlp.Rlp]:
    fields: list[rlp.Rlp] = [
        bytes(32),  # parent hash
        EMPTY_UNCLES_HASH,
        bytes(20),  # coinbase
        root,
        EMPTY_ROOT,  # transactions
        EMPTY_ROOT,  # receipts
        bytes(256),  # logs bloom
        0,  # difficulty
        0,  # number
        gas_limit,
        0,  # gas used
        time,
        b"",  # extra data
        bytes(32),  # mix hash
        NONCE.to_bytes(8, "big"),
        INITIAL_BASE_FEE,
    ]
    if since(fork, "capella"):
        fields.append(EMPTY_ROOT)  # withdrawals
    if since(fork, "deneb"):
        fields += [0, 0, bytes(32)]  # blob gas used, excess blob gas, parent beacon block root
    if since(fork, "electra"):
        fields.append(EMPTY_REQUESTS_HASH)
    return fields


def _chain_config(params: NetworkParams, time: int, slots_per_epoch: int) -> dict[str, Any]:
    def fork_time(epoch: int) -> int:
        if epoch == 0:
            return 0  # before any genesis time: active in the genesis block
        return time + epoch * slots_per_epoch * params.slot_duration_ms // 1000

    config: dict[str, Any] = {"chainId": params.chain_id}
    config |= {f"{fork}Block": 0 for fork in _BLOCK_FORKS}
    config |= {"terminalTotalDifficulty": 0, "terminalTotalDifficultyPassed": True}
    for fork, name in _TIMED_FORKS.items():
        if (epoch := params.fork_epochs[fork]) != FAR_FUTURE_EPOCH:
            config[f"{name}Time"] = fork_time(epoch)
    for number, epoch in bpo_epochs(params):
        config[f"bpo{number}Time"] = fork_time(epoch)
    if "pragueTime" in config:
        config["depositContractAddress"] = params.deposit_contract_address
    if schedule := dict(_blob_schedule(params)):
        config["blobSchedule"] = {name: limits.document() for name, limits in schedule.items()}
    return config


def bpo_epochs(params: NetworkParams) -> Iterator[tuple[int, int]]:
    """The blob-parameter-only forks that happen: number and epoch.

    None without Fulu, and none before it: EIP-7892 came with Fulu.
    """
    fulu = params.fork_epochs["fulu"]
    for number in BPO_FORKS:
        epoch = int(getattr(params, f"bpo_{number}_epoch"))
        if FAR_FUTURE_EPOCH not in (fulu, epoch):
            yield number, max(epoch, fulu)


def _blob_schedule(params: NetworkParams) -> Iterator[tuple[str, BlobLimits]]:
    """The limits of each scheduled fork. geth wants one for every fork, also for those that change
    nothing (Osaka, Amsterdam): they repeat the ones before them."""

    def scheduled(fork: str) -> bool:
        return params.fork_epochs[fork] != FAR_FUTURE_EPOCH

    if scheduled("deneb"):
        yield "cancun", CANCUN_BLOBS
    if not scheduled("electra"):
        return
    latest = _limits(
        params.target_blobs_per_block_electra,
        params.max_blobs_per_block_electra,
        params.base_fee_update_fraction_electra,
    )
    yield "prague", latest
    if scheduled("fulu"):
        yield "osaka", latest
    amsterdam = latest
    for number, epoch in bpo_epochs(params):
        latest = bpo_limits(params, number)
        yield f"bpo{number}", latest
        if epoch <= params.fork_epochs["gloas"]:
            amsterdam = latest
    for fork in ("gloas", "heze"):
        if scheduled(fork):
            yield _TIMED_FORKS[fork], amsterdam if fork == "gloas" else latest


def bpo_limits(params: NetworkParams, number: int) -> BlobLimits:
    """What blob-parameter-only fork ``number`` sets."""
    prefix = f"bpo_{number}"
    return _limits(
        int(getattr(params, f"{prefix}_target_blobs")),
        int(getattr(params, f"{prefix}_max_blobs")),
        int(getattr(params, f"{prefix}_base_fee_update_fraction")),
    )


def _limits(target: int, maximum: int, fraction: int) -> BlobLimits:
    # With the default fraction a full block raises the blob fee by at most 1/8.
    return BlobLimits(target, maximum, fraction or round(maximum * 2**17 / (2 * math.log(1.125))))


def _alloc(spec: Spec, settings: GeneratorSettings) -> Alloc:
    from chainyard.genesis.accounts import prefunded_accounts  # noqa: PLC0415  (imports a curve)

    params = spec.network_params
    scheduled = [fork for fork, epoch in params.fork_epochs.items() if epoch != FAR_FUTURE_EPOCH]
    deposit = parse_address(
        params.deposit_contract_address, "network_params.deposit_contract_address"
    )
    alloc = precompile_balances()
    alloc |= predeploys(deposit, scheduled, builders=params.deploy_eip8282_contracts)
    if settings.preload_well_known_contracts:
        alloc |= well_known_contracts()
    for account in prefunded_accounts(spec):
        address = parse_address(account.address, "premine")
        alloc[address] = GenesisAccount(balance=account.balance_wei)
    alloc |= settings.premine
    alloc |= from_allocations(params.prefunded_accounts, "network_params.prefunded_accounts")
    where = "network_params.additional_preloaded_contracts"
    return alloc | from_allocations(params.additional_preloaded_contracts, where)
