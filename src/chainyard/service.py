"""A Service: one thing that runs, described without knowing what it is for.

A service's command line, environment and files are made of *text with symbols*: "the ``engine``
port of ``el-1-geth-prysm``", "the shared file ``secrets/jwt.hex``". A backend binds the symbols
(loopback and an allotted port, a container's DNS name, …), so that one plan serves every backend.
Nothing here knows of Ethereum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

Transport = Literal["tcp", "udp"]


class Binding(Protocol):
    """What a backend knows about places: it turns symbols into strings for one service.

    A binding is made *for* the service whose text is rendered: in a container, ``data`` and
    ``shared`` are paths inside that container.
    """

    def host(self, service: str) -> str:
        """Name or address by which this service reaches another, e.g. ``127.0.0.1``."""
        ...

    def ip(self, service: str) -> str:
        """IP address that a service is reached at by its peers (for node records)."""
        ...

    def listen(self) -> str:
        """Address that the service binds: ``127.0.0.1`` or ``0.0.0.0``."""
        ...

    def port(self, service: str, port: str) -> int:
        """Number of a service's named port, as other services reach it."""
        ...

    def data(self) -> str:
        """Absolute path of the service's own data folder."""
        ...

    def file(self, name: str) -> str:
        """Absolute path of one of the service's own rendered ``files``."""
        ...

    def shared(self, path: str) -> str:
        """Absolute path of a file or folder of the network, e.g. ``genesis/config.yaml``."""
        ...

    def socket(self, name: str) -> str:
        """Absolute path for a Unix socket of the service, under 100 bytes whatever the home."""
        ...


@runtime_checkable
class Symbol(Protocol):
    """A part of a text that only a backend can fill in.

    ``str(symbol)`` is how it is shown in a plan: ``${el-1-geth-prysm.port.engine}``.
    """

    def render(self, binding: Binding) -> str:
        """The text that stands for it under this binding."""
        ...


@dataclass(frozen=True)
class Host:
    """Name or address by which others reach ``service``."""

    service: str

    def render(self, binding: Binding) -> str:
        return binding.host(self.service)

    def __str__(self) -> str:
        return f"${{{self.service}.host}}"


@dataclass(frozen=True)
class Ip:
    """IP address at which peers reach ``service``."""

    service: str

    def render(self, binding: Binding) -> str:
        return binding.ip(self.service)

    def __str__(self) -> str:
        return f"${{{self.service}.ip}}"


@dataclass(frozen=True)
class PortNumber:
    """Number of a named port of ``service``."""

    service: str
    port: str

    def render(self, binding: Binding) -> str:
        return str(binding.port(self.service, self.port))

    def __str__(self) -> str:
        return f"${{{self.service}.port.{self.port}}}"


@dataclass(frozen=True)
class Listen:
    """Address that the service itself listens on."""

    def render(self, binding: Binding) -> str:
        return binding.listen()

    def __str__(self) -> str:
        return "${listen}"


@dataclass(frozen=True)
class Data:
    """The service's own data folder, or a path below it."""

    path: str = ""

    def render(self, binding: Binding) -> str:
        return f"{binding.data()}/{self.path}" if self.path else binding.data()

    def __str__(self) -> str:
        return f"${{data}}/{self.path}" if self.path else "${data}"


@dataclass(frozen=True)
class File:
    """One of the service's own rendered files."""

    name: str

    def render(self, binding: Binding) -> str:
        return binding.file(self.name)

    def __str__(self) -> str:
        return f"${{file}}/{self.name}"


@dataclass(frozen=True)
class Shared:
    """A file or folder of the network: ``genesis/…``, ``secrets/…``, ``keys/…``."""

    path: str

    def render(self, binding: Binding) -> str:
        return binding.shared(self.path)

    def __str__(self) -> str:
        return f"${{network}}/{self.path}"


@dataclass(frozen=True)
class Socket:
    """A Unix socket of the service. Its path is short: the kernel allows 104 to 108 bytes."""

    name: str

    def render(self, binding: Binding) -> str:
        return binding.socket(self.name)

    def __str__(self) -> str:
        return f"${{socket}}/{self.name}"


