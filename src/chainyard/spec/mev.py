"""``mev_params``: 20 keys, some defaults of which depend on ``mev_type``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainyard.spec import components
from chainyard.spec.kinds import BOOLEAN, ENVIRONMENT, TEXT, TEXTS, Nullable, Number
from chainyard.spec.nodes import FrozenMap
from chainyard.spec.participants import PrometheusConfig
from chainyard.spec.table import Record, Table, key, record

HELIX_IMAGE = "ghcr.io/gattaca-com/helix-relay:main"
MOCK_IMAGE = "ethpandaops/rustic-builder:main"
MEV_RS_IMAGE = "ethpandaops/mev-rs:main"
MEV_RS_CONFIG = "--mev-builder-config=/config/config.toml"


@record
class MevParams(Record):
    """Builders, relays and what is between them and the validators."""

    mev_relay_image: str = key(TEXT, "ethpandaops/mev-boost-relay:main", "Image of the relay.")
    mev_builder_image: str = key(
        TEXT, "ethpandaops/reth-rbuilder:develop", "Image of the builder's execution client."
    )
    mev_builder_cl_image: str = key(
        TEXT, components.CL_IMAGES["lighthouse"], "Image of the builder's consensus client."
    )
    mev_builder_cl_extra_params: tuple[str, ...] = key(
        TEXTS, (), "Arguments of the builder's consensus client."
    )
    mev_builder_extra_args: tuple[str, ...] = key(TEXTS, (), "Arguments of the builder.")
    mev_builder_subsidy: float = key(
        Number(), 0, "ETH that the builder adds to a bid; needs prefunded_accounts."
    )
    mev_builder_prometheus_config: PrometheusConfig = key(
        Table(PrometheusConfig), PrometheusConfig(), "How Prometheus scrapes the builder."
    )
    mev_boost_image: str = key(TEXT, "ethpandaops/mev-boost:develop", "Image of mev-boost.")
    mev_boost_args: tuple[str, ...] = key(
        TEXTS, ("mev-boost", "--relay-check"), "Command line of mev-boost."
    )
    mev_relay_api_extra_args: tuple[str, ...] = key(TEXTS, (), "Arguments of the relay's API.")
    mev_relay_api_extra_env_vars: Mapping[str, str] = key(
        ENVIRONMENT, FrozenMap(), "Environment of the relay's API."
    )
    mev_relay_housekeeper_extra_args: tuple[str, ...] = key(
        TEXTS, (), "Arguments of the relay's housekeeper."
    )
    mev_relay_housekeeper_extra_env_vars: Mapping[str, str] = key(
        ENVIRONMENT, FrozenMap(), "Environment of the relay's housekeeper."
    )
    mev_relay_website_extra_args: tuple[str, ...] = key(
        TEXTS, (), "Arguments of the relay's website."
    )
    mev_relay_website_extra_env_vars: Mapping[str, str] = key(
        ENVIRONMENT, FrozenMap(), "Environment of the relay's website."
    )
    mock_mev_image: str | None = key(
        Nullable(TEXT), None, "Image of the builder that mev_type mock runs."
    )
    launch_adminer: bool = key(BOOLEAN, False, "Run a page on the relay's database.")
    run_multiple_relays: bool = key(BOOLEAN, False, "Run a helix relay beside the flashbots one.")
    helix_relay_image: str = key(TEXT, HELIX_IMAGE, "Image of the helix relay.")
    commit_boost_config: str = key(TEXT, "", "Template of commit-boost's configuration.")


def mev_defaults(mev_type: str | None, preset: str) -> dict[str, Any]:
    """What ``mev_type`` and the preset change in the defaults."""
    changed: dict[str, Any] = {}
    if preset == "minimal":
        changed["mev_builder_cl_image"] = components.CL_IMAGES_MINIMAL["lighthouse"]
    if mev_type == "helix":
        changed["mev_relay_image"] = HELIX_IMAGE
    elif mev_type == "commit-boost":
        changed["mev_boost_image"] = "ghcr.io/commit-boost/pbs:latest"
    elif mev_type == "mock":
        changed |= {"mev_builder_image": MOCK_IMAGE, "mock_mev_image": MOCK_IMAGE}
    elif mev_type == "mev-rs":
        image = MEV_RS_IMAGE + ("-minimal" if preset == "minimal" else "")
        changed |= {
            "mev_relay_image": image,
            "mev_builder_image": image,
            "mev_boost_image": image,
            "mev_builder_extra_args": (MEV_RS_CONFIG,),
        }
    return changed
