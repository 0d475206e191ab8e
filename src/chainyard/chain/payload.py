"""From a signed beacon block to the parameters of ``engine_newPayload``. Pure.

The Beacon API and the Engine API write one and the same payload in two ways: decimal strings and
snake_case here, ``0x`` quantities and camelCase there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainyard.chain.beacon_types import SignedBlock
from chainyard.chain.shape import Fields
from chainyard.errors import RequestError

NEW_PAYLOAD = {"bellatrix": 1, "capella": 2, "deneb": 3, "electra": 4, "fulu": 4}
"""Version of ``engine_newPayload`` by the block's fork (execution-apis, engine)."""

FORKCHOICE_UPDATED = {"bellatrix": 1, "capella": 2, "deneb": 3, "electra": 3, "fulu": 3}
"""Version of ``engine_forkchoiceUpdated`` by the head's fork."""

_VERSIONED_HASH_VERSION_KZG = b"\x01"  # EIP-4844


@dataclass(frozen=True)
class NewPayload:
    """A call of ``engine_newPayload``: its version and its parameters."""

    version: int
    params: tuple[Any, ...]

    @property
    def method(self) -> str:
        """The method's name."""
        return f"engine_newPayloadV{self.version}"


def new_payload(block: SignedBlock) -> NewPayload:
    """The call that hands the payload of ``block`` to an execution client.

    Raises:
        ShapeError: the block lacks what its fork should have.
        RequestError: its fork has no payload, or one that is not known.
    """
    version = version_for(block.version, NEW_PAYLOAD)
    body = Fields(block.data, "block").object("message").object("body")
    params: list[Any] = [execution_payload(body.object("execution_payload"), version)]
    if version >= 3:
        params += [versioned_hashes(body), block.parent_root]
    if version >= 4:
        params.append(execution_requests(body.object("execution_requests")))
    return NewPayload(version, tuple(params))


def version_for(fork: str, versions: dict[str, int]) -> int:
    """The version of a method for ``fork``.

    Raises:
        RequestError: there is none.
    """
    if fork not in versions:
        raise RequestError(
            f"the Engine API of fork {fork!r} is not known",
            hint=f"known are {', '.join(versions)}",
        )
    return versions[fork]


def execution_payload(payload: Fields, version: int) -> dict[str, Any]:
    """``ExecutionPayloadV1`` … ``V3`` of a Beacon API ``execution_payload``."""
    result: dict[str, Any] = {
        "parentHash": payload.root("parent_hash"),
        "feeRecipient": payload.hex("fee_recipient", size=20),
        "stateRoot": payload.root("state_root"),
        "receiptsRoot": payload.root("receipts_root"),
        "logsBloom": payload.hex("logs_bloom", size=256),
        "prevRandao": payload.root("prev_randao"),
        "blockNumber": hex(payload.uint("block_number")),
        "gasLimit": hex(payload.uint("gas_limit")),
        "gasUsed": hex(payload.uint("gas_used")),
        "timestamp": hex(payload.uint("timestamp")),
        "extraData": payload.hex("extra_data"),
        "baseFeePerGas": hex(payload.uint("base_fee_per_gas", bits=256)),
        "blockHash": payload.root("block_hash"),
        "transactions": list(payload.hexes("transactions")),
    }
    if version >= 2:
        result["withdrawals"] = list(payload.each("withdrawals", _withdrawal))
    if version >= 3:
        result["blobGasUsed"] = hex(payload.uint("blob_gas_used"))
        result["excessBlobGas"] = hex(payload.uint("excess_blob_gas"))
    return result


def _withdrawal(withdrawal: Fields) -> dict[str, str]:
    return {
        "index": hex(withdrawal.uint("index")),
        "validatorIndex": hex(withdrawal.uint("validator_index")),
        "address": withdrawal.hex("address", size=20),
        "amount": hex(withdrawal.uint("amount")),
    }


def versioned_hashes(body: Fields) -> list[str]:
    """``kzg_commitment_to_versioned_hash`` of each blob (consensus-specs, deneb)."""
    commitments = body.hexes("blob_kzg_commitments", size=48)
    digests = (hashlib.sha256(bytes.fromhex(one[2:])).digest() for one in commitments)
    return ["0x" + (_VERSIONED_HASH_VERSION_KZG + digest[1:]).hex() for digest in digests]


def execution_requests(requests: Fields) -> list[str]:
    """``get_execution_requests_list`` (consensus-specs, electra; EIP-7685): lists as SSZ.

    One item for each type that has requests: the type's byte, then the requests' SSZ.
    """
    kinds: tuple[tuple[str, Callable[[Fields], bytes]], ...] = (
        ("deposits", _deposit),
        ("withdrawals", _withdrawal_request),
        ("consolidations", _consolidation),
    )
    lists = (b"".join(requests.each(name, encode)) for name, encode in kinds)
    return ["0x" + bytes([kind]).hex() + data.hex() for kind, data in enumerate(lists) if data]


def _deposit(one: Fields) -> bytes:
    return (
        _bytes(one, "pubkey", 48)
        + _bytes(one, "withdrawal_credentials", 32)
        + _uint64(one, "amount")
        + _bytes(one, "signature", 96)
        + _uint64(one, "index")
    )


def _withdrawal_request(one: Fields) -> bytes:
    return (
        _bytes(one, "source_address", 20)
        + _bytes(one, "validator_pubkey", 48)
        + _uint64(one, "amount")
    )


def _consolidation(one: Fields) -> bytes:
    return (
        _bytes(one, "source_address", 20)
        + _bytes(one, "source_pubkey", 48)
        + _bytes(one, "target_pubkey", 48)
    )


def _bytes(fields: Fields, key: str, size: int) -> bytes:
    return bytes.fromhex(fields.hex(key, size=size)[2:])


def _uint64(fields: Fields, key: str) -> bytes:
    return fields.uint(key).to_bytes(8, "little")
