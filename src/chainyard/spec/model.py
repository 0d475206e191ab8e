"""The root of the file, and the Spec that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from chainyard.spec import components
from chainyard.spec.builders import BuildoorParams, ZkboostParams
from chainyard.spec.disturbers import (
    BootnodoorParams,
    DisruptoorParams,
    MempoolBridgeParams,
    RakoonParams,
    SlashoorParams,
    SpamoorParams,
    TxFuzzParams,
)
from chainyard.spec.kinds import BOOLEAN, LABELS, PORT, TEXT, Choice, ListOf, Nullable
from chainyard.spec.mev import MevParams
from chainyard.spec.network_params import NetworkParams
from chainyard.spec.nodes import FrozenMap, Node, Position
from chainyard.spec.observers import (
    AssertoorParams,
    BlockscoutParams,
    CheckpointzParams,
    DockerCacheParams,
    DoraParams,
    GenesisGeneratorParams,
    GrafanaParams,
    PrometheusParams,
    SnooperParams,
    TempoParams,
    TrueblocksParams,
    XatuSentryParams,
)
from chainyard.spec.participants import TOLERATIONS, Participant, Toleration
from chainyard.spec.port_publisher import PortPublisher
from chainyard.spec.reading import Reading
from chainyard.spec.table import Record, Table, key, record


class _Later:
    """Keys that are read by a module of their own, after all others."""

    def __init__(self, label: str) -> None:
        self.label = label

    def read(self, node: Node, key: str, reading: Reading) -> Any:  # noqa: ARG002
        return node


def _params(cls: type[Any], meaning: str) -> Any:
    return key(Table(cls), cls(), meaning)


@record
class Spec(Record):
    """What the user asked for: every key of the file with its default, all rules applied.

    ``participants`` are expanded (matrix, then count) and resolved. ``given`` holds the place of
    every key that the user wrote, by dotted key (``participants[0].el_type``). ``path`` is empty
    and positions are 0 for a Spec that came from no file. ``text`` is the file as given.
    """

    participants: tuple[Participant, ...] = key(
        _Later("a list of maps"), (), "The nodes; none given: one with all defaults."
    )
    participants_matrix: Mapping[str, Any] = key(
        _Later("a map of el, cl, vc, remote_signer and count"),
        FrozenMap(),
        "Nodes of every combination, after those of participants.",
    )
    network_params: NetworkParams = key(_Later("a map"), None, "The chain.")
    additional_services: tuple[str, ...] = key(
        ListOf(Choice(components.ADDITIONAL_SERVICES, meaning="additional service")),
        (),
        "Services beside the nodes, in the order in which they start.",
    )
    extra_files: Mapping[str, str] = key(
        LABELS, FrozenMap(), "Contents of files to mount, by name.", secret=True
    )
    wait_for_finalization: bool = key(BOOLEAN, False, "Be ready only when the chain finalizes.")
    global_log_level: str = key(
        Choice(components.LOG_LEVELS, meaning="log level"), "info", "Log level of all clients."
    )
    snooper_enabled: bool = key(BOOLEAN, False, "Deprecated: snooper_params.enabled.")
    ethereum_metrics_exporter_enabled: bool = key(
        BOOLEAN, False, "Default of ethereum_metrics_exporter_enabled of every participant."
    )
    xatu_sentry_enabled: bool = key(
        BOOLEAN, False, "Default of xatu_sentry_enabled of every participant."
    )
    parallel_keystore_generation: bool = key(
        BOOLEAN, False, "Make the keystores of all nodes at once."
    )
    disable_peer_scoring: bool = key(BOOLEAN, False, "Let no consensus client drop bad peers.")
    persistent: bool = key(BOOLEAN, False, "Keep data on volumes.")
    mev_type: str | None = key(
        Nullable(Choice(components.MEV_TYPES, meaning="MEV type")), None, "How blocks are built."
    )
    nginx_port: int = key(PORT, 9090, "Port of the file server on the host.")
    apache_port: int | None = key(Nullable(PORT), None, "Deprecated: nginx_port.")
    global_tolerations: tuple[Toleration, ...] = key(
        TOLERATIONS, (), "Kubernetes tolerations of services that have none of their own."
    )
    global_node_selectors: Mapping[str, str] = key(
        LABELS, FrozenMap(), "Kubernetes node labels of services that have none of their own."
    )
    keymanager_enabled: bool = key(
        BOOLEAN, False, "Default of keymanager_enabled of every participant."
    )
    checkpoint_sync_enabled: bool = key(
        BOOLEAN, False, "Default of checkpoint_sync_enabled; true for public networks."
    )
    checkpoint_sync_url: str = key(
        TEXT, "", "Where checkpoints come from; empty for what the network has."
    )
    blockscout_params: BlockscoutParams = _params(BlockscoutParams, "Block explorer.")
    dora_params: DoraParams = _params(DoraParams, "Slot explorer.")
    checkpointz_params: CheckpointzParams = _params(CheckpointzParams, "Server of checkpoints.")
    assertoor_params: AssertoorParams = _params(AssertoorParams, "Runner of tests.")
    prometheus_params: PrometheusParams = _params(PrometheusParams, "Metrics database.")
    grafana_params: GrafanaParams = _params(GrafanaParams, "Dashboards.")
    tempo_params: TempoParams = _params(TempoParams, "Trace database.")
    spamoor_params: SpamoorParams = _params(SpamoorParams, "Sender of transactions.")
    tx_fuzz_params: TxFuzzParams = _params(TxFuzzParams, "Sender of random transactions.")
    rakoon_params: RakoonParams = _params(RakoonParams, "Fuzzer of transactions.")
    snooper_params: SnooperParams = _params(SnooperParams, "Logging proxy between clients.")
    bootnodoor_params: BootnodoorParams = _params(BootnodoorParams, "Bootnode.")
    slashoor_params: SlashoorParams = _params(SlashoorParams, "Slasher.")
    disruptoor_params: DisruptoorParams = _params(DisruptoorParams, "Disturber of the network.")
    mempool_bridge_params: MempoolBridgeParams = _params(
        MempoolBridgeParams, "Bringer of transactions from a public network."
    )
    xatu_sentry_params: XatuSentryParams = _params(XatuSentryParams, "Collector of events.")
    trueblocks_params: TrueblocksParams = _params(TrueblocksParams, "Index of appearances.")
    zkboost_params: ZkboostParams = _params(ZkboostParams, "Maker of execution proofs.")
    buildoor_params: BuildoorParams = _params(BuildoorParams, "Block builders.")
    ethereum_genesis_generator_params: GenesisGeneratorParams = _params(
        GenesisGeneratorParams, "Variables of the genesis."
    )
    docker_cache_params: DockerCacheParams = _params(DockerCacheParams, "Registry in front.")
    mev_params: MevParams = key(_Later("a map"), MevParams(), "Builders and relays.")
    port_publisher: PortPublisher = _params(PortPublisher, "Ports bound outside.")

    given: Mapping[str, Position] = field(default_factory=FrozenMap, repr=False, compare=False)
    path: str = field(default="", compare=False)
    text: str = field(default="", repr=False, compare=False)

    @property
    def validator_count(self) -> int:
        """Validator keys that the participants hold."""
        return sum(participant.validator_count for participant in self.participants)


LATER = ("participants", "participants_matrix", "network_params", "mev_params")
