"""Answers in the words of the APIs' specifications, with numbers that tell fields apart."""

from __future__ import annotations

from typing import Any

ADDRESS = "0x8943545177806ed17b9f23f0a21ee5948ecaa776"


def root(byte: int) -> str:
    return "0x" + f"{byte:02x}" * 32


def header(slot: int) -> dict[str, Any]:
    message = {
        "slot": str(slot),
        "proposer_index": "7",
        "parent_root": root(2),
        "state_root": root(3),
        "body_root": root(4),
    }
    signed = {"message": message, "signature": "0x" + "55" * 96}
    return {
        "execution_optimistic": True,
        "finalized": False,
        "data": {"root": root(1), "canonical": True, "header": signed},
    }


def payload(number: int) -> dict[str, Any]:
    withdrawal = {"index": "10", "validator_index": "11", "address": ADDRESS, "amount": "12"}
    return {
        "parent_hash": root(0x11),
        "fee_recipient": ADDRESS,
        "state_root": root(0x12),
        "receipts_root": root(0x13),
        "logs_bloom": "0x" + "00" * 256,
        "prev_randao": root(0x14),
        "block_number": str(number),
        "gas_limit": "30000000",
        "gas_used": "21000",
        "timestamp": "1700000000",
        "extra_data": "0xd883",
        "base_fee_per_gas": str(2**70),
        "block_hash": root(0x15),
        "transactions": ["0x02f8"],
        "withdrawals": [withdrawal],
        "blob_gas_used": "131072",
        "excess_blob_gas": "0",
    }


def requests() -> dict[str, Any]:
    return {
        "deposits": [
            {
                "pubkey": "0x" + "a1" * 48,
                "withdrawal_credentials": root(0xA2),
                "amount": "32000000000",
                "signature": "0x" + "a3" * 96,
                "index": "5",
            }
        ],
        "withdrawals": [],
        "consolidations": [
            {
                "source_address": ADDRESS,
                "source_pubkey": "0x" + "b1" * 48,
                "target_pubkey": "0x" + "b2" * 48,
            }
        ],
    }


def signed_block(slot: int, number: int = 9, graffiti: bytes = b"hi") -> dict[str, Any]:
    body = {
        "graffiti": "0x" + graffiti.ljust(32, b"\0").hex(),
        "execution_payload": payload(number),
        "blob_kzg_commitments": ["0x" + "c0" * 48],
        "execution_requests": requests(),
    }
    message = {
        "slot": str(slot),
        "proposer_index": "7",
        "parent_root": root(2),
        "state_root": root(3),
        "body": body,
    }
    return {"message": message, "signature": "0x" + "55" * 96}


def block_answer(slot: int, version: str = "electra", **how: Any) -> dict[str, Any]:
    return {"version": version, "data": signed_block(slot, **how)}


def checkpoints(justified: int, finalized: int) -> dict[str, Any]:
    return {
        "data": {
            "previous_justified": {"epoch": str(max(justified - 1, 0)), "root": root(1)},
            "current_justified": {"epoch": str(justified), "root": root(2)},
            "finalized": {"epoch": str(finalized), "root": root(3)},
        }
    }


def validator(index: int, balance: int = 32 * 10**9) -> dict[str, Any]:
    record = {
        "pubkey": "0x" + f"{index:02x}" * 48,
        "withdrawal_credentials": root(9),
        "effective_balance": "32000000000",
        "slashed": False,
        "activation_eligibility_epoch": "0",
        "activation_epoch": "1",
        "exit_epoch": str(2**64 - 1),
        "withdrawable_epoch": str(2**64 - 1),
    }
    return {
        "index": str(index),
        "balance": str(balance),
        "status": "active_ongoing",
        "validator": record,
    }


def execution_block(number: int, *, full: bool = False) -> dict[str, Any]:
    return {
        "number": hex(number),
        "hash": root(0x21),
        "parentHash": root(0x22),
        "stateRoot": root(0x23),
        "timestamp": "0x6553f100",
        "miner": "0x8943545177806ED17B9F23F0a21ee5948eCaa776",
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x5208",
        "baseFeePerGas": "0x7",
        "blobGasUsed": "0x0",
        "transactions": [transaction()] if full else [root(0x24)],
    }


def transaction() -> dict[str, Any]:
    return {
        "hash": root(0x24),
        "from": ADDRESS,
        "to": None,
        "nonce": "0x1",
        "value": "0xde0b6b3a7640000",
        "type": "0x2",
    }


def receipt(*, status: str = "0x1") -> dict[str, Any]:
    return {
        "transactionHash": root(0x24),
        "transactionIndex": "0x0",
        "blockHash": root(0x21),
        "blockNumber": "0x9",
        "status": status,
        "gasUsed": "0x5208",
        "effectiveGasPrice": "0x3b9aca07",
        "from": ADDRESS,
        "to": ADDRESS,
        "contractAddress": None,
        "logs": [],
    }
