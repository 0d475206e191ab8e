"""``participants``: the 77 keys of an entry, and a Participant, resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainyard.spec import components
from chainyard.spec.kinds import (
    BOOLEAN,
    COUNT,
    ENVIRONMENT,
    FLAG,
    LABELS,
    TEXT,
    TEXTS,
    Choice,
    Integer,
    ListOf,
    Nullable,
)
from chainyard.spec.nodes import FrozenMap
from chainyard.spec.table import Record, Table, key, record

MAX_KEYS = 1 << 32
"""EIP-2333: an index in a key path is below 2^32."""

EMPTY = FrozenMap()
_MILLICORES = "in millicores, 0 for none"
_MEGABYTES = "in MB, 0 for none"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_LEVEL = Choice(
    (*components.LOG_LEVELS, components.CUSTOM_LOG_LEVEL), empty=True, meaning="log level"
)


@record
class Toleration(Record):
    """A Kubernetes toleration."""

    operator: str = key(Choice(("Exists", "Equal"), empty=True), "", "How the taint compares.")
    value: str = key(TEXT, "", "Value of the taint, for Equal.")
    effect: str = key(Choice(_EFFECTS, empty=True), "", "Effect that is tolerated; empty for all.")
    toleration_seconds: int = key(COUNT, 0, "Seconds for which NoExecute is tolerated.")
    # Last, because from here on "key" is this field.
    key: str = key(TEXT, "", "Taint that is tolerated; empty for all.")


TOLERATIONS = ListOf(Table(Toleration))


@record
class PrometheusConfig(Record):
    """How Prometheus scrapes a node."""

    scrape_interval: str = key(TEXT, "15s", "Time between two scrapes.")
    labels: Mapping[str, str] | None = key(
        Nullable(LABELS), None, "Labels added to what is scraped."
    )


@record
class BuilderNetworkParams(Record):
    """External relays of a node."""

    relay_end_points: tuple[str, ...] = key(TEXTS, (), "URLs of external relays.")


@record
class Participant(Record):
    """A node: an execution client, a consensus client, perhaps a validator client.

    Attributes are the keys of the file, with every "empty means the default" resolved. Further:

    ``index`` counts from 1. ``name`` is ``1-geth-prysm``, padded with zeros to the width of the
    number of nodes. ``el_service`` is empty for a node without an execution client. ``vc_service``
    is None if nothing runs: no keys, or the beacon node validates by itself. ``first_key`` is the
    index of its first key: it holds [first_key, first_key + validator_count) of the mnemonic.
    """

    index: int
    name: str
    el_service: str
    cl_service: str
    vc_service: str | None
    first_key: int

    el_type: str = key(
        Choice(components.EL_TYPES, meaning="execution client"),
        "geth",
        "Execution client; None for a node that has none.",
    )
    el_image: str = key(TEXT, "", "Its image; empty for the client's default.")
    el_binary_path: str = key(TEXT, "", "A program on this machine to run instead.")
    el_log_level: str = key(_LEVEL, "", "Log level; empty for global_log_level.")
    el_storage_type: str = key(
        Choice(("full", "archive"), empty=True),
        "",
        "How much state is kept; empty for the client's default.",
    )
    el_extra_env_vars: Mapping[str, str] = key(ENVIRONMENT, EMPTY, "Environment variables.")
    el_extra_labels: Mapping[str, str] = key(LABELS, EMPTY, "Labels of its service.")
    el_extra_params: tuple[str, ...] = key(TEXTS, (), "Arguments appended to its command line.")
    el_extra_mounts: Mapping[str, str] = key(
        LABELS, EMPTY, "Folders to mount, each named after a key of extra_files."
    )
    el_devices: tuple[str, ...] = key(TEXTS, (), "Devices of the host it may use.")
    el_tolerations: tuple[Toleration, ...] = key(TOLERATIONS, (), "Kubernetes tolerations.")
    el_volume_size: int = key(COUNT, 0, "Size of its volume in MB; 0 for the network's default.")
    el_min_cpu: int = key(COUNT, 0, f"CPU request {_MILLICORES}.")
    el_max_cpu: int = key(COUNT, 0, f"CPU limit {_MILLICORES}.")
    el_min_mem: int = key(COUNT, 0, f"Memory request {_MEGABYTES}.")
    el_max_mem: int = key(COUNT, 0, f"Memory limit {_MEGABYTES}.")
    el_force_restart: bool = key(BOOLEAN, False, "Start it anew on every run.")

    cl_type: str = key(
        Choice(components.CL_TYPES, meaning="consensus client"), "lighthouse", "Consensus client."
    )
    cl_image: str = key(TEXT, "", "Its image; empty for the default of client and preset.")
    cl_binary_path: str = key(TEXT, "", "A program on this machine to run instead.")
    cl_log_level: str = key(_LEVEL, "", "Log level; empty for global_log_level.")
    cl_extra_env_vars: Mapping[str, str] = key(ENVIRONMENT, EMPTY, "Environment variables.")
    cl_extra_labels: Mapping[str, str] = key(LABELS, EMPTY, "Labels of its service.")
    cl_extra_params: tuple[str, ...] = key(TEXTS, (), "Arguments appended to its command line.")
    cl_extra_mounts: Mapping[str, str] = key(
        LABELS, EMPTY, "Folders to mount, each named after a key of extra_files."
    )
    cl_devices: tuple[str, ...] = key(TEXTS, (), "Devices of the host it may use.")
    cl_tolerations: tuple[Toleration, ...] = key(TOLERATIONS, (), "Kubernetes tolerations.")
    cl_volume_size: int = key(COUNT, 0, "Size of its volume in MB; 0 for the network's default.")
    cl_min_cpu: int = key(COUNT, 0, f"CPU request {_MILLICORES}.")
    cl_max_cpu: int = key(COUNT, 0, f"CPU limit {_MILLICORES}.")
    cl_min_mem: int = key(COUNT, 0, f"Memory request {_MEGABYTES}.")
    cl_max_mem: int = key(COUNT, 0, f"Memory limit {_MEGABYTES}.")
    cl_force_restart: bool = key(BOOLEAN, False, "Start it anew on every run.")
    supernode: bool = key(BOOLEAN, False, "Keep every data column (PeerDAS).")

    use_separate_vc: bool = key(
        FLAG, None, "Run the validator client as a service of its own; null lets the client decide."
    )
    vc_type: str = key(
        Choice(components.VC_TYPES, empty=True, meaning="validator client"),
        "",
        "Validator client; empty for the one of the consensus client.",
    )
    vc_image: str = key(TEXT, "", "Its image; empty: after the consensus client's image.")
    vc_binary_path: str = key(TEXT, "", "A program on this machine to run instead.")
    vc_log_level: str = key(_LEVEL, "", "Log level; empty for global_log_level.")
    vc_extra_env_vars: Mapping[str, str] = key(ENVIRONMENT, EMPTY, "Environment variables.")
    vc_extra_labels: Mapping[str, str] = key(LABELS, EMPTY, "Labels of its service.")
    vc_extra_params: tuple[str, ...] = key(TEXTS, (), "Arguments appended to its command line.")
    vc_extra_mounts: Mapping[str, str] = key(
        LABELS, EMPTY, "Folders to mount, each named after a key of extra_files."
    )
    vc_devices: tuple[str, ...] = key(TEXTS, (), "Devices of the host it may use.")
    vc_tolerations: tuple[Toleration, ...] = key(TOLERATIONS, (), "Kubernetes tolerations.")
    vc_min_cpu: int = key(COUNT, 0, f"CPU request {_MILLICORES}.")
    vc_max_cpu: int = key(COUNT, 0, f"CPU limit {_MILLICORES}.")
    vc_min_mem: int = key(COUNT, 0, f"Memory request {_MEGABYTES}.")
    vc_max_mem: int = key(COUNT, 0, f"Memory limit {_MEGABYTES}.")
    vc_force_restart: bool = key(BOOLEAN, False, "Start it anew on every run.")
    validator_count: int = key(
        Nullable(Integer(0, MAX_KEYS)),
        None,
        "Validator keys of this node; null for num_validator_keys_per_node, 0 for none.",
    )

    use_remote_signer: bool = key(FLAG, None, "Let a signer of its own hold the keys.")
    remote_signer_type: str = key(
        Choice(components.SIGNER_TYPES, meaning="remote signer"), "web3signer", "Remote signer."
    )
    remote_signer_image: str = key(TEXT, "", "Its image; empty for the default.")
    remote_signer_extra_env_vars: Mapping[str, str] = key(
        ENVIRONMENT, EMPTY, "Environment variables."
    )
    remote_signer_extra_labels: Mapping[str, str] = key(LABELS, EMPTY, "Labels of its service.")
    remote_signer_extra_params: tuple[str, ...] = key(
        TEXTS, (), "Arguments appended to its command line."
    )
    remote_signer_tolerations: tuple[Toleration, ...] = key(
        TOLERATIONS, (), "Kubernetes tolerations."
    )
    remote_signer_min_cpu: int = key(COUNT, 0, f"CPU request {_MILLICORES}.")
    remote_signer_max_cpu: int = key(COUNT, 0, f"CPU limit {_MILLICORES}.")
    remote_signer_min_mem: int = key(COUNT, 0, f"Memory request {_MEGABYTES}.")
    remote_signer_max_mem: int = key(COUNT, 0, f"Memory limit {_MEGABYTES}.")

    node_selectors: Mapping[str, str] = key(
        LABELS, EMPTY, "Kubernetes node labels; empty for global_node_selectors."
    )
    tolerations: tuple[Toleration, ...] = key(
        TOLERATIONS, (), "For services without tolerations of their own; then global_tolerations."
    )
    count: int = key(COUNT, 1, "How many nodes of this kind.")
    snooper_enabled: bool = key(FLAG, None, "Put a logging proxy between its clients.")
    ethereum_metrics_exporter_enabled: bool = key(FLAG, None, "Run a metrics exporter beside it.")
    xatu_sentry_enabled: bool = key(FLAG, None, "Run a Xatu sentry beside it.")
    prometheus_config: PrometheusConfig = key(
        Table(PrometheusConfig), PrometheusConfig(), "How Prometheus scrapes it."
    )
    blobber_enabled: bool = key(BOOLEAN, False, "Put the proxy that misbehaves with blobs into it.")
    blobber_extra_params: tuple[str, ...] = key(TEXTS, (), "Arguments of that proxy.")
    blobber_image: str = key(TEXT, "ethpandaops/blobber:latest", "Image of that proxy.")
    builder_network_params: BuilderNetworkParams | None = key(
        Nullable(Table(BuilderNetworkParams)), None, "External relays."
    )
    keymanager_enabled: bool = key(FLAG, None, "Serve the validator client's key manager API.")
    vc_beacon_node_indices: tuple[int, ...] = key(
        Nullable(ListOf(COUNT)),
        None,
        "Beacon nodes that its validator client uses, counted from 0; null or [] for its own.",
    )
    checkpoint_sync_enabled: bool = key(FLAG, None, "Start from a checkpoint instead of genesis.")
    skip_start: bool = key(BOOLEAN, False, "Create the beacon node, and leave it stopped.")

    @property
    def validates(self) -> bool:
        """Whether it has validator keys."""
        return self.validator_count > 0


def resolved_type(values: Mapping[str, Any]) -> str:
    """The validator client of an entry: the one named, else the one of its consensus client."""
    cl_type = str(values["cl_type"])
    return str(values["vc_type"]) or components.VC_INSTEAD.get(cl_type, cl_type)
