"""Small programs that tests run as services, and helpers around them."""

import time
from pathlib import Path

import psutil

from chainyard.plan.model import Plan
from chainyard.service import Port, Program, Service, Stop, Text

SHELL = Path("/bin/sh")
IDLE = "trap 'exit 0' TERM; echo up; sleep 1000 & wait"
STUBBORN = "trap '' TERM; echo up; while :; do sleep 1000; done"


def shell(name, script=IDLE, *parts, order=0, patience=5.0, **more):
    """A service that runs a shell script; ``parts`` are its $1, $2 …"""
    args = (Text.of("-c"), Text.of(script), Text.of(name), *(Text.of(part) for part in parts))
    stop = Stop(order=order, patience=patience)
    return Service(name, Program("sh"), args=args, stop=stop, **more)


def plan_of(*services):
    return Plan("test", services)


def programs_of(plan):
    return dict.fromkeys(plan.names(), SHELL)


def eventually(condition, timeout=15.0):
    """Wait until a condition holds; returns its value."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)
    return value


def processes_in(folder):
    """Living processes that work in a folder or name it on their command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.cwd().startswith(str(folder)) or str(folder) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def port(name, number, *transport):
    return Port(name, number, transport or ("tcp",))
