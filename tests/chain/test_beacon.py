from __future__ import annotations

import pytest

from chainyard.chain.beacon import Beacon
from chainyard.chain.beacon_types import FAR_FUTURE_EPOCH, RawBlock, SignedBlock
from chainyard.chain.errors import ApiError, ShapeError
from chainyard.chain.node_types import Health
from chainyard.errors import RequestError

from . import samples
from .standin import Reply, StandIn

pytestmark = pytest.mark.anyio

GENESIS = {
    "genesis_time": "1700000000",
    "genesis_validators_root": samples.root(1),
    "genesis_fork_version": "0x10000038",
}


async def test_genesis(node: StandIn, beacon: Beacon) -> None:
    node.answers["/eth/v1/beacon/genesis"] = {"data": GENESIS}
    genesis = await beacon.genesis()
    assert genesis is not None
    assert (genesis.time, genesis.fork_version) == (1_700_000_000, "0x10000038")


async def test_genesis_is_none_before_the_node_knows_it(beacon: Beacon) -> None:
    assert await beacon.genesis() is None


async def test_spec_has_numbers_and_keeps_the_rest(node: StandIn, beacon: Beacon) -> None:
    schedule = [{"EPOCH": "9", "MAX_BLOBS_PER_BLOCK": "12"}]
    values = {
        "SECONDS_PER_SLOT": "2",
        "SLOTS_PER_EPOCH": "8",
        "CONFIG_NAME": "testnet",
        "GENESIS_FORK_VERSION": "0x10000038",
        "BLOB_SCHEDULE": schedule,
    }
    node.answers["/eth/v1/config/spec"] = {"data": values}
    spec = await beacon.spec()
    assert (spec.slot_ms, spec.slots_per_epoch) == (2000, 8)
    assert spec.values["GENESIS_FORK_VERSION"] == "0x10000038"
    assert spec.values["BLOB_SCHEDULE"] == schedule
    with pytest.raises(ShapeError, match="CONFIG_NAME"):
        spec.number("CONFIG_NAME")


async def test_a_slot_in_milliseconds_wins(node: StandIn, beacon: Beacon) -> None:
    values = {"SECONDS_PER_SLOT": "3", "SLOT_DURATION_MS": "2500", "SLOTS_PER_EPOCH": "8"}
    node.answers["/eth/v1/config/spec"] = {"data": values}
    assert (await beacon.spec()).slot_ms == 2500


async def test_header(node: StandIn, beacon: Beacon) -> None:
    node.answers["/eth/v1/beacon/headers/head"] = samples.header(5)
    node.answers["/eth/v1/beacon/headers/5"] = samples.header(5)
    head = await beacon.head()
    assert (head.slot, head.proposer_index, head.root) == (5, 7, samples.root(1))
    assert (head.parent_root, head.state_root, head.body_root) == tuple(
        map(samples.root, (2, 3, 4))
    )
    assert head.execution_optimistic
    assert not head.finalized
    assert await beacon.header(5) == head


async def test_a_skipped_slot_has_no_header_and_no_block(beacon: Beacon) -> None:
    assert await beacon.header(6) is None
    assert await beacon.block(6) is None
    assert await beacon.block_ssz(6) is None
    assert await beacon.headers(6) == ()


async def test_a_missing_head_is_an_error(beacon: Beacon) -> None:
    with pytest.raises(ApiError, match="404"):
        await beacon.head()


async def test_a_404_of_another_server_is_not_a_skipped_slot(node: StandIn, beacon: Beacon) -> None:
    node.answers["/eth/v1/beacon/headers/6"] = Reply(b"<h1>Not Found</h1>", 404)
    with pytest.raises(ApiError, match="404"):
        await beacon.header(6)


async def test_headers_of_a_slot(node: StandIn, beacon: Beacon) -> None:
    one = samples.header(5)
    node.answers["/eth/v1/beacon/headers"] = {**one, "data": [one["data"], one["data"]]}
    assert [header.slot for header in await beacon.headers(5)] == [5, 5]
    assert node.seen[-1].query == {"slot": ["5"]}


async def test_block(node: StandIn, beacon: Beacon) -> None:
    answer = samples.block_answer(5, number=9, graffiti=b"\x1b[31mred\xff")
    node.answers["/eth/v2/beacon/blocks/head"] = answer
    block = await beacon.block("head")
    assert block is not None
    assert (block.slot, block.version, block.block_number) == (5, "electra", 9)
    assert block.block_hash == samples.root(0x15)
    assert block.graffiti == "\\x1b[31mred\N{REPLACEMENT CHARACTER}"
    assert block.data == answer["data"]
    assert samples.root(0x11) not in repr(block)


async def test_a_block_without_a_payload(node: StandIn, beacon: Beacon) -> None:
    answer = samples.block_answer(5, version="phase0")
    del answer["data"]["message"]["body"]["execution_payload"]
    node.answers["/eth/v2/beacon/blocks/5"] = answer
    block = await beacon.block(5)
    assert block is not None
    assert (block.block_number, block.block_hash) == (None, None)


