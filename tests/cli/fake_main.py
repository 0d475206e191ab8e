"""The command in a process of its own, on `FakeNetwork`. ``READY=FILE``: wait there in ``up``."""

import os
import sys
from pathlib import Path

from fake_network import FakeNetwork, wait_for_ever

import chainyard.network.network as room
from chainyard.cli import main


def _say_ready_and_wait(progress):
    Path(os.environ["READY"]).touch()
    wait_for_ever(progress)


if os.environ.get("READY"):
    FakeNetwork.during_up = _say_ready_and_wait
room.Network = FakeNetwork
sys.argv[0] = "chainyard"
main()
