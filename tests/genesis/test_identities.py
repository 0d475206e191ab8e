"""Node identities: EIP-778's record, libp2p's peer id, and records that lie."""

import base64
import random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainyard.errors import RequestError
from chainyard.genesis import rlp
from chainyard.genesis.enr import decode_enr, encode_enr
from chainyard.genesis.identities import (
    CURVE_ORDER,
    EnrOf,
    NodeKey,
    enode_text,
    make_identities,
    multiaddr_text,
)
from chainyard.genesis.peer_id import base58, peer_id
from chainyard.service import Symbol, Text

KEY = NodeKey.from_hex("b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291")
EIP_778 = (
    "enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRc"
    "y5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8"
)
PUBLIC = (
    "ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138"
    "7574077f301b421bc84df7266c44e9e6d569fc56be00812904767bf5ccd1fc7f"
)
NODE_ID = "a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7"
LIBP2P_SECRET = "53DADF1D5A164D6B4ACDB15E24AA4C5B1D3461BDBD42ABEDB0A4404D56CED8FB"
ETH2 = bytes(range(16))


class Binding:
    """Every service at 10.0.0.9; the port's number is the length of its name + 9000."""

    def ip(self, service):
        return "10.0.0.9"

    def port(self, service, port):
        return 9000 + len(port)


def text_of(items):
    return "enr:" + base64.urlsafe_b64encode(rlp.encode(items)).rstrip(b"=").decode()


def items_of(key=KEY, **values):
    """The parts of a right record: signature, seq, keys and values."""
    record = decode_enr(encode_enr(key.secret, 1, values or {"ip": b"\x7f\x00\x00\x01"}))
    content = [part for pair in sorted(record.pairs.items()) for part in pair]
    from coincurve import PrivateKey

    from chainyard.genesis.keccak import keccak

    encoded = [1, *(p.encode() if isinstance(p, str) else p for p in content)]
    signature = PrivateKey(key.secret).sign_recoverable(keccak(rlp.encode(encoded)), hasher=None)
    return [signature[:64], *encoded]


def test_eip_778():
    assert KEY.enr(ip="127.0.0.1", udp=30303) == EIP_778
    assert KEY.public.hex() == PUBLIC
    assert KEY.node_id.hex() == NODE_ID
    record = decode_enr(EIP_778)
    assert (record.seq, record.ip, record.port("udp")) == (1, "127.0.0.1", 30303)
    assert record.port("tcp") is None
    assert (record.public, record.node_id) == (KEY.compressed, KEY.node_id)


def test_peer_id_of_the_libp2p_specification():
    key = NodeKey.from_hex(LIBP2P_SECRET)
    assert key.compressed.hex() == (
        "037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99"
    )
    assert key.peer_id == "16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY"


def test_base58_keeps_leading_zeros():
    assert base58(bytes.fromhex("0000287fb4cd")) == "11233QC4"
    assert base58(b"") == ""


def test_a_peer_id_is_of_a_compressed_key():
    with pytest.raises(ValueError, match="33 bytes"):
        peer_id(KEY.public)


def test_enode():
    assert KEY.enode("10.3.58.6", 30303, 30301) == (
        f"enode://{PUBLIC}@10.3.58.6:30303?discport=30301"
    )
    assert KEY.enode("10.3.58.6", 30303, 30303) == f"enode://{PUBLIC}@10.3.58.6:30303"
    assert KEY.enode("10.3.58.6", 30303) == f"enode://{PUBLIC}@10.3.58.6:30303"
    assert KEY.enode("::1", 30303) == f"enode://{PUBLIC}@[::1]:30303"
    with pytest.raises(ValueError, match="IPv4"):
        KEY.enode("localhost", 30303)


