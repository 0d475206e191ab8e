"""The validators of a genesis: which keys they have, what they withdraw to, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from chainyard.errors import RequestError
from chainyard.genesis.bls import public_key
from chainyard.genesis.shuffling import compute_shuffled_permutation

if TYPE_CHECKING:
    from chainyard.genesis.keys import ValidatorKeys
    from chainyard.spec import NetworkParams, Spec

BLS_PREFIX, EXECUTION_PREFIX, COMPOUNDING_PREFIX = 0x00, 0x01, 0x02
ACTIVE, SLASHED, EXITED = 0, 1, 2
GWEI_PER_ETH = 10**9
DEFAULT_BALANCE = 32 * GWEI_PER_ETH


@dataclass(frozen=True)
class KeySource:
    """A range of a mnemonic's keys that are validators at genesis.

    ``balance`` is in gwei. ``address`` is the execution address that withdrawals go to, empty for
    BLS credentials.
    """

    mnemonic: str
    start: int
    count: int
    balance: int
    prefix: int = BLS_PREFIX
    address: bytes = b""
    status: int = ACTIVE
    withdrawal_path: str = ""  # one withdrawal key for all, in place of each validator's own

    def __repr__(self) -> str:
        """Without the mnemonic."""
        return f"KeySource({self.start}..{self.start + self.count - 1}, status={self.status})"


@dataclass(frozen=True)
class GenesisValidators:
    """Validators in the order of the registry; four columns of equal length.

    Public keys have 48 bytes, credentials 32; balances are in gwei.
    """

    pubkeys: Sequence[bytes]
    credentials: Sequence[bytes]
    balances: Sequence[int]
    statuses: Sequence[int]

    def __post_init__(self) -> None:
        columns = (self.pubkeys, self.credentials, self.balances, self.statuses)
        if len({len(column) for column in columns}) != 1:
            raise ValueError("the columns of the validators differ in length")

    def __len__(self) -> int:
        return len(self.pubkeys)

    def reordered(self, order: Iterable[int]) -> GenesisValidators:
        """The same validators in another order."""
        places = list(order)
        return GenesisValidators(
            pubkeys=[self.pubkeys[place] for place in places],
            credentials=[self.credentials[place] for place in places],
            balances=[self.balances[place] for place in places],
            statuses=[self.statuses[place] for place in places],
        )


def key_sources(spec: Spec) -> tuple[KeySource, ...]:
    """Which keys are validators: those of the participants, then ``additional_mnemonics``.

    Raises:
        RequestError: credentials that make no sense.
    """
    params = spec.network_params
    own = sum(participant.validator_count for participant in spec.participants)
    prefix = int(params.withdrawal_type, 16)
    main = KeySource(
        mnemonic=params.preregistered_validator_keys_mnemonic,
        start=0,
        count=params.preregistered_validator_count or own,
        balance=params.validator_balance * GWEI_PER_ETH,
        prefix=prefix,
        address=_address(params.withdrawal_address) if prefix else b"",
    )
    return (main, *_additional_sources(params))


def _additional_sources(params: NetworkParams) -> Iterable[KeySource]:
    for entry in params.additional_mnemonics:
        prefix = int(entry.wd_prefix or "0x00", 16)
        # A prefix without an address is BLS credentials, as in eth-beacon-genesis.
        executed = prefix != BLS_PREFIX and bool(entry.wd_address)
        if executed and prefix not in (EXECUTION_PREFIX, COMPOUNDING_PREFIX):
            raise RequestError(
                f"additional_mnemonics: wd_prefix {entry.wd_prefix} is not possible at genesis.",
                hint="Use 0x00, 0x01 or 0x02.",
            )
        yield KeySource(
            mnemonic=entry.mnemonic,
            start=entry.start,
            count=entry.count,
            balance=entry.balance or DEFAULT_BALANCE,
            prefix=prefix if executed else BLS_PREFIX,
            address=_address(entry.wd_address) if executed else b"",
            status=entry.status,
            withdrawal_path="" if executed else entry.wd_key_path,
        )


def _address(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def collect_validators(
    sources: Sequence[KeySource], keys: Sequence[ValidatorKeys]
) -> GenesisValidators:
    """The validators of all sources, with their withdrawal credentials.

    Args:
        sources: as ``key_sources`` gives them.
        keys: the derived keys of each, in the same order.

    Raises:
        RequestError: a public key that is there twice (two sources overlap).
    """
    pubkeys: list[bytes] = []
    credentials: list[bytes] = []
    balances: list[int] = []
    statuses: list[int] = []
    for source, derived in zip(sources, keys, strict=True):
        if (derived.start, len(derived)) != (source.start, source.count):
            raise ValueError(f"{source!r} came with {len(derived)} keys from {derived.start}")
        pubkeys += derived.pubkey_list()
        credentials += _credentials(source, derived)
        balances += [source.balance] * source.count
        statuses += [source.status] * source.count
    if len(set(pubkeys)) != len(pubkeys):
        raise RequestError(
            "The same validator key is in the genesis twice.",
            cause="additional_mnemonics repeats keys of another mnemonic range",
            hint="Give the ranges different 'start' values.",
        )
    return GenesisValidators(pubkeys, credentials, balances, statuses)


def _credentials(source: KeySource, derived: ValidatorKeys) -> list[bytes]:
    if source.prefix != BLS_PREFIX:
        return [execution_credentials(source.prefix, source.address)] * source.count
    if source.withdrawal_path:
        return [bls_credentials(_withdrawal_key(source))] * source.count
    return [bls_credentials(key) for key in derived.withdrawal_pubkey_list()]


def _withdrawal_key(source: KeySource) -> bytes:
    """The one key that all validators of a source withdraw with."""
    from chainyard.genesis.derivation import derive_path  # noqa: PLC0415  (rarely needed)
    from chainyard.genesis.mnemonics import mnemonic_seed  # noqa: PLC0415

    try:
        secret = derive_path(mnemonic_seed(source.mnemonic), source.withdrawal_path)
    except ValueError as error:
        raise RequestError(f"additional_mnemonics: wd_key_path: {error}.") from error
    return public_key(secret)


def bls_credentials(withdrawal_pubkey: bytes) -> bytes:
    """BLS_WITHDRAWAL_PREFIX and the key's hash without its first byte."""
    return bytes([BLS_PREFIX]) + sha256(withdrawal_pubkey).digest()[1:]


def execution_credentials(prefix: int, address: bytes) -> bytes:
    """A prefix (0x01, or 0x02 for compounding), 11 zero bytes, an execution address."""
    return bytes([prefix]) + bytes(11) + address


def shuffled_blocks(validators: GenesisValidators, seed: bytes) -> GenesisValidators:
    """The validators in another order, in blocks that stay together.

    ``shuffle_genesis_validators``: blocks of n/100 validators, at least 20 and at most 100, change
    places by the swap-or-not shuffle of the consensus specification. The seed is the hash of the
    genesis fork version (the reference tool seeds its generator by that version too), so a spec
    always gives the same order.
    """
    size = min(max(len(validators) // 100, 20), 100)
    starts = range(0, len(validators), size)
    order = compute_shuffled_permutation(len(starts), sha256(seed).digest(), rounds=90)
    places = (
        place
        for block in order
        for place in range(starts[block], min(starts[block] + size, len(validators)))
    )
    return validators.reordered(places)
