"""``port_publisher``: which ports are bound outside, and from which number on."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from chainyard.spec.kinds import BOOLEAN, INVALID, PORT, TEXT
from chainyard.spec.nodes import Node
from chainyard.spec.reading import Reading
from chainyard.spec.table import Record, key, keys_of, read_keys, record

NAT_PLACEHOLDER = "KURTOSIS_IP_ADDR_PLACEHOLDER"
"""Stands for the service's own address."""


@record
class PortGroup(Record):
    """One group of services whose ports are numbered in a row."""

    enabled: bool = key(BOOLEAN, False, "Publish the ports of this group.")
    public_port_start: int = key(PORT, 1, "First port number of the group.")
    nat_exit_ip: str = key(
        TEXT, NAT_PLACEHOLDER, "Address that peers are told; auto asks the outside."
    )


class _Group:
    """Reads a group; each has a first port of its own as the default."""

    label = "a map"

    def __init__(self, start: int) -> None:
        self.start = start

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        values = read_keys(keys_of(PortGroup), node, key, reading)
        if values is None:
            return INVALID
        return PortGroup(**({"public_port_start": self.start} | values))


def _group(start: int, what: str) -> Any:
    return key(_Group(start), PortGroup(public_port_start=start), what)


@record
class PortPublisher(Record):
    """Groups of ports to publish. An address given for all is in every group once resolved."""

    nat_exit_ip: str = key(
        TEXT, NAT_PLACEHOLDER, "Address told for all groups; the placeholder leaves it to each."
    )
    el: PortGroup = _group(32000, "Execution clients, 7 ports each.")
    cl: PortGroup = _group(33000, "Consensus clients, 7 ports each.")
    vc: PortGroup = _group(34000, "Validator clients, 3 ports each.")
    remote_signer: PortGroup = _group(35000, "Remote signers, 2 ports each.")
    additional_services: PortGroup = _group(36000, "Additional services, 2 ports each.")
    mev: PortGroup = _group(37000, "Builders and relays, 2 ports each.")
    other: PortGroup = _group(38000, "Sidecars, 1 port each.")

    def resolved(self) -> PortPublisher:
        """With the address for all put into every group."""
        if self.nat_exit_ip == NAT_PLACEHOLDER:
            return self
        groups = {
            f.name: replace(getattr(self, f.name), nat_exit_ip=self.nat_exit_ip)
            for f in fields(self)
            if f.name != "nat_exit_ip"
        }
        return replace(self, **groups)