def test_a_full_record_comes_back():
    text = KEY.enr(
        ip="10.0.0.1", tcp=9000, udp=9001, quic=9002, eth2=ETH2,
        attnets=b"\xff" * 8, syncnets=b"\x0f", seq=2**40,
    )  # fmt: skip
    record = decode_enr(text)
    assert record.seq == 2**40
    assert record.pairs["eth2"] == ETH2
    assert record.pairs["attnets"] == b"\xff" * 8
    assert record.pairs["syncnets"] == b"\x0f"
    assert [record.port(name) for name in ("tcp", "udp", "quic")] == [9000, 9001, 9002]


def test_a_record_of_an_ipv6_node():
    record = decode_enr(KEY.enr(ip="fe80::1", tcp=9000, udp=9001, quic=9002))
    assert record.ip == "fe80::1"
    assert (record.port("tcp6"), record.port("udp6"), record.port("quic6")) == (9000, 9001, 9002)
    assert record.port("tcp") is None


@pytest.mark.parametrize(
    "values",
    [
        {"ip": "localhost"},
        {"ip": "127.0.0.1", "tcp": 0},
        {"ip": "127.0.0.1", "udp": 65536},
        {"ip": "127.0.0.1", "quic": -1},
        {"ip": "127.0.0.1", "eth2": bytes(15)},
        {"ip": "127.0.0.1", "attnets": bytes(9)},
        {"ip": "127.0.0.1", "syncnets": b""},
    ],
)
def test_records_that_make_no_sense_are_not_signed(values):
    with pytest.raises(ValueError, match=r"."):
        KEY.enr(**values)


def test_a_record_has_at_most_300_bytes():
    with pytest.raises(ValueError, match="at most 300 bytes"):
        encode_enr(KEY.secret, 1, {"long": bytes(200)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not start with"),
        ("enode://abc", "does not start with"),
        ("enr:", "not base64"),
        ("enr:a b", "not base64"),
        ("enr:a", "not base64"),
        (EIP_778 + "=", "not base64"),
        (EIP_778[:-4], "RLP"),
        ("enr:" + "A" * 100_000, "more than 300 bytes"),
        ("enr:AAAA", "RLP|pairs"),
        (text_of([]), "pairs"),
        (text_of([b"", 1, b"id"]), "pairs"),
        (text_of([b"", 1, [b"id"], b"v4"]), "RLP"),
        (text_of([bytes(64), 1, b"id", b"v5"]), "scheme is not v4"),
        (text_of([bytes(64), 1, b"id", b"v4"]), "."),
        (text_of([bytes(64), 1, b"id", b"v4", b"secp256k1", b"\x02" + bytes(32)]), "."),
        (text_of([bytes(64), 1, b"ip", bytes(4), b"id", b"v4"]), "not in order"),
        (text_of([bytes(64), 1, b"id", b"v4", b"id", b"v4"]), "not in order"),
        (text_of([bytes(64), 1, b"\xff", b"v4"]), "."),
    ],
)
def test_what_is_no_record_is_refused(text, said):
    with pytest.raises(RequestError, match=f"not a node record: .*({said})"):
        decode_enr(text)


