"""Parameters of the services that load, feed or disturb a chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainyard.spec.kinds import (
    BOOLEAN,
    COUNT,
    LABELS,
    TEXT,
    TEXTS,
    Choice,
    Integer,
    ListOf,
    Nullable,
    Settings,
    Text,
    Word,
)
from chainyard.spec.nodes import FrozenMap
from chainyard.spec.observers import EMPTY, IMAGE, MAX_CPU, MAX_MEM, MIN_CPU, MIN_MEM
from chainyard.spec.table import Record, Table, key, record

_ARGS = "Arguments of the service."
_COMPONENTS = ListOf(Choice(("el", "cl", "vc", "all"), meaning="component"))
_PARTICIPANTS = ListOf(Integer(1))

DEFAULT_SPAMMERS = (
    FrozenMap(
        scenario="eoatx",
        name="Plain transactions",
        description="200 transfers per slot",
        config=FrozenMap(throughput=200, max_pending=400, max_wallets=200, base_fee=20),
    ),
    FrozenMap(
        scenario="blob-combined",
        name="Blob transactions",
        description="6 blob transactions per slot, of 1 or 2 blobs",
        config=FrozenMap(
            throughput=6, sidecars=2, max_pending=6, max_wallets=20, base_fee=20, blob_fee=20
        ),
    ),
)


@record
class SpamoorParams(Record):
    """Sender of transactions."""

    image: str = key(TEXT, "ethpandaops/spamoor:latest", IMAGE)
    min_cpu: int = key(COUNT, 100, MIN_CPU)
    max_cpu: int = key(COUNT, 2000, MAX_CPU)
    min_mem: int = key(COUNT, 100, MIN_MEM)
    max_mem: int = key(COUNT, 800, MAX_MEM)
    spammers: tuple[Mapping[str, Any], ...] = key(
        ListOf(Settings()), DEFAULT_SPAMMERS, "What is sent: scenario, name, description, config."
    )
    start_chainload: bool = key(BOOLEAN, True, "Start the usual load.")
    start_fuzzing: bool = key(BOOLEAN, False, "Start the fuzzing load.")
    defaults: tuple[str, ...] = key(TEXTS, (), "Ready-made sets of spammers to start.")
    extra_args: tuple[str, ...] = key(TEXTS, (), _ARGS)


@record
class TxFuzzParams(Record):
    """Sender of random transactions."""

    image: str = key(TEXT, "ethpandaops/tx-fuzz:master", IMAGE)
    tx_fuzz_extra_args: tuple[str, ...] = key(TEXTS, (), _ARGS)


@record
class RakoonParams(Record):
    """Fuzzer of transactions."""

    image: str = key(TEXT, "ethpandaops/fuzztools:main", IMAGE)
    tx_type: str = key(TEXT, "eip7702", "Type of the transactions.")
    workers: int = key(COUNT, 50, "Senders at work at once.")
    batch_size: int = key(COUNT, 100, "Transactions sent at once.")
    seed: str = key(
        Text("text, or a number", numbers=True), "", "Seed of the random numbers; empty for any."
    )
    fuzzing: bool = key(BOOLEAN, True, "Send invalid transactions too.")
    poll_interval: str = key(
        Text("text, or a number", numbers=True), "", "How often results are asked for."
    )
    extra_args: tuple[str, ...] = key(TEXTS, (), _ARGS)


@record
class BootnodoorParams(Record):
    """Bootnode of both layers."""

    image: str = key(TEXT, "ethpandaops/bootnodoor:latest", IMAGE)
    min_cpu: int = key(COUNT, 100, MIN_CPU)
    max_cpu: int = key(COUNT, 1000, MAX_CPU)
    min_mem: int = key(COUNT, 128, MIN_MEM)
    max_mem: int = key(COUNT, 512, MAX_MEM)
    separate_keys: bool = key(BOOLEAN, False, "A node key of its own for each layer.")
    extra_args: tuple[str, ...] = key(TEXTS, (), _ARGS)


@record
class SlashoorParams(Record):
    """Slasher."""

    image: str = key(TEXT, "ethpandaops/slashoor:latest", IMAGE)
    min_cpu: int = key(COUNT, 100, MIN_CPU)
    max_cpu: int = key(COUNT, 1000, MAX_CPU)
    min_mem: int = key(COUNT, 128, MIN_MEM)
    max_mem: int = key(COUNT, 512, MAX_MEM)
    log_level: str = key(TEXT, "info", "Log level.")
    beacon_timeout: str = key(TEXT, "30s", "How long a beacon node may take to answer.")
    max_epochs_to_keep: int = key(COUNT, 54000, "Epochs of attestations that are remembered.")
    backfill_slots: int = key(COUNT, 64, "Slots looked back at when it starts.")
    detector_enabled: bool = key(BOOLEAN, True, "Look for double and surround votes.")
    proposer_enabled: bool = key(BOOLEAN, True, "Look for double proposals.")
    submitter_enabled: bool = key(BOOLEAN, True, "Submit what is found.")
    submitter_dry_run: bool = key(BOOLEAN, False, "Only say what would be submitted.")
    dora_enabled: bool = key(BOOLEAN, True, "Ask the slot explorer for orphaned blocks.")
    dora_url: str = key(TEXT, "", "Its address; empty for the one of this network.")
    dora_scan_on_startup: bool = key(BOOLEAN, True, "Ask it when starting.")
    extra_args: tuple[str, ...] = key(TEXTS, (), _ARGS)


@record
class PartitionGroup(Record):
    """One side of a partition: by number, by label or by selector."""

    participants: tuple[int, ...] = key(_PARTICIPANTS, (), "Participants, counted from 1.")
    labels: Mapping[str, str] = key(LABELS, EMPTY, "Labels of its services.")
    selector: Any = key(Nullable(Settings()), None, "A selector of services.")


@record
class Partition(Record):
    """Groups of nodes that cannot reach each other."""

    name: str = key(TEXT, "", "Name of the partition.", required=True)
    groups: tuple[PartitionGroup, ...] = key(ListOf(Table(PartitionGroup)), (), "Its sides.")
    components: tuple[str, ...] = key(_COMPONENTS, (), "Which services are cut off.")
    scope: str = key(TEXT, "", "Which traffic is cut.")


@record
class Shaping(Record):
    """Nodes whose traffic is slowed or lost."""

    name: str = key(TEXT, "", "Name of the rule.", required=True)
    participants: tuple[int, ...] = key(_PARTICIPANTS, (), "Participants, counted from 1.")
    components: tuple[str, ...] = key(_COMPONENTS, (), "Which services are slowed.")
    delay: str = key(TEXT, "", "Time added to every packet.")
    jitter: str = key(TEXT, "", "How much that time varies.")
    loss: str = key(Word(), "", "Share of packets lost.")
    bandwidth: str = key(Word(), "", "Most traffic that passes.")
    direction: str = key(TEXT, "", "Direction of the traffic.")
    include_control: bool = key(BOOLEAN, False, "Slow the APIs too, not only P2P.")


@record
class DisruptoorParams(Record):
    """Disturber of the network between nodes."""

    image: str = key(TEXT, "ethpandaops/disruptoor:latest", IMAGE)
    min_cpu: int = key(COUNT, 100, MIN_CPU)
    max_cpu: int = key(COUNT, 1000, MAX_CPU)
    min_mem: int = key(COUNT, 128, MIN_MEM)
    max_mem: int = key(COUNT, 512, MAX_MEM)
    log_level: str = key(TEXT, "info", "Log level.")
    log_format: str = key(TEXT, "json", "Form of the log.")
    partitions: tuple[Partition, ...] = key(ListOf(Table(Partition)), (), "Partitions to make.")
    shaping: tuple[Shaping, ...] = key(ListOf(Table(Shaping)), (), "Traffic to slow.")
    config: Mapping[str, Any] = key(
        Settings(), EMPTY, "A whole configuration, in place of the two lists."
    )
    extra_args: tuple[str, ...] = key(TEXTS, (), _ARGS)


@record
class MempoolBridgeParams(Record):
    """Bringer of transactions from a public network."""

    image: str = key(TEXT, "ethpandaops/mempool-bridge:latest", IMAGE)
    source_enodes: tuple[str, ...] = key(TEXTS, (), "Nodes that transactions come from.")
    mode: str = key(Choice(("p2p", "rpc"), meaning="mode"), "p2p", "How they are read.")
    log_level: str = key(TEXT, "", "Log level; empty for global_log_level.")
    send_concurrency: int = key(COUNT, 10, "Transactions sent at once.")
    polling_interval: str = key(TEXT, "10s", "How often nodes are asked.")
    retry_interval: str = key(TEXT, "30s", "When a lost node is tried again.")