@pytest.mark.parametrize("version", ["", "electra\r\nx-evil: 1", "électra", "e" * 21, None, 4])
def test_a_forks_name_cannot_smuggle_a_header(version: object) -> None:
    with pytest.raises(ShapeError, match="version"):
        SignedBlock.from_json(version, samples.signed_block(5))


async def test_block_as_ssz(node: StandIn, beacon: Beacon) -> None:
    headers = {"content-type": "application/octet-stream", "eth-consensus-version": "electra"}
    node.answers["/eth/v2/beacon/blocks/5"] = Reply(b"\x00\x01", headers=headers)
    assert await beacon.block_ssz(5) == RawBlock("electra", b"\x00\x01")
    assert node.seen[-1].headers["accept"] == "application/octet-stream"


async def test_json_where_ssz_was_asked_for(node: StandIn, beacon: Beacon) -> None:
    node.answers["/eth/v2/beacon/blocks/5"] = samples.block_answer(5)
    with pytest.raises(ApiError, match="no SSZ"):
        await beacon.block_ssz(5)


async def test_states(node: StandIn, beacon: Beacon) -> None:
    state = "/eth/v1/beacon/states/head/"
    node.answers[state + "root"] = {"data": {"root": samples.root(8)}}
    node.answers[state + "finality_checkpoints"] = samples.checkpoints(5, 4)
    versions = {"previous_version": "0x50000038", "current_version": "0x60000038", "epoch": "3"}
    node.answers[state + "fork"] = {"data": versions}
    assert await beacon.state_root() == samples.root(8)
    found = await beacon.finality_checkpoints()
    assert found is not None
    assert (found.previous_justified.epoch, found.current_justified.epoch) == (4, 5)
    assert (found.finalized.epoch, found.finalized.root) == (4, samples.root(3))
    fork = await beacon.fork()
    assert fork is not None
    assert (fork.current_version, fork.epoch) == ("0x60000038", 3)


async def test_a_missing_state(beacon: Beacon) -> None:
    assert await beacon.state_root(99) is None
    assert await beacon.finality_checkpoints(99) is None
    assert await beacon.validators(99) is None
    assert await beacon.validator_balances(99) is None
    assert await beacon.blob_sidecars(99) is None


async def test_all_validators(node: StandIn, beacon: Beacon) -> None:
    path = "/eth/v1/beacon/states/head/validators"
    node.answers[path] = {"data": [samples.validator(0), samples.validator(1, 31 * 10**9)]}
    validators = await beacon.validators()
    assert validators is not None
    assert [(one.index, one.balance) for one in validators] == [(0, 32 * 10**9), (1, 31 * 10**9)]
    assert validators[1].pubkey == "0x" + "01" * 48
    assert validators[0].exit_epoch == FAR_FUTURE_EPOCH
    assert node.seen[-1].method == "GET"


async def test_some_validators(node: StandIn, beacon: Beacon) -> None:
    path = "/eth/v1/beacon/states/7/validators"
    node.answers[path] = {"data": [samples.validator(1)]}
    await beacon.validators(7, ids=[1, "0xab"], statuses=["active"])
    assert node.seen[-1].method == "POST"
    assert node.seen[-1].json == {"ids": ["1", "0xab"], "statuses": ["active"]}


async def test_balances(node: StandIn, beacon: Beacon) -> None:
    path = "/eth/v1/beacon/states/head/validator_balances"
    node.answers[path] = {"data": [{"index": "3", "balance": "5"}, {"index": "1", "balance": "6"}]}
    assert await beacon.validator_balances(ids=[3, 1]) == {3: 5, 1: 6}
    assert node.seen[-1].json == ["3", "1"]


async def test_proposer_duties(node: StandIn, beacon: Beacon) -> None:
    duty = {"pubkey": "0x" + "aa" * 48, "validator_index": "4", "slot": "33"}
    node.answers["/eth/v1/validator/duties/proposer/1"] = {"data": [duty]}
    (found,) = await beacon.proposer_duties(1)
    assert (found.slot, found.validator_index, found.pubkey) == (33, 4, "0x" + "aa" * 48)


async def test_blobs(node: StandIn, beacon: Beacon) -> None:
    sidecar = {
        "index": "2",
        "blob": "0x" + "01" * 131072,
        "kzg_commitment": "0x" + "02" * 48,
        "kzg_proof": "0x" + "03" * 48,
    }
    node.answers["/eth/v1/beacon/blob_sidecars/head"] = {"data": [sidecar] * 9}  # beyond SMALL
    sidecars = await beacon.blob_sidecars()
    assert sidecars is not None
    assert len(sidecars) == 9
    assert (sidecars[0].index, len(sidecars[0].blob)) == (2, 2 + 2 * 131072)
    assert len(repr(sidecars[0])) < 400


