"""Allotment of port numbers on one machine: documented defaults when free, else the next free."""

from __future__ import annotations

import difflib
import errno
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from chainyard.backends.base import PortRequest
from chainyard.errors import RequestError
from chainyard.plan.model import Plan
from chainyard.service import Port, Transport

FIRST_PORT = 1024
"""Lower ones need root."""

_EPHEMERAL = 32768
_EPHEMERAL_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")

IsFree = Callable[[int, Transport], bool]


def is_free(number: int, transport: Transport) -> bool:
    """Whether a service could listen on this port now, on loopback or any address."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if transport == "tcp":
            # Servers set it too: connections that wait out their end do not hinder them.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # The wildcard: on macOS a bind to loopback succeeds beside a listener on all addresses.
            probe.bind(("0.0.0.0", number))  # noqa: S104 - bound, never listened on
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
                return False
            raise
    return True


def first_ephemeral() -> int:
    """Lowest number that the system gives to outgoing connections, which may take it any time."""
    try:
        return int(_EPHEMERAL_FILE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _EPHEMERAL  # macOS starts at 49152: staying below is right there too


def allot(plan: Plan, request: PortRequest, *, free: IsFree = is_free) -> dict[str, int]:
    """Numbers for all ports of a plan, by ``SERVICE.PORT``; no number is given twice.

    Wanted numbers come first, then recorded ones (they stay, in use or not: their user is this
    network), then documented defaults, then the next free numbers.

    Raises:
        RequestError: a wanted number is unknown, impossible, taken or asked for twice.
    """
    return _Allotment(plan, request, free).numbers()


class _Allotment:
    def __init__(self, plan: Plan, request: PortRequest, free: IsFree) -> None:
        self._ports = {f"{service.name}.{p.name}": p for service in plan for p in service.ports}
        self._request = request
        self._free = free
        self._given: dict[str, int] = {}
        self._used: set[int] = set()

    def numbers(self) -> dict[str, int]:
        self._give_wanted()
        for key, number in self._request.recorded.items():
            if key in self._ports and key not in self._given and number not in self._used:
                self._give(key, number)
        for key, port in self._open():
            if self._usable(port.number, port):
                self._give(key, port.number)
        defaults = {port.number for port in self._ports.values()}
        for key, port in self._open():
            self._give(key, self._next(port, defaults))
        return {key: self._given[key] for key in self._ports}

    def _open(self) -> list[tuple[str, Port]]:
        return [(key, port) for key, port in self._ports.items() if key not in self._given]

    def _give(self, key: str, number: int) -> None:
        self._given[key] = number
        self._used.add(number)

    def _usable(self, number: int, port: Port) -> bool:
        return (
            FIRST_PORT <= number <= 65535
            and number not in self._used
            and number not in self._request.reserved
            and all(self._free(number, transport) for transport in port.transport)
        )

    def _next(self, port: Port, avoid: set[int]) -> int:
        for number in _candidates(port.number):
            if number not in avoid and self._usable(number, port):
                return number
        raise RequestError(
            "no port of this machine is free",
            cause="other programs, or other networks, have them all",
            hint="end some networks: `chainyard ls` lists them",
        )

    def _give_wanted(self) -> None:
        for key, number in self._request.wanted.items():
            self._check_wanted(key, number)
            self._give(key, number)

    def _check_wanted(self, key: str, number: int) -> None:
        if key not in self._ports:
            near = difflib.get_close_matches(key, self._ports, 1)
            raise RequestError(
                f"port {number} is wanted for {key}, which is no port of this network",
                hint=f"did you mean {near[0]}?" if near else f"one of {', '.join(self._ports)}",
            )
        if not 0 < number <= 65535:
            raise RequestError(f"port {number}, wanted for {key}, is not between 1 and 65535")
        if number in self._used:
            twin = next(name for name, given in self._given.items() if given == number)
            raise RequestError(f"port {number} is wanted for both {twin} and {key}")
        if number in self._request.reserved:
            raise RequestError(
                f"port {number}, wanted for {key}, belongs to another network of this machine",
                hint="choose another number, or remove that network: `chainyard ls` lists them",
            )
        if self._request.recorded.get(key) == number:
            return
        for transport in self._ports[key].transport:
            # A number that this network has already is in use by this network.
            if number not in self._request.recorded.values() and not self._free(number, transport):
                raise RequestError(
                    f"port {number}/{transport}, wanted for {key}, is in use",
                    hint="choose another number, or end the program that uses it",
                )


def _candidates(default: int) -> Iterator[int]:
    ephemeral = first_ephemeral()
    start = min(max(default + 1, FIRST_PORT), 65535)
    yield from range(start, ephemeral)
    yield from range(min(start, ephemeral) - 1, FIRST_PORT - 1, -1)
    yield from range(ephemeral, 65536)
