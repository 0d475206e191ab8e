"""What the Beacon API answers, as values.

Numbers are ints; epochs, slots and indices count from 0, balances are in Gwei. Hashes, keys and
addresses are ``0x`` and lower-case hexadecimal. Text is safe to print. Each class names the path
it is read from (ethereum/beacon-APIs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainyard.chain.errors import ShapeError
from chainyard.chain.shape import Fields
from chainyard.chain.text import safe_bytes

FAR_FUTURE_EPOCH = 2**64 - 1
"""The epoch of what has not been scheduled (consensus-specs, phase0)."""


@dataclass(frozen=True)
class GenesisInfo:
    """``/eth/v1/beacon/genesis``. ``time``: Unix time of slot 0, seconds."""

    time: int
    validators_root: str
    fork_version: str

    @classmethod
    def read(cls, data: Fields) -> GenesisInfo:
        """Read ``data`` of the answer."""
        return cls(
            data.uint("genesis_time"),
            data.root("genesis_validators_root"),
            data.hex("genesis_fork_version", size=4),
        )


@dataclass(frozen=True)
class ChainSpec:
    """``/eth/v1/config/spec``: the consensus config and preset that the node runs with.

    ``values``: decimal strings as ints; the rest (hexadecimal, names, ``BLOB_SCHEDULE``) as given.
    """

    values: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, answer: Fields) -> ChainSpec:
        """Read the whole answer."""
        return cls({key: _number(value) for key, value in answer.document("data").items()})

    def number(self, key: str) -> int:
        """The value of ``key``, an int.

        Raises:
            ShapeError: the node does not give it, or not as a number.
        """
        return Fields(self.values, "spec").uint(key, bits=256)

    @property
    def slot_ms(self) -> int:
        """Length of a slot, milliseconds."""
        if "SLOT_DURATION_MS" in self.values:
            return self.number("SLOT_DURATION_MS")
        return self.number("SECONDS_PER_SLOT") * 1000

    @property
    def slots_per_epoch(self) -> int:
        """Slots in an epoch."""
        return self.number("SLOTS_PER_EPOCH")


@dataclass(frozen=True)
class Header:
    """``/eth/v1/beacon/headers/{block_id}``: a block's header and its root.

    ``execution_optimistic``: its payload has not been checked by the execution client yet.
    """

    root: str
    slot: int
    proposer_index: int
    parent_root: str
    state_root: str
    body_root: str
    canonical: bool
    execution_optimistic: bool = False
    finalized: bool = False

    @classmethod
    def read(cls, answer: Fields) -> Header:
        """Read the whole answer."""
        return cls.of(answer.object("data"), answer)

    @classmethod
    def of(cls, data: Fields, answer: Fields) -> Header:
        """Read one header, and what the whole answer says of it."""
        message = data.object("header").object("message")
        return cls(
            root=data.root("root"),
            slot=message.uint("slot"),
            proposer_index=message.uint("proposer_index"),
            parent_root=message.root("parent_root"),
            state_root=message.root("state_root"),
            body_root=message.root("body_root"),
            canonical=data.flag("canonical"),
            execution_optimistic=answer.flag("execution_optimistic", default=False),
            finalized=answer.flag("finalized", default=False),
        )


@dataclass(frozen=True)
class SignedBlock:
    """``/eth/v2/beacon/blocks/{block_id}``: a signed beacon block with its payload.

    Args:
        version: its fork: ``electra``, …
        data: the block as JSON: ``{"message": …, "signature": …}``.
        graffiti: what the proposer wrote, safe to print.
        block_number: of the execution block in it; None in a block that carries no payload.
        block_hash: of the execution block in it; None likewise.
    """

    version: str
    slot: int
    proposer_index: int
    parent_root: str
    state_root: str
    graffiti: str
    block_number: int | None
    block_hash: str | None
    data: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, version: str, data: object) -> SignedBlock:
        """The block in ``data``, from a node or a journal.

        Raises:
            ShapeError: it is not a signed beacon block.
        """
        return cls.read(Fields({"version": version, "data": data}, "block"))

    @classmethod
    def read(cls, answer: Fields) -> SignedBlock:
        """Read the whole answer."""
        signed = answer.object("data")
        signed.hex("signature", size=96)
        message = signed.object("message")
        body = message.object("body")
        payload = body.optional("execution_payload", body.object)
        return cls(
            version=answer.word("version"),
            slot=message.uint("slot"),
            proposer_index=message.uint("proposer_index"),
            parent_root=message.root("parent_root"),
            state_root=message.root("state_root"),
            graffiti=safe_bytes(bytes.fromhex(body.root("graffiti")[2:])),
            block_number=payload.uint("block_number") if payload else None,
            block_hash=payload.root("block_hash") if payload else None,
            data=answer.document("data"),
        )


@dataclass(frozen=True)
class RawBlock:
    """``/eth/v2/beacon/blocks/{block_id}`` as SSZ: the bytes of a ``SignedBeaconBlock``."""

    version: str
    ssz: bytes = field(repr=False)


@dataclass(frozen=True)
class Checkpoint:
    """An epoch and the root of the block at its beginning."""

    epoch: int
    root: str

    @classmethod
    def read(cls, data: Fields) -> Checkpoint:
        """Read a checkpoint."""
        return cls(data.uint("epoch"), data.root("root"))


@dataclass(frozen=True)
class FinalityCheckpoints:
    """``/eth/v1/beacon/states/{state_id}/finality_checkpoints``."""

    previous_justified: Checkpoint
    current_justified: Checkpoint
    finalized: Checkpoint

    @classmethod
    def read(cls, data: Fields) -> FinalityCheckpoints:
        """Read ``data`` of the answer."""
        names = ("previous_justified", "current_justified", "finalized")
        return cls(*(Checkpoint.read(data.object(name)) for name in names))


@dataclass(frozen=True)
class Validator:
    """``/eth/v1/beacon/states/{state_id}/validators``. Balances in Gwei.

    Epochs of what is not scheduled are `FAR_FUTURE_EPOCH`. ``status``: ``active_ongoing``, ….
    """

    index: int
    balance: int
    status: str
    pubkey: str
    withdrawal_credentials: str
    effective_balance: int
    slashed: bool
    activation_eligibility_epoch: int
    activation_epoch: int
    exit_epoch: int
    withdrawable_epoch: int

    @classmethod
    def read(cls, data: Fields) -> Validator:
        """Read one validator."""
        record = data.object("validator")
        return cls(
            index=data.uint("index"),
            balance=data.uint("balance"),
            status=data.text("status"),
            pubkey=record.hex("pubkey", size=48),
            withdrawal_credentials=record.root("withdrawal_credentials"),
            effective_balance=record.uint("effective_balance"),
            slashed=record.flag("slashed"),
            activation_eligibility_epoch=record.uint("activation_eligibility_epoch"),
            activation_epoch=record.uint("activation_epoch"),
            exit_epoch=record.uint("exit_epoch"),
            withdrawable_epoch=record.uint("withdrawable_epoch"),
        )


@dataclass(frozen=True)
class ProposerDuty:
    """``/eth/v1/validator/duties/proposer/{epoch}``: who proposes at ``slot``."""

    slot: int
    validator_index: int
    pubkey: str

    @classmethod
    def read(cls, data: Fields) -> ProposerDuty:
        """Read one duty."""
        return cls(data.uint("slot"), data.uint("validator_index"), data.hex("pubkey", size=48))


@dataclass(frozen=True)
class Fork:
    """``/eth/v1/beacon/states/{state_id}/fork``. ``epoch``: of the current version."""

    previous_version: str
    current_version: str
    epoch: int

    @classmethod
    def read(cls, data: Fields) -> Fork:
        """Read ``data`` of the answer."""
        return cls(
            data.hex("previous_version", size=4),
            data.hex("current_version", size=4),
            data.uint("epoch"),
        )


@dataclass(frozen=True)
class BlobSidecar:
    """``/eth/v1/beacon/blob_sidecars/{block_id}`` (Deneb and Electra). ``blob``: 128 KiB as hex."""

    index: int
    kzg_commitment: str
    kzg_proof: str
    blob: str = field(repr=False)

    @classmethod
    def read(cls, data: Fields) -> BlobSidecar:
        """Read one sidecar."""
        return cls(
            data.uint("index"),
            data.hex("kzg_commitment", size=48),
            data.hex("kzg_proof", size=48),
            data.hex("blob", size=131072),
        )


def read_balance(data: Fields) -> tuple[int, int]:
    """One validator's index and balance in Gwei (``…/validator_balances``)."""
    return data.uint("index"), data.uint("balance")


def _number(value: object) -> object:
    try:
        return Fields({"value": value}).uint("value", bits=256)
    except ShapeError:
        return value