@dataclass(frozen=True)
class Text:
    """Text with symbols in it. ``str(text)`` shows the symbols, ``render`` fills them in."""

    parts: tuple[str | Symbol, ...]

    @classmethod
    def of(cls, *parts: str | int | Symbol | Text) -> Text:
        """Join strings, numbers, symbols and texts."""
        flat: list[str | Symbol] = []
        for part in parts:
            if isinstance(part, Text):
                flat.extend(part.parts)
            elif isinstance(part, int):
                flat.append(str(part))
            else:
                flat.append(part)
        return cls(tuple(flat))

    @classmethod
    def join(cls, separator: str, texts: list[Text]) -> Text:
        """As ``str.join``."""
        joined: list[Text | str] = []
        for index, text in enumerate(texts):
            joined += [separator, text] if index else [text]
        return cls.of(*joined)

    def render(self, binding: Binding) -> str:
        return "".join(
            part if isinstance(part, str) else part.render(binding) for part in self.parts
        )

    def symbols(self) -> list[Symbol]:
        """The symbols in it, in order."""
        return [part for part in self.parts if not isinstance(part, str)]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


def url(service: str, port: str, *, scheme: str = "http", path: str = "") -> Text:
    """``http://host:port/path`` of another service's port."""
    return Text.of(f"{scheme}://", Host(service), ":", PortNumber(service, port), path)


@dataclass(frozen=True)
class Port:
    """A port that a service listens on.

    Args:
        name: how the plan refers to it: ``rpc``, ``engine``, ``p2p`` …
        number: the documented default, used when it is free. A backend with one address per
            service (containers) uses it as it is.
        transport: ``("tcp",)``, ``("udp",)`` or both on the same number.
        scheme: ``http``, ``ws``, … for ports a person may open; empty for others.
    """

    name: str
    number: int
    transport: tuple[Transport, ...] = ("tcp",)
    scheme: str = ""


@dataclass(frozen=True)
class Program:
    """What a service executes.

    Args:
        name: key of the program in its client's pinned versions, e.g. ``geth``.
        image: container image, used by backends that run containers.
        path: a local binary that the spec names; wins over every other source.
    """

    name: str
    image: str = ""
    path: str = ""


@dataclass(frozen=True)
class Probe:
    """An HTTP GET that tells whether a service answers. Never the whole truth: see chain."""

    port: str
    path: str = "/"
    expected: tuple[int, ...] = (200,)


@dataclass(frozen=True)
class Metrics:
    """Where Prometheus finds a service's metrics."""

    port: str
    path: str = "/metrics"


@dataclass(frozen=True)
class Resources:
    """Requests and limits: CPU in millicores, memory and volume in MB. 0 is "not set"."""

    min_cpu: int = 0
    max_cpu: int = 0
    min_mem: int = 0
    max_mem: int = 0
    volume_size: int = 0


@dataclass(frozen=True)
class Stop:
    """How a service is ended.

    Args:
        order: services of a higher order are stopped first, and started last.
        patience: seconds from the signal until it is killed.
    """

    order: int
    patience: float = 30.0
    signal: str = "TERM"


@dataclass(frozen=True)
class Service:
    """One thing that runs: program, command, files, ports, volumes, health, resources, labels.

    Args:
        name: unique in its network, e.g. ``el-1-geth-prysm``.
        args: the command line after the program.
        env: environment variables, on top of a clean environment.
        files: small rendered text files of its own, by name (mode 0600).
        shared: paths of the network that it reads (``genesis``, ``secrets/jwt.hex``, …); a backend
            with separate file systems mounts exactly these, read-only.
        writes: paths of the network that it may also write (a validator's key folder).
        cause_hints: regular expressions for lines of its log, with the probable cause each
            betrays and what to do about it.
    """

    name: str
    program: Program
    args: tuple[Text, ...] = ()
    env: Mapping[str, Text] = field(default_factory=dict)
    files: Mapping[str, Text] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    shared: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    stop: Stop = Stop(order=0)
    probe: Probe | None = None
    metrics: Metrics | None = None
    resources: Resources = Resources()
    labels: Mapping[str, str] = field(default_factory=dict)
    cause_hints: tuple[tuple[str, str, str], ...] = ()

    def port(self, name: str) -> Port:
        """The port of that name.

        Raises:
            KeyError: it has none.
        """
        for port in self.ports:
            if port.name == name:
                return port
        raise KeyError(f"{self.name} has no port {name!r}")
