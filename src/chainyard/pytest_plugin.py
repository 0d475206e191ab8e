"""A pytest plugin: a running network as a fixture.

    def test_blocks(chainyard_network):
        chainyard_network.wait_for_block(3)

The network is made once a session, from ``--chainyard-params FILE`` (or the ini value
``chainyard_params``), else from the built-in default; override the fixture ``chainyard_spec`` or
``chainyard_settings`` to make it from anything else. It is removed at the end, whatever happens.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chainyard import Network, Settings, Spec

OPTION, INI = "--chainyard-params", "chainyard_params"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the ini value that name the network's file."""
    words = "network_params.yaml of the chainyard_network fixture"
    parser.getgroup("chainyard").addoption(OPTION, metavar="FILE", help=words)
    parser.addini(INI, words)


@pytest.fixture(scope="session")
def chainyard_params(pytestconfig: pytest.Config) -> Path:
    """The file that the network is made from."""
    from chainyard.network.naming import spec_file  # noqa: PLC0415 - loaded with every pytest run

    given = pytestconfig.getoption(OPTION) or pytestconfig.getini(INI)
    return spec_file((pytestconfig.rootpath / given) if given else None)


@pytest.fixture(scope="session")
def chainyard_spec(chainyard_params: Path) -> Spec:
    """The spec that the network is made from; override it to change anything."""
    from chainyard import load_spec  # noqa: PLC0415 - loaded with every pytest run

    return load_spec(chainyard_params)


@pytest.fixture(scope="session")
def chainyard_settings(chainyard_params: Path) -> Settings:
    """Chainyard's own settings: ``chainyard.yaml`` beside the file, if there is one."""
    from chainyard.network.naming import settings_for  # noqa: PLC0415 - loaded with every pytest run

    return settings_for(chainyard_params)


@pytest.fixture(scope="session")
def chainyard_network(chainyard_spec: Spec, chainyard_settings: Settings) -> Iterator[Network]:
    """A network with a first block on every node; removed when the session ends."""
    from chainyard import Network  # noqa: PLC0415 - loaded with every pytest run

    name = f"pytest-{os.getpid()}"
    with Network.create(chainyard_spec, name=name, settings=chainyard_settings) as network:
        yield network