async def test_the_node(node: StandIn, beacon: Beacon) -> None:
    sync = {"head_slot": "10", "sync_distance": "2", "is_syncing": True, "el_offline": True}
    peer = {"peer_id": "16U", "last_seen_p2p_address": "/ip4/127.0.0.1", "enr": None}
    counts = {"connected": "2", "connecting": "1", "disconnected": "5", "disconnecting": "0"}
    identity = {
        "peer_id": "16Uiu2",
        "enr": "enr:-abc",
        "p2p_addresses": ["/ip4/127.0.0.1/tcp/9000"],
        "discovery_addresses": [],
    }
    answers = {
        "syncing": sync,
        "version": {"version": "Prysm/v7.1.2\x1b]0;title\x07"},
        "identity": identity,
        "peers": [{**peer, "state": "connected", "direction": "inbound"}],
        "peer_count": counts,
    }
    node.answers |= {f"/eth/v1/node/{key}": {"data": value} for key, value in answers.items()}
    syncing = await beacon.syncing()
    assert (syncing.head_slot, syncing.sync_distance, syncing.is_syncing) == (10, 2, True)
    assert syncing.el_offline
    assert not syncing.is_optimistic
    assert await beacon.version() == "Prysm/v7.1.2\\x1b]0;title\\x07"
    assert (await beacon.identity()).p2p_addresses == ("/ip4/127.0.0.1/tcp/9000",)
    assert [one.direction for one in await beacon.peers()] == ["inbound"]
    assert (await beacon.peer_count()).disconnected == 5


@pytest.mark.parametrize("health", list(Health))
async def test_health(node: StandIn, beacon: Beacon, health: Health) -> None:
    node.answers["/eth/v1/node/health"] = Reply(status=health.value)
    assert await beacon.health() is health


async def test_health_of_something_else(beacon: Beacon) -> None:
    with pytest.raises(ApiError, match="HTTP 404"):
        await beacon.health()


@pytest.mark.parametrize(("status", "imported"), [(200, True), (202, False)])
async def test_publish_block(node: StandIn, beacon: Beacon, status: int, imported: bool) -> None:
    node.answers["/eth/v2/beacon/blocks"] = Reply(status=status)
    block = SignedBlock.from_json("electra", samples.signed_block(5))
    assert await beacon.publish_block(block) is imported
    seen = node.seen[-1]
    assert seen.query == {"broadcast_validation": ["gossip"]}
    assert seen.headers["eth-consensus-version"] == "electra"
    assert seen.json == {"signed_block": dict(block.data), "kzg_proofs": [], "blobs": []}


async def test_before_deneb_a_block_is_published_bare(node: StandIn, beacon: Beacon) -> None:
    node.answers["/eth/v2/beacon/blocks"] = Reply()
    block = SignedBlock.from_json("capella", samples.signed_block(5))
    await beacon.publish_block(block, validation="consensus")
    assert node.seen[-1].json == dict(block.data)
    assert node.seen[-1].query == {"broadcast_validation": ["consensus"]}


async def test_publish_ssz_with_blobs(node: StandIn, beacon: Beacon) -> None:
    from remerkleable.byte_arrays import ByteList, ByteVector
    from remerkleable.complex import Container, List

    parts = {
        "signed_block": ByteList[100],
        "kzg_proofs": List[ByteVector[48], 16],
        "blobs": List[ByteVector[64], 16],  # 128 KiB in truth; the layout is the same
    }
    contents = type("Contents", (Container,), {"__annotations__": parts})
    node.answers["/eth/v2/beacon/blocks"] = Reply()
    block = RawBlock("deneb", b"\x01\x02\x03")
    proofs, blobs = ["0x" + "aa" * 48] * 2, ["0x" + "bb" * 64] * 2
    await beacon.publish_block(block, proofs=proofs, blobs=blobs)
    found = contents.decode_bytes(node.seen[-1].body)
    assert [bytes(one).hex() for one in found.kzg_proofs] == ["aa" * 48] * 2
    assert [bytes(one).hex() for one in found.blobs] == ["bb" * 64] * 2
    assert node.seen[-1].headers["content-type"] == "application/octet-stream"


async def test_an_invalid_block_is_an_error_with_the_reason(node: StandIn, beacon: Beacon) -> None:
    answer = Reply(b'{"code":400,"message":"signature is invalid"}', 400)
    node.answers["/eth/v2/beacon/blocks"] = answer
    block = SignedBlock.from_json("electra", samples.signed_block(5))
    with pytest.raises(ApiError, match="signature is invalid") as caught:
        await beacon.publish_block(block)
    assert caught.value.status == 400
    assert not caught.value.temporary


async def test_an_id_stays_within_its_path(node: StandIn, beacon: Beacon) -> None:
    assert await beacon.header("../../node/version?x=#é") is None
    assert node.seen[-1].path == "/eth/v1/beacon/headers/..%2F..%2Fnode%2Fversion%3Fx%3D%23%C3%A9"


async def test_an_address_may_have_a_path(node: StandIn) -> None:
    node.answers["/nodes/1/eth/v1/node/version"] = {"data": {"version": "x"}}
    async with Beacon(node.url + "/nodes/1/") as beacon:
        assert await beacon.version() == "x"


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:4000", "ftp://h", "http://", "file:///etc/passwd", "http://[::1", "http://h:x"],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(RequestError, match="not an HTTP URL"):
        Beacon(url)
