import socket

import pytest
from backend_programs import plan_of, port, shell

from chainyard.backends.base import PortRequest
from chainyard.backends.ports import allot, first_ephemeral, is_free
from chainyard.errors import RequestError


def network(count=2):
    return plan_of(
        *(
            shell(f"el-{index}", ports=(port("p2p", 30303, "tcp", "udp"), port("rpc", 8545)))
            for index in range(1, count + 1)
        )
    )


def free(*taken):
    return lambda number, transport: (number, transport) not in taken and number not in taken


def test_documented_defaults_then_the_next():
    assert allot(network(), PortRequest(), free=free()) == {
        "el-1.p2p": 30303,
        "el-1.rpc": 8545,
        "el-2.p2p": 30304,
        "el-2.rpc": 8546,
    }


def test_a_default_of_another_port_is_not_given_away():
    plan = plan_of(
        shell("a", ports=(port("rpc", 8545),)),
        shell("b", ports=(port("rpc", 8545),)),
        shell("c", ports=(port("ws", 8546),)),
    )
    assert allot(plan, PortRequest(), free=free()) == {"a.rpc": 8545, "b.rpc": 8547, "c.ws": 8546}


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_all_transports_of_a_port_must_be_free(transport):
    found = allot(network(1), PortRequest(), free=free((30303, transport)))
    assert found["el-1.p2p"] == 30304


def test_a_transport_that_is_not_used_does_not_matter():
    assert allot(network(1), PortRequest(), free=free((8545, "udp")))["el-1.rpc"] == 8545


def test_recorded_ports_stay_though_in_use():
    recorded = {"el-1.rpc": 9000, "el-2.rpc": 8545}
    found = allot(network(), PortRequest(recorded), free=free(9000, 8545))
    assert recorded.items() <= found.items()


def test_allotment_is_stable():
    first = allot(network(), PortRequest(), free=free(8545))
    assert allot(network(), PortRequest(first), free=free(*first.values())) == first
    grown = allot(network(3), PortRequest(first), free=free(*first.values()))
    assert first.items() <= grown.items()


def test_ports_of_services_that_left_are_not_kept():
    recorded = {"gone.rpc": 8545}
    assert "gone.rpc" not in allot(network(), PortRequest(recorded), free=free())


def test_ports_of_other_networks_are_not_given():
    found = allot(network(), PortRequest(reserved=frozenset({8545, 8546, 30303})), free=free())
    assert (found["el-1.rpc"], found["el-2.rpc"], found["el-1.p2p"]) == (8547, 8548, 30304)


def test_no_number_is_given_twice():
    found = allot(network(40), PortRequest(), free=free())
    assert len(set(found.values())) == len(found) == 80


def test_ephemeral_range_comes_last(monkeypatch):
    plan = plan_of(*(shell(f"a-{n}", ports=(port("x", first_ephemeral() - 1),)) for n in range(3)))
    last = first_ephemeral() - 1
    assert sorted(allot(plan, PortRequest(), free=free()).values()) == [last - 2, last - 1, last]
    high = allot(plan, PortRequest(), free=lambda number, _: number > last)
    assert sorted(high.values()) == [last + 1, last + 2, last + 3]


def test_no_free_port_is_an_error():
    with pytest.raises(RequestError, match="no port of this machine is free"):
        allot(network(1), PortRequest(), free=lambda *_: False)


def test_wanted_number_wins():
    request = PortRequest({"el-1.rpc": 8545, "el-2.rpc": 9000}, {"el-1.rpc": 9000})
    found = allot(network(), request, free=free(9000))
    assert (found["el-1.rpc"], found["el-2.rpc"]) == (9000, 8545)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"el-1.rcp": 9000}, "el-1.rcp, which is no port"),
        ({"el-1.rpc": 0}, "not between 1 and 65535"),
        ({"el-1.rpc": 65536}, "not between 1 and 65535"),
        ({"el-1.rpc": -1}, "not between 1 and 65535"),
        ({"el-1.rpc": 9000, "el-2.rpc": 9000}, "both el-1.rpc and el-2.rpc"),
        ({"el-1.rpc": 7000}, "in use"),
        ({"el-1.rpc": 7001}, "another network"),
    ],
)
def test_wanted_number_that_cannot_be_had(wanted, message):
    request = PortRequest(wanted=wanted, reserved=frozenset({7001}))
    with pytest.raises(RequestError, match=message):
        allot(network(), request, free=free(7000))


def test_unknown_port_names_the_nearest():
    with pytest.raises(RequestError, match=r"did you mean el-1\.rpc"):
        allot(network(), PortRequest(wanted={"el-1.rcp": 9000}), free=free())


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_is_free_sees_real_sockets(address, transport):
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((address, 0))
        if transport == "tcp":
            taken.listen()
        number = taken.getsockname()[1]
        assert not is_free(number, transport)
    assert is_free(number, transport)


def test_port_that_waits_out_old_connections_is_free():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        server.bind(("127.0.0.1", 0))
        server.listen()
        number = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", number)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first is the one that waits
            assert client.recv(1) == b""
    assert is_free(number, "tcp")
