"""Which file and which name a request means."""

from __future__ import annotations

from pathlib import Path

from chainyard.errors import NotFoundError
from chainyard.network.layout import suggest_name
from chainyard.spec.settings import Settings, load_settings

SPEC_FILE, SETTINGS_FILE = "network_params.yaml", "chainyard.yaml"


def default_file() -> Path:
    """The built-in default network: in an installed package, or at the root of a checkout.

    Raises:
        NotFoundError: neither is there.
    """
    package = Path(__file__).parents[1]
    for path in (package / SPEC_FILE, package.parents[1] / SPEC_FILE):
        if path.is_file():
            return path
    raise NotFoundError("no FILE was given and this folder has no network_params.yaml")


def spec_file(given: Path | None) -> Path:
    """The file that is meant: the one given, this folder's, or the built-in default."""
    if given is not None:
        return given
    here = Path(SPEC_FILE)
    return here if here.exists() else default_file()


def settings_for(given: Path | None) -> Settings:
    """``chainyard.yaml`` beside the file that is meant; defaults if there is none."""
    folder = given.absolute().parent if given is not None else Path.cwd()
    path = folder / SETTINGS_FILE
    return load_settings(path if path.exists() else None)


def name_for(given: Path | None, settings: Settings | None = None) -> str:
    """The name of a network that nobody named: from ``chainyard.yaml``, else the folder's."""
    settings = settings or settings_for(given)
    if settings.name:
        return settings.name
    folder = given.absolute().parent if given is not None else Path.cwd()
    return suggest_name(folder.name)
