"""The validator registry of a genesis state, serialized and hashed.

A registry of 100,000 takes no object per validator: all but the key and the credentials is shared
by every validator of the same kind, so it is made once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import NamedTuple

from chainyard.errors import RequestError
from chainyard.genesis.forks import FAR_FUTURE_EPOCH, since
from chainyard.genesis.merkle import merkleize_nodes, mix_in_length
from chainyard.genesis.presets import Preset
from chainyard.genesis.ssz import Encoded
from chainyard.genesis.validators import ACTIVE, COMPOUNDING_PREFIX, SLASHED, GenesisValidators

GENESIS_EPOCH = 0
_PUBKEY_PADDING = bytes(16)


class Registry(NamedTuple):
    """The registry's part of a genesis state. Balances are in gwei."""

    validators: Encoded
    balances: Sequence[int]
    effective_balances: Sequence[int]
    active: Sequence[int]
    pubkeys: Sequence[bytes]


class _Kind(NamedTuple):
    """What validators of one kind have in common."""

    effective_balance: int
    active: bool
    tail: bytes  # the serialized fields after the credentials
    balance_node: bytes  # over effective_balance and slashed
    epochs_node: bytes  # over the four epochs


def make_registry(validators: GenesisValidators, fork: str, preset: Preset) -> Registry:
    """Serialize and hash the validators as they are at genesis.

    Effective balances are rounded down to the increment and capped; those that reach the
    activation balance are active from epoch 0 (initialize_beacon_state_from_eth1).

    Raises:
        RequestError: none of them is active, so the chain could never produce a block.
    """

    @cache
    def kind(prefix: int, balance: int, status: int) -> _Kind:
        return _kind(prefix, balance, status, fork, preset)

    kinds = [
        kind(credentials[0], balance, status)
        for credentials, balance, status in zip(
            validators.credentials, validators.balances, validators.statuses, strict=True
        )
    ]
    active = [index for index, of in enumerate(kinds) if of.active]
    if not active:
        raise RequestError(
            "No validator is active at genesis, so no block could ever be proposed.",
            cause="there are no validator keys, or validator_balance is below 32 ETH",
        )
    rows = list(zip(validators.pubkeys, validators.credentials, kinds, strict=True))
    data = b"".join([b"".join((pubkey, creds, of.tail)) for pubkey, creds, of in rows])
    limit = preset.VALIDATOR_REGISTRY_LIMIT
    root = merkleize_nodes(_roots(rows), (limit - 1).bit_length())
    return Registry(
        validators=Encoded(data, mix_in_length(root, len(rows))),
        balances=validators.balances,
        effective_balances=[of.effective_balance for of in kinds],
        active=active,
        pubkeys=validators.pubkeys,
    )


def _roots(rows: Sequence[tuple[bytes, bytes, _Kind]]) -> list[bytes]:
    """hash_tree_root of each Validator: eight leaves, five of the seven hashes shared."""
    hash_, padding = sha256, _PUBKEY_PADDING
    return [
        hash_(
            hash_(
                hash_(hash_(pubkey + padding).digest() + creds).digest() + of.balance_node
            ).digest()
            + of.epochs_node
        ).digest()
        for pubkey, creds, of in rows
    ]


def _kind(prefix: int, balance: int, status: int, fork: str, preset: Preset) -> _Kind:
    effective, active = _effective_balance(prefix, balance, fork, preset)
    eligibility = activation = GENESIS_EPOCH if active else FAR_FUTURE_EPOCH
    gone = status != ACTIVE
    exit_ = withdrawable = GENESIS_EPOCH if gone else FAR_FUTURE_EPOCH
    numbers = [
        value.to_bytes(8, "little")
        for value in (effective, eligibility, activation, exit_, withdrawable)
    ]
    slashed = b"\1" if status == SLASHED else b"\0"
    leaves = [number.ljust(32, b"\0") for number in numbers]
    return _Kind(
        effective_balance=effective,
        active=active and not gone,
        tail=numbers[0] + slashed + b"".join(numbers[1:]),
        balance_node=sha256(leaves[0] + slashed.ljust(32, b"\0")).digest(),
        epochs_node=sha256(
            sha256(leaves[1] + leaves[2]).digest() + sha256(leaves[3] + leaves[4]).digest()
        ).digest(),
    )


def _effective_balance(prefix: int, balance: int, fork: str, preset: Preset) -> tuple[int, bool]:
    """The effective balance in gwei, and whether it suffices for activation.

    Before Electra exactly MAX_EFFECTIVE_BALANCE is needed; since then MIN_ACTIVATION_BALANCE, and
    compounding validators (0x02) may have up to MAX_EFFECTIVE_BALANCE_ELECTRA (EIP-7251).
    """
    rounded = balance - balance % preset.EFFECTIVE_BALANCE_INCREMENT
    if not since(fork, "electra"):
        effective = min(rounded, preset.MAX_EFFECTIVE_BALANCE)
        return effective, effective == preset.MAX_EFFECTIVE_BALANCE
    compounding = prefix == COMPOUNDING_PREFIX
    cap = preset.MAX_EFFECTIVE_BALANCE_ELECTRA if compounding else preset.MIN_ACTIVATION_BALANCE
    effective = min(rounded, cap)
    return effective, effective >= preset.MIN_ACTIVATION_BALANCE
