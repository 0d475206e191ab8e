"""Client of a consensus client's Beacon API (ethereum/beacon-APIs)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Self, TypeVar
from urllib.parse import quote

from chainyard.chain.beacon_types import (
    BlobSidecar,
    ChainSpec,
    FinalityCheckpoints,
    Fork,
    GenesisInfo,
    Header,
    ProposerDuty,
    RawBlock,
    SignedBlock,
    Validator,
    read_balance,
)
from chainyard.chain.errors import ApiError, ShapeError
from chainyard.chain.events import SILENCE, follow
from chainyard.chain.http import LARGE, Http
from chainyard.chain.node_types import Event, Health, Identity, Peer, PeerCount, Syncing
from chainyard.chain.rest import SSZ, Rest
from chainyard.chain.shape import Fields, is_word

T = TypeVar("T")

BlockId = int | str
"""A slot, a block's root, ``head``, ``genesis`` or ``finalized``."""

StateId = int | str
"""A slot, a state's root, ``head``, ``genesis``, ``finalized`` or ``justified``."""

_WITHOUT_BLOBS = frozenset({"phase0", "altair", "bellatrix", "capella"})


class Beacon:
    """A beacon node. Every method raises `ApiError` when the node does not answer as it should.

    Args:
        url: ``http://host:port`` of its Beacon API.
        timeout: seconds that one request may take.

    Raises:
        RequestError: ``url`` is not an HTTP address.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        self._http = Http(url, timeout=timeout)
        self._rest = Rest(self._http)

    def __repr__(self) -> str:
        return f"Beacon({self._http.origin!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # What the chain is

    async def genesis(self) -> GenesisInfo | None:
        """The genesis; None as long as the node does not know it."""
        return await self._rest.find("/eth/v1/beacon/genesis", _data(GenesisInfo.read))

    async def spec(self) -> ChainSpec:
        """The consensus config that the node runs with."""
        return await self._rest.get("/eth/v1/config/spec", ChainSpec.read)

    async def fork(self, state_id: StateId = "head") -> Fork | None:
        """The fork of a state; None if there is no such state."""
        return await self._rest.find(_state(state_id, "fork"), _data(Fork.read))

    # Blocks and states

    async def head(self) -> Header:
        """The header of the head."""
        return await self._rest.get("/eth/v1/beacon/headers/head", Header.read)

    async def header(self, block_id: BlockId) -> Header | None:
        """A block's header; None if there is no such block (a skipped slot, say)."""
        return await self._rest.find(f"/eth/v1/beacon/headers/{_id(block_id)}", Header.read)

    async def headers(self, slot: int | None = None) -> tuple[Header, ...]:
        """All headers known at ``slot``, forks included; the heads of all chains without it."""
        params = {} if slot is None else {"slot": str(slot)}
        found = await self._rest.find("/eth/v1/beacon/headers", _headers, params=params)
        return found or ()

    async def block(self, block_id: BlockId) -> SignedBlock | None:
        """A signed block with its payload, as JSON; None if there is no such block."""
        return await self._rest.find(_block(block_id), SignedBlock.read, limit=LARGE)

    async def block_ssz(self, block_id: BlockId) -> RawBlock | None:
        """A signed block as SSZ; None if there is no such block."""
        path = _block(block_id)
        answer = await self._rest.ask(path, limit=LARGE, accept=SSZ)
        if answer is None:
            return None
        version = answer.headers.get("eth-consensus-version", "")
        if not answer.headers.get("content-type", "").startswith(SSZ) or not is_word(version):
            raise self._http.error("no SSZ, or not of which fork", f"GET {path} as SSZ")
        return RawBlock(version, answer.body)

    async def state_root(self, state_id: StateId = "head") -> str | None:
        """``hash_tree_root`` of a state; None if there is no such state."""
        return await self._rest.find(
            _state(state_id, "root"), _data(lambda data: data.root("root"))
        )

    async def finality_checkpoints(self, state_id: StateId = "head") -> FinalityCheckpoints | None:
        """What is justified and finalized; None if there is no such state."""
        path = _state(state_id, "finality_checkpoints")
        return await self._rest.find(path, _data(FinalityCheckpoints.read))

    async def fork_choice_roots(self) -> frozenset[str] | None:
        """Roots of all blocks that the node can build on (``/eth/v1/debug/fork_choice``).

        A block may be on the node's disk and not among them. None if the node does not tell.
        """
        path = "/eth/v1/debug/fork_choice"
        try:
            return await self._rest.get(path, _fork_choice_roots, limit=LARGE)
        except (ApiError, ShapeError) as error:
            if isinstance(error, ApiError) and error.temporary:
                raise
            return None

    async def blob_sidecars(self, block_id: BlockId = "head") -> tuple[BlobSidecar, ...] | None:
        """A block's blobs (Deneb and Electra); None if there is no such block."""
        path = f"/eth/v1/beacon/blob_sidecars/{_id(block_id)}"
        return await self._rest.find(path, _each(BlobSidecar.read), limit=LARGE)

    # Validators

    async def validators(
        self,
        state_id: StateId = "head",
        *,
        ids: Sequence[int | str] = (),
        statuses: Sequence[str] = (),
    ) -> tuple[Validator, ...] | None:
        """Validators of a state; None if there is no such state.

        Args:
            ids: indices or public keys; all without it.
            statuses: as ``active`` or ``active_ongoing``; all without it.
        """
        wanted = {"ids": [str(one) for one in ids], "statuses": list(statuses)}
        body = {key: value for key, value in wanted.items() if value}
        path = _state(state_id, "validators")
        return await self._rest.find(path, _each(Validator.read), limit=LARGE, body=body or None)

    async def validator_balances(
        self, state_id: StateId = "head", *, ids: Sequence[int | str] = ()
    ) -> dict[int, int] | None:
        """Balances in Gwei by validator index; None if there is no such state."""
        path = _state(state_id, "validator_balances")
        body = [str(one) for one in ids] if ids else None
        found = await self._rest.find(path, _each(read_balance), limit=LARGE, body=body)
        return None if found is None else dict(found)

    async def proposer_duties(self, epoch: int) -> tuple[ProposerDuty, ...]:
        """Who proposes in ``epoch``: the current one, or the next."""
        path = f"/eth/v1/validator/duties/proposer/{_id(epoch)}"
        return await self._rest.get(path, _each(ProposerDuty.read))

    # The node

    async def syncing(self) -> Syncing:
        """How far the node is behind."""
        return await self._rest.get("/eth/v1/node/syncing", _data(Syncing.read))

    async def health(self) -> Health:
        """Whether the node is ready, syncing, or not initialized yet."""
        path = "/eth/v1/node/health"
        answer = await self._http.request("GET", path, asked=f"GET {path}")
        try:
            return Health(answer.status)
        except ValueError:
            raise self._http.refused(answer, f"GET {path}") from None

    async def version(self) -> str:
        """The node's name and version, e.g. ``Prysm/v7.1.2 (linux amd64)``."""
        return await self._rest.get(
            "/eth/v1/node/version", _data(lambda data: data.text("version"))
        )

    async def identity(self) -> Identity:
        """The node's peer id and addresses."""
        return await self._rest.get("/eth/v1/node/identity", _data(Identity.read))

    async def peers(self) -> tuple[Peer, ...]:
        """All peers that the node knows."""
        return await self._rest.get("/eth/v1/node/peers", _each(Peer.read), limit=LARGE)

    async def peer_count(self) -> PeerCount:
        """How many peers there are, by state."""
        return await self._rest.get("/eth/v1/node/peer_count", _data(PeerCount.read))

    # Doing

    async def publish_block(
        self,
        block: SignedBlock | RawBlock,
        *,
        proofs: Sequence[str] = (),
        blobs: Sequence[str] = (),
        validation: str = "gossip",
    ) -> bool:
        """Hand a signed block to the node (``POST /eth/v2/beacon/blocks``).

        Args:
            proofs: KZG proofs of the blobs, ``0x`` hexadecimal.
            blobs: the block's blobs (from Deneb on), ``0x`` hexadecimal.
            validation: what is checked before it is broadcast: ``gossip``, ``consensus``, ….

        Returns:
            Whether the node imported it. False: broadcast only, it failed full validation.

        Raises:
            ApiError: among others, the node found it invalid (status 400).
        """
        content, kind = _contents(block, proofs, blobs)
        path = "/eth/v2/beacon/blocks"
        asked = f"POST {path}"
        answer = await self._http.request(
            "POST",
            path,
            asked=asked,
            params={"broadcast_validation": validation},
            content=content,
            headers={"content-type": kind, "eth-consensus-version": block.version},
        )
        if answer.status not in {200, 202}:
            raise self._http.refused(answer, asked)
        return answer.status == 200

    def events(
        self, topics: Sequence[str], *, silence: float = SILENCE
    ) -> AsyncGenerator[Event, None]:
        """Events of ``topics`` (``head``, ``block``, ``finalized_checkpoint``, …), for ever.

        The stream is opened again whenever it breaks; each time, and at first, an event of topic
        ``connected`` comes: what happened before went unseen and must be asked for.

        Args:
            silence: seconds without a byte (nodes send comments) after which it is opened again.
        """
        return follow(self._http, topics, silence=silence)


