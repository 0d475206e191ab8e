"""Where Chainyard keeps things on this machine.

``$CHAINYARD_HOME`` holds everything when it is set (networks and cache), which is how tests and
CI keep to themselves. Without it: the platform's data folder for networks, its cache folder for
what can be fetched or derived again. ``$CHAINYARD_CACHE`` moves the cache alone, so that many homes
can share what took minutes to build.
"""

from __future__ import annotations

import os
from pathlib import Path


def data_dir() -> Path:
    """The folder of all networks: ``$CHAINYARD_HOME`` or the platform's data folder."""
    if home := os.environ.get("CHAINYARD_HOME"):
        return Path(home).expanduser().absolute()
    from platformdirs import user_data_path  # noqa: PLC0415 - start-up time

    return user_data_path("chainyard", appauthor=False)


def networks_dir() -> Path:
    """The parent of every network's folder."""
    return data_dir() / "networks"


def cache_dir() -> Path:
    """Programs, toolchains and derived keys: all of it can be had again."""
    if cache := os.environ.get("CHAINYARD_CACHE"):
        return Path(cache).expanduser().absolute()
    if os.environ.get("CHAINYARD_HOME"):
        return data_dir() / "cache"
    from platformdirs import user_cache_path  # noqa: PLC0415 - start-up time

    return user_cache_path("chainyard", appauthor=False)
