"""What a person is told when the real clients do not come up."""

from __future__ import annotations

import socket
from typing import Any

import pytest

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

ONE_NODE = """\
participants:
  - el_type: geth
    cl_type: prysm
    validator_count: 8
    {extra}
network_params:
  seconds_per_slot: 2
  genesis_delay: 5
  fulu_fork_epoch: 18446744073709551615
"""


def test_a_client_that_refuses_its_command_line_is_explained(new_yard: Any) -> None:
    params = ONE_NODE.format(extra="cl_extra_params: [--no-such-flag]")
    yard = new_yard("badflag", params=params)
    done = yard.run("up", check=1)
    assert "cl-1-prysm-geth" in done.stderr
    assert "flag provided but not defined" in done.stderr
    assert "logs/cl-1-prysm-geth.log" in done.stderr
    assert "Traceback" not in done.stderr
    # What was begun can be mended: the next `up` takes over the corrected file.
    (yard.folder / "network_params.yaml").write_text(ONE_NODE.format(extra=""))
    report = yard.json("up")
    assert "cl-1-prysm-geth" in report["changed"]
    assert yard.json("status")["state"] == "running"


def test_a_port_that_is_taken_after_the_allotment_is_explained(new_yard: Any) -> None:
    yard = new_yard("taken", params=ONE_NODE.format(extra=""))
    rpc = yard.json("up", "--wait", "none")["endpoints"]["nodes"][0]["execution"]["rpc"]
    yard.run("stop")
    with socket.create_server(("127.0.0.1", int(rpc.rpartition(":")[2]))):
        done = yard.run("start", check=1)
    assert "el-1-geth-prysm" in done.stderr
    assert "in use" in done.stderr or "taken" in done.stderr
    assert rpc.rpartition(":")[2] in done.stderr


def test_slots_that_the_client_cannot_run_are_refused_before_anything_starts(new_yard: Any) -> None:
    yard = new_yard("fast", params=ONE_NODE.format(extra="").replace("slot: 2", "slot: 1"))
    done = yard.run("up", check=2)
    assert "network_params.yaml:" in done.stderr
    assert "2000 ms" in done.stderr
    assert yard.json("ls") == []
    assert not yard.processes()