def test_long_hostile_text_is_not_repeated_whole():
    with pytest.raises(RequestError) as caught:
        decode_enr("enr:" + "A" * 100_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("at", range(9))
def test_a_record_that_was_changed_is_refused(at):
    items = items_of(ip=b"\x7f\x00\x00\x01", udp=30303)
    assert decode_enr(text_of(items)).ip == "127.0.0.1"
    part = items[at]
    items[at] = part + 1 if isinstance(part, int) else bytes([part[0] ^ 1]) + part[1:]
    with pytest.raises(RequestError, match="not a node record"):
        decode_enr(text_of(items))


def test_a_signature_of_another_length_is_refused():
    items = items_of()
    items[0] = items[0][:63]
    with pytest.raises(RequestError, match="signature has not 64 bytes"):
        decode_enr(text_of(items))


def test_a_signature_with_a_high_s_is_refused():
    items = items_of()
    s = CURVE_ORDER - int.from_bytes(items[0][32:], "big")
    items[0] = items[0][:32] + s.to_bytes(32, "big")
    with pytest.raises(RequestError, match="signature is wrong"):
        decode_enr(text_of(items))


@given(st.binary(max_size=350))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_a_clear_error(data):
    with pytest.raises(RequestError, match="not a node record"):
        decode_enr("enr:" + base64.urlsafe_b64encode(data).rstrip(b"=").decode())


def test_key_files():
    assert KEY.hex == KEY.secret.hex()
    assert NodeKey.from_hex(f"0x{KEY.hex}\n") == KEY
    assert len(KEY.secret) == 32


@pytest.mark.parametrize("text", ["", "zz", "00" * 32, "11" * 31, "11" * 33, "ff" * 32])
def test_what_is_no_key_is_refused_without_repeating_it(text):
    with pytest.raises(RequestError) as caught:
        NodeKey.from_hex(text)
    assert not text or text not in str(caught.value)


def test_identities_come_from_the_randomness():
    one, same, other = (make_identities(3, random.Random(seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    secrets = {key.secret for node in one.nodes for key in (node.execution, node.consensus)}
    assert len(secrets | {one.jwt_secret}) == 7
    assert one.jwt_hex == f"0x{one.jwt_secret.hex()}"
    assert len(one.jwt_secret) == 32


def test_real_randomness_gives_identities():
    nodes = make_identities(1, random.SystemRandom()).nodes
    assert nodes[0].execution != nodes[0].consensus


def test_bytes_that_are_no_key_are_drawn_again():
    draws = [bytes(32), b"\xff" * 32, b"\x01" * 32]
    key = NodeKey.random(SimpleNamespace(randbytes=lambda size: draws.pop(0)))
    assert key.secret == b"\x01" * 32
    assert draws == []


def test_secrets_are_not_shown():
    identities = make_identities(1, random.Random(1))
    shown = repr(identities) + str(identities) + repr(EnrOf("cl-1", KEY, "p2p", "discovery"))
    node = identities.nodes[0]
    for secret in (node.execution.secret, node.consensus.secret, identities.jwt_secret, KEY.secret):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


def test_a_record_in_a_plan():
    symbol = EnrOf("cl-1", KEY, tcp="tcp", udp="discovery", quic="quic", eth2=ETH2)
    assert isinstance(symbol, Symbol)
    assert str(Text.of("--peer=", symbol)) == "--peer=${cl-1.enr}"
    record = decode_enr(symbol.render(Binding()))
    assert (record.ip, record.public) == ("10.0.0.9", KEY.compressed)
    assert [record.port(name) for name in ("tcp", "udp", "quic")] == [9003, 9009, 9004]
    assert record.pairs["eth2"] == ETH2


def test_a_record_in_a_plan_without_quic():
    record = decode_enr(EnrOf("cl-1", KEY, tcp="tcp", udp="udp").render(Binding()))
    assert record.port("quic") is None
    assert "eth2" not in record.pairs


def test_an_enode_in_a_plan():
    text = enode_text("el-1", KEY, tcp="p2p")
    assert str(text) == f"enode://{PUBLIC}@${{el-1.ip}}:${{el-1.port.p2p}}"
    assert text.render(Binding()) == KEY.enode("10.0.0.9", 9003)
    apart = enode_text("el-1", KEY, tcp="p2p", udp="discovery")
    assert apart.render(Binding()) == KEY.enode("10.0.0.9", 9003, 9009)
    assert enode_text("el-1", KEY, tcp="p2p", udp="p2p") == text


def test_a_multiaddr_in_a_plan():
    text = multiaddr_text("cl-1", KEY, tcp="tcp")
    assert str(text) == f"/ip4/${{cl-1.ip}}/tcp/${{cl-1.port.tcp}}/p2p/{KEY.peer_id}"
    assert text.render(Binding()) == f"/ip4/10.0.0.9/tcp/9003/p2p/{KEY.peer_id}"