def _id(value: int | str) -> str:
    return quote(str(value), safe="")


def _block(block_id: BlockId) -> str:
    return f"/eth/v2/beacon/blocks/{_id(block_id)}"


def _state(state_id: StateId, part: str) -> str:
    return f"/eth/v1/beacon/states/{_id(state_id)}/{part}"


def _data(read: Callable[[Fields], T]) -> Callable[[Fields], T]:
    return lambda answer: read(answer.object("data"))


def _each(read: Callable[[Fields], T]) -> Callable[[Fields], tuple[T, ...]]:
    return lambda answer: answer.each("data", read)


def _fork_choice_roots(answer: Fields) -> frozenset[str]:
    # Some nodes wrap the answer in "data", as others answers are; the specification does not.
    whole = answer.optional("data", answer.object) or answer
    return frozenset(whole.each("fork_choice_nodes", lambda node: node.root("block_root")))


def _headers(answer: Fields) -> tuple[Header, ...]:
    return answer.each("data", lambda data: Header.of(data, answer))


def _contents(
    block: SignedBlock | RawBlock, proofs: Sequence[str], blobs: Sequence[str]
) -> tuple[bytes, str]:
    """Body and content type of a block to publish: from Deneb on, with its blobs."""
    bare = block.version in _WITHOUT_BLOBS
    if isinstance(block, RawBlock):
        return (block.ssz if bare else _contents_ssz(block.ssz, proofs, blobs)), SSZ
    data = block.data
    if not bare:
        data = {"signed_block": data, "kzg_proofs": list(proofs), "blobs": list(blobs)}
    return json.dumps(data).encode(), "application/json"


def _contents_ssz(block: bytes, proofs: Sequence[str], blobs: Sequence[str]) -> bytes:
    """SSZ ``SignedBlockContents``: three variable parts behind three 4-byte offsets."""
    joined = (
        b"".join(bytes.fromhex(one.removeprefix("0x")) for one in part) for part in (proofs, blobs)
    )
    parts = [block, *joined]
    starts = [12, 12 + len(parts[0]), 12 + len(parts[0]) + len(parts[1])]
    return b"".join([*(start.to_bytes(4, "little") for start in starts), *parts])
