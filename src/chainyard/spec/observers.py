"""Parameters of the services that watch, show and test a chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainyard.spec.kinds import (
    BOOLEAN,
    COUNT,
    ENVIRONMENT,
    TEXT,
    TEXTS,
    Either,
    Integer,
    ListOf,
    Settings,
)
from chainyard.spec.nodes import FrozenMap, MapNode
from chainyard.spec.table import Record, Table, key, record

EMPTY = FrozenMap()
IMAGE = "Image of the service."
ENV = "Environment variables."
MIN_CPU = "CPU request in millicores."
MAX_CPU = "CPU limit in millicores."
MIN_MEM = "Memory request in MB."
MAX_MEM = "Memory limit in MB."


@record
class BlockscoutParams(Record):
    """Block explorer."""

    image: str = key(TEXT, "ghcr.io/blockscout/blockscout:latest", "Image of the backend.")
    verif_image: str = key(
        TEXT, "ghcr.io/blockscout/smart-contract-verifier:latest", "Image of the verifier."
    )
    frontend_image: str = key(TEXT, "ghcr.io/blockscout/frontend:latest", "Image of the page.")
    env: Mapping[str, str] = key(ENVIRONMENT, EMPTY, "Environment of all three.")


@record
class DoraParams(Record):
    """Slot explorer."""

    image: str = key(TEXT, "ethpandaops/dora:latest", IMAGE)
    env: Mapping[str, str] = key(ENVIRONMENT, EMPTY, ENV)


@record
class CheckpointzParams(Record):
    """Server of checkpoints."""

    image: str = key(TEXT, "ethpandaops/checkpointz:latest", IMAGE)


_TEST = Either(
    "a playbook's address, or a map with it as file",
    lambda node: Settings() if isinstance(node, MapNode) else TEXT,
)


@record
class AssertoorParams(Record):
    """Runner of tests on the network."""

    image: str = key(TEXT, "ethpandaops/assertoor:latest", IMAGE)
    run_stability_check: bool = key(BOOLEAN, False, "Check that the chain stays stable.")
    run_block_proposal_check: bool = key(BOOLEAN, False, "Check that every client proposes.")
    run_transaction_test: bool = key(BOOLEAN, False, "Send transactions.")
    run_blob_transaction_test: bool = key(BOOLEAN, False, "Send blob transactions.")
    run_opcodes_transaction_test: bool = key(BOOLEAN, False, "Send contracts of random opcodes.")
    run_lifecycle_test: bool = key(BOOLEAN, False, "Take validators from deposit to withdrawal.")
    tests: tuple[str | Mapping[str, Any], ...] = key(
        ListOf(_TEST), (), "Further playbooks: an address, or a map of file, id, config."
    )


@record
class PrometheusParams(Record):
    """Metrics database."""

    image: str = key(TEXT, "prom/prometheus:v3.2.1", IMAGE)
    storage_tsdb_retention_time: str = key(TEXT, "1d", "How long metrics are kept.")
    storage_tsdb_retention_size: str = key(TEXT, "512MB", "How much space metrics may take.")
    min_cpu: int = key(COUNT, 10, MIN_CPU)
    max_cpu: int = key(COUNT, 1000, MAX_CPU)
    min_mem: int = key(COUNT, 128, MIN_MEM)
    max_mem: int = key(COUNT, 2048, MAX_MEM)


@record
class GrafanaParams(Record):
    """Dashboards."""

    image: str = key(TEXT, "grafana/grafana:latest", IMAGE)
    additional_dashboards: tuple[str, ...] = key(TEXTS, (), "Locators of further dashboards.")
    min_cpu: int = key(COUNT, 10, MIN_CPU)
    max_cpu: int = key(COUNT, 1000, MAX_CPU)
    min_mem: int = key(COUNT, 128, MIN_MEM)
    max_mem: int = key(COUNT, 2048, MAX_MEM)


@record
class TempoParams(Record):
    """Trace database."""

    image: str = key(TEXT, "grafana/tempo:latest", IMAGE)
    min_cpu: int = key(COUNT, 10, MIN_CPU)
    max_cpu: int = key(COUNT, 1000, MAX_CPU)
    min_mem: int = key(COUNT, 128, MIN_MEM)
    max_mem: int = key(COUNT, 2048, MAX_MEM)


@record
class XatuSentryParams(Record):
    """Collector of beacon events."""

    xatu_sentry_image: str = key(TEXT, "ethpandaops/xatu:latest", IMAGE)
    xatu_server_addr: str = key(TEXT, "localhost:8080", "Where events are sent.")
    xatu_server_tls: bool = key(BOOLEAN, False, "Send them over TLS.")
    xatu_server_headers: Mapping[str, str] = key(
        ENVIRONMENT, EMPTY, "Headers sent with them.", secret=True
    )
    beacon_subscriptions: tuple[str, ...] = key(
        TEXTS,
        (
            "attestation",
            "single_attestation",
            "block",
            "block_gossip",
            "chain_reorg",
            "finalized_checkpoint",
            "head",
            "voluntary_exit",
            "contribution_and_proof",
            "blob_sidecar",
            "data_column_sidecar",
        ),
        "Events that are collected.",
    )


@record
class TrueblocksScrape(Record):
    """How the index of appearances is cut; 0 goes by the network."""

    apps_per_chunk: int = key(COUNT, 0, "Appearances in a chunk.")
    snap_to_grid: int = key(COUNT, 0, "Blocks at which chunks are cut.")
    first_snap: int = key(COUNT, 0, "First block at which a chunk is cut.")
    unripe_dist: int = key(COUNT, 0, "Blocks behind the head that are not indexed yet.")


@record
class TrueblocksParams(Record):
    """Index of address appearances."""

    image: str = key(TEXT, "ethpandaops/trueblocks:v5.9.3", IMAGE)
    config_version: str = key(TEXT, "v5.0.0", "Version of its configuration file.")
    target_rpc_url: str = key(TEXT, "", "Node to index; empty for one of this network.")
    target_index: int = key(Integer(), 0, "Which participant it indexes, counted from 0.")
    scrape: TrueblocksScrape = key(
        Table(TrueblocksScrape), TrueblocksScrape(), "How the index is cut."
    )
    env: Mapping[str, str] = key(ENVIRONMENT, EMPTY, ENV)


@record
class SnooperParams(Record):
    """Logging proxy between clients."""

    enabled: bool = key(BOOLEAN, False, "Default of snooper_enabled of every participant.")
    image: str = key(TEXT, "ethpandaops/rpc-snooper:latest", IMAGE)
    extra_args: tuple[str, ...] = key(TEXTS, (), "Arguments of the proxy.")
    extra_env_vars: Mapping[str, str] = key(ENVIRONMENT, EMPTY, ENV)


@record
class GenesisGeneratorParams(Record):
    """The image that makes the genesis under ethereum-package, and its variables."""

    image: str = key(TEXT, "ethpandaops/ethereum-genesis-generator:6.2.0", IMAGE)
    extra_env: Mapping[str, str] = key(ENVIRONMENT, EMPTY, "Variables of the generator.")


@record
class DockerCacheParams(Record):
    """A registry in front of the public ones."""

    enabled: bool = key(BOOLEAN, False, "Pull images through it.")
    url: str = key(TEXT, "", "Its address.")
    dockerhub_prefix: str = key(TEXT, "/dh/", "Path for Docker Hub.")
    github_prefix: str = key(TEXT, "/gh/", "Path for ghcr.io.")
    google_prefix: str = key(TEXT, "/gcr/", "Path for gcr.io.")
