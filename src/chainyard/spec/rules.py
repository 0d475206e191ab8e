"""Rules between the sections of a file."""

from __future__ import annotations

from collections.abc import Callable

from chainyard.spec import components
from chainyard.spec.model import Spec
from chainyard.spec.network_params import FAR_FUTURE_EPOCH
from chainyard.spec.participants import MAX_KEYS
from chainyard.spec.reading import Reading

PEERDAS_KEYS = 128
"""A node with that many validators keeps enough columns for the network to have all of them."""
PERFECT_PEERDAS_NODES = 16


def check(spec: Spec, reading: Reading) -> None:
    """Record every rule that the Spec breaks; about nodes only if all of them are known."""
    for rule in RULES:
        rule(spec, reading)
    if spec.participants and not any(key.startswith("participants") for key in reading.bad):
        for rule in NODE_RULES:
            rule(spec, reading)


def _peerdas(spec: Spec, reading: Reading) -> None:
    params = spec.network_params
    if params.fulu_fork_epoch == FAR_FUTURE_EPOCH or not params.has_own_genesis:
        return
    if params.perfect_peerdas_enabled:
        if len(spec.participants) < PERFECT_PEERDAS_NODES:
            reading.rule(
                ["network_params.perfect_peerdas_enabled"],
                f"perfect_peerdas_enabled takes {PERFECT_PEERDAS_NODES} participants, and there "
                f"are {len(spec.participants)}",
            )
        return
    enough = (p.supernode or p.validator_count >= PEERDAS_KEYS for p in spec.participants)
    if not any(enough):
        reading.rule(
            [
                "network_params.fulu_fork_epoch",
                "network_params.num_validator_keys_per_node",
                "participants",
                "participants_matrix",
                "network_params",
            ],
            f"Fulu is scheduled (fulu_fork_epoch {params.fulu_fork_epoch}), and no node would keep "
            "all data columns",
            expected=f"a participant with supernode: true, one with {PEERDAS_KEYS} or more "
            f"validators, or fulu_fork_epoch: {FAR_FUTURE_EPOCH}",
        )


def _keys(spec: Spec, reading: Reading) -> None:
    count = max(spec.validator_count, spec.network_params.preregistered_validator_count)
    if count > MAX_KEYS:
        reading.rule(
            ["participants", "participants_matrix", "network_params.num_validator_keys_per_node"],
            f"{count} validator keys are more than a mnemonic has",
            expected=f"at most {MAX_KEYS} (EIP-2333)",
        )


def _first_node(spec: Spec, reading: Reading) -> None:
    if "bootnodoor" in spec.additional_services:
        return
    if spec.participants[0].el_type == components.NO_EL:
        reading.rule(
            ["participants[0].el_type", "participants_matrix.el[0].el_type"],
            "the first node is where others find peers, and it has no execution client",
            expected="an execution client, or bootnodoor in additional_services",
        )


def _snapshots(spec: Spec, reading: Reading) -> None:
    params = spec.network_params
    if spec.persistent:
        return
    if "shadowfork" in params.network:
        reading.rule(
            ["network_params.network", "persistent"],
            f"{params.network} starts from a snapshot, which has to be kept",
            expected="persistent: true",
        )
    if params.force_snapshot_sync:
        reading.rule(
            ["network_params.force_snapshot_sync", "persistent"],
            "force_snapshot_sync starts from a snapshot, which has to be kept",
            expected="persistent: true",
        )


def _subsidy(spec: Spec, reading: Reading) -> None:
    if spec.mev_params.mev_builder_subsidy and not spec.network_params.prefunded_accounts:
        reading.rule(
            ["mev_params.mev_builder_subsidy", "network_params.prefunded_accounts"],
            "mev_builder_subsidy is paid by the builder, and prefunded_accounts is empty",
            expected="the builder's account in network_params.prefunded_accounts",
        )


def _mempool_bridge(spec: Spec, reading: Reading) -> None:
    network = spec.network_params.network
    if "mempool_bridge" in spec.additional_services and not (
        network in components.PUBLIC_NETWORKS or "shadowfork" in network
    ):
        reading.rule(
            ["additional_services", "network_params.network"],
            f"mempool_bridge brings transactions of a public network, and this is {network}",
            expected="a public network or a shadowfork",
        )


def _prometheus_grafana(spec: Spec, reading: Reading) -> None:
    given = spec.additional_services
    both = [name for name in ("prometheus", "grafana") if name in given]
    if "prometheus_grafana" in given and both:
        reading.rule(
            [f"additional_services[{given.index('prometheus_grafana')}]"],
            f"prometheus_grafana (deprecated) starts {both[0]} as well, which is listed too",
            expected="prometheus and grafana alone",
        )


def _checkpoints(spec: Spec, reading: Reading) -> None:
    if spec.checkpoint_sync_url:
        return
    for participant in spec.participants:
        if participant.checkpoint_sync_enabled:
            reading.rule(
                ["checkpoint_sync_enabled", "participants", "participants_matrix"],
                f"{participant.name} is to start from a checkpoint, and nothing serves one",
                expected="checkpointz in additional_services, or a checkpoint_sync_url",
            )
            return


def _disruptoor(spec: Spec, reading: Reading) -> None:
    params = spec.disruptoor_params
    if params.config and (params.partitions or params.shaping):
        other = "partitions" if params.partitions else "shaping"
        reading.rule(
            ["disruptoor_params.config", f"disruptoor_params.{other}"],
            f"disruptoor_params.config is a whole configuration, and {other} is given too",
            expected="either config, or partitions and shaping",
        )


def _builders(spec: Spec, reading: Reading) -> None:
    nodes = len(spec.participants)
    if "buildoor" in spec.additional_services:
        for index, instance in enumerate(spec.buildoor_params.instances):
            if instance.participant > nodes:
                reading.rule(
                    [f"buildoor_params.instances[{index}].participant"],
                    f"buildoor is to build for participant {instance.participant}, and there are "
                    f"{nodes}",
                    expected=f"a number from 1 to {nodes}",
                )
    if "zkboost" in spec.additional_services:
        for index, proved in enumerate(spec.zkboost_params.instances):
            _proved_node(spec, reading, index, proved.el_participant_index)


def _proved_node(spec: Spec, reading: Reading, index: int, node: int) -> None:
    key = f"zkboost_params.instances[{index}].el_participant_index"
    if node >= len(spec.participants):
        reading.rule(
            [key],
            f"zkboost is to prove blocks of participant {node}, counted from 0, and there are "
            f"{len(spec.participants)}",
            expected=f"a number from 0 to {len(spec.participants) - 1}",
        )
    elif spec.participants[node].el_type == components.NO_EL:
        reading.rule([key], f"{spec.participants[node].name} has no execution client to prove")


Rule = Callable[[Spec, Reading], None]

RULES: tuple[Rule, ...] = (
    _snapshots,
    _subsidy,
    _mempool_bridge,
    _prometheus_grafana,
    _disruptoor,
)
NODE_RULES: tuple[Rule, ...] = (_peerdas, _keys, _first_node, _checkpoints, _builders)
