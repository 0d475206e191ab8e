"""What the Engine API answers and takes, as values (ethereum/execution-apis, engine)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from chainyard.chain.errors import ShapeError
from chainyard.chain.shape import Fields

ZERO_HASH = "0x" + "0" * 64
"""Safe or finalized block, where there is none yet."""


class Status(Enum):
    """What an execution client thinks of a payload (``PayloadStatusV1``)."""

    VALID = "VALID"
    INVALID = "INVALID"
    SYNCING = "SYNCING"
    ACCEPTED = "ACCEPTED"
    INVALID_BLOCK_HASH = "INVALID_BLOCK_HASH"


@dataclass(frozen=True)
class PayloadStatus:
    """``PayloadStatusV1``. ``latest_valid_hash``: of the newest valid ancestor, if it is known."""

    status: Status
    latest_valid_hash: str | None
    validation_error: str

    @classmethod
    def read(cls, fields: Fields) -> PayloadStatus:
        """Read a status."""
        name = fields.text("status", limit=30)
        if name not in Status.__members__:
            raise ShapeError(f"an unknown payload status {name!r}")
        error = fields.optional("validationError", lambda key: fields.text(key, limit=500))
        return cls(Status[name], fields.optional("latestValidHash", fields.root), error or "")


@dataclass(frozen=True)
class ForkchoiceResult:
    """Answer to ``engine_forkchoiceUpdated``. ``payload_id``: of the block that it now builds."""

    status: PayloadStatus
    payload_id: str | None

    @classmethod
    def read(cls, fields: Fields) -> ForkchoiceResult:
        """Read an answer."""
        return cls(
            PayloadStatus.read(fields.object("payloadStatus")),
            fields.optional("payloadId", lambda key: fields.hex(key, size=8)),
        )


@dataclass(frozen=True)
class Withdrawal:
    """``WithdrawalV1``. ``amount`` in Gwei."""

    index: int
    validator_index: int
    address: str
    amount: int

    @classmethod
    def read(cls, fields: Fields) -> Withdrawal:
        """Read a withdrawal."""
        return cls(
            fields.quantity("index"),
            fields.quantity("validatorIndex"),
            fields.hex("address", size=20),
            fields.quantity("amount"),
        )

    def to_json(self) -> dict[str, str]:
        """As the Engine API takes it."""
        return {
            "index": hex(self.index),
            "validatorIndex": hex(self.validator_index),
            "address": self.address,
            "amount": hex(self.amount),
        }


@dataclass(frozen=True)
class PayloadAttributes:
    """``PayloadAttributesV1`` … ``V3``: what a block to be built shall have.

    ``timestamp``: Unix seconds. ``withdrawals`` from Capella on, ``parent_beacon_block_root`` from
    Deneb on.
    """

    timestamp: int
    prev_randao: str
    fee_recipient: str
    withdrawals: tuple[Withdrawal, ...] = ()
    parent_beacon_block_root: str = ZERO_HASH

    def to_json(self, version: int) -> dict[str, Any]:
        """As ``engine_forkchoiceUpdated`` of that version takes it."""
        result: dict[str, Any] = {
            "timestamp": hex(self.timestamp),
            "prevRandao": self.prev_randao,
            "suggestedFeeRecipient": self.fee_recipient,
        }
        if version >= 2:
            result["withdrawals"] = [one.to_json() for one in self.withdrawals]
        if version >= 3:
            result["parentBeaconBlockRoot"] = self.parent_beacon_block_root
        return result


@dataclass(frozen=True)
class PayloadBody:
    """``ExecutionPayloadBodyV1``. ``withdrawals``: None before Capella."""

    transactions: tuple[str, ...]
    withdrawals: tuple[Withdrawal, ...] | None

    @classmethod
    def read(cls, fields: Fields) -> PayloadBody:
        """Read a body."""
        withdrawals = fields.optional("withdrawals", lambda key: fields.each(key, Withdrawal.read))
        return cls(fields.hexes("transactions"), withdrawals)
