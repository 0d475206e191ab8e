"""Clients that can lose blocks, in the words of their APIs."""

from __future__ import annotations

from typing import Any

from tests.chain import samples
from tests.chain.standin import Reply, Seen, StandIn, as_json
from tests.journal.chains import block_hash, root, signed

SECRET = bytes(range(32))


class FakeExecution(StandIn):
    """An execution client with blocks 0 to ``head``; it executes children of what it has.

    Args:
        head: number of its head.
        remembered: higher blocks that it knows by their hash but has no state for: it calls their
            payloads VALID and executes none, as geth does that was killed before it wrote a state.
    """

    def __init__(self, head: int, remembered: int = 0) -> None:
        super().__init__()
        self.secret = None
        self.head = head
        self.hashes = {number: block_hash(number) for number in range(head + 1)}
        self.remembered = {block_hash(number) for number in range(1, remembered + 1)}
        self.executed: list[int] = []
        self.heads: list[str] = []
        self.verdict: dict[int, str] = {}
        self.methods |= {
            "eth_blockNumber": lambda: hex(self.head),
            "eth_getBlockByNumber": self._by_number,
            "eth_getBlockByHash": self._by_hash,
            "engine_newPayloadV4": self._new_payload,
            "engine_forkchoiceUpdatedV3": self._forkchoice,
        }

    def wipe(self) -> None:
        self.head, self.hashes, self.remembered = 0, {0: block_hash(0)}, set()

    def _by_number(self, number: str, _full: bool) -> Any:
        at = int(number, 16)
        if at > self.head:
            return None
        return samples.execution_block(at) | {"hash": self.hashes[at]}

    def _by_hash(self, wanted: str, _full: bool) -> Any:
        known = {value: key for key, value in self.hashes.items()}
        if wanted in known:
            return samples.execution_block(known[wanted]) | {"hash": wanted}
        return samples.execution_block(1) | {"hash": wanted} if wanted in self.remembered else None

    def _new_payload(self, payload: dict[str, Any], *_: Any) -> Any:
        number, its_hash = int(payload["blockNumber"], 16), payload["blockHash"]
        if verdict := self.verdict.get(number):
            return _status(verdict)
        if its_hash in self.remembered:
            return _status("VALID")
        if payload["parentHash"] not in self.hashes.values():
            return _status("SYNCING")
        self.executed.append(number)
        self.hashes[number] = its_hash
        return _status("VALID")

    def _forkchoice(self, state: dict[str, Any], _attributes: Any) -> Any:
        head = state["headBlockHash"]
        self.heads.append(head)
        found = [number for number, value in self.hashes.items() if value == head]
        if found:
            self.head = found[0]
        verdict = _status("VALID" if found else "SYNCING")
        return {"payloadStatus": verdict, "payloadId": None}


def _status(name: str) -> dict[str, Any]:
    return {"status": name, "latestValidHash": None, "validationError": None}


class FakeBeacon(StandIn):
    """A beacon node with a chain up to slot ``head``, that imports children of what it has."""

    def __init__(self, head: int, *, finalized: int = 0, fork_choice: bool = True) -> None:
        super().__init__()
        self.slots = dict.fromkeys(range(1, head + 1), 0)
        self.imported: list[int] = []
        self.finalized = finalized
        self.loading = 0
        self.refuses: set[int] = set()
        self.busy = 0
        self.answers["/eth/v1/beacon/headers/head"] = lambda _: as_json(self._header(self.head))
        self.answers["/eth/v1/beacon/states/head/finality_checkpoints"] = self._checkpoints
        self.answers["/eth/v2/beacon/blocks/head"] = lambda _: as_json(self._block(self.head))
        self.answers["/eth/v2/beacon/blocks"] = self._import
        if fork_choice:
            self.answers["/eth/v1/debug/fork_choice"] = lambda _: as_json(self._fork_choice())
        for slot in self.slots:
            self._serve(slot)

    @property
    def head(self) -> int:
        return max(self.slots, default=0)

    def _serve(self, slot: int) -> None:
        self.answers[f"/eth/v2/beacon/blocks/{root(slot)}"] = self._block(slot)
        self.answers[f"/eth/v1/beacon/headers/{root(slot)}"] = self._header(slot)

    def _header(self, slot: int) -> Any:
        value = samples.header(slot)
        value["data"]["root"] = root(slot)
        return value

    def _block(self, slot: int) -> Any:
        return {"version": "electra", "data": signed(slot, slot - 1)}

    def _fork_choice(self) -> Any:
        return {"fork_choice_nodes": [{"block_root": root(slot)} for slot in self.slots]}

    def _checkpoints(self, _: Seen) -> Reply:
        if self.loading:
            self.loading -= 1
            return as_json({"code": 500, "message": "nil head"}, status=500)
        return as_json(samples.checkpoints(self.finalized, self.finalized))

    def _import(self, seen: Seen) -> Reply:
        slot = int(seen.json["signed_block"]["message"]["slot"])
        if self.busy:
            self.busy -= 1
            return as_json({"code": 503, "message": "syncing"}, status=503)
        if slot in self.refuses or (slot > 1 and slot - 1 not in self.slots):
            return as_json({"code": 400, "message": "unknown parent"}, status=400)
        self.slots[slot] = 0
        self.imported.append(slot)
        self._serve(slot)
        return as_json({})
