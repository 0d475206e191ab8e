"""Where everything of a network is reached, from its plan and its ports."""

from __future__ import annotations

from chainyard.backends.base import Backend
from chainyard.genesis.identities import Identities, NodeIdentity
from chainyard.network.views import (
    ConsensusEndpoints,
    Endpoints,
    ExecutionEndpoints,
    NodeEndpoints,
    ValidatorEndpoints,
)
from chainyard.plan.model import Plan
from chainyard.service import Service
from chainyard.spec import Participant, Spec


def make_endpoints(
    spec: Spec, plan: Plan, backend: Backend, identities: Identities, *, eth2: bytes
) -> Endpoints:
    """Every address of the network, as this machine reaches it.

    Args:
        eth2: SSZ ``ENRForkID`` of the consensus node records.
    """
    nodes = tuple(
        NodeEndpoints(
            name=participant.name,
            role="validator" if participant.validator_count else "rpc",
            execution=_execution(plan, backend, participant, keys),
            consensus=_consensus(plan, backend, participant, keys, eth2),
            validator=_validator(plan, backend, participant),
        )
        for participant, keys in zip(spec.participants, identities.nodes, strict=True)
    )
    return Endpoints(
        network=plan.network, chain_id=spec.network_params.chain_id, nodes=nodes, services={}
    )


def _url(service: Service, backend: Backend, port: str, path: str = "") -> str:
    host, number = backend.reach(service.name, port)
    scheme = service.port(port).scheme or "http"
    return f"{scheme}://{host}:{number}{path}"


def _metrics(service: Service, backend: Backend) -> str:
    if service.metrics is None:
        return ""
    return _url(service, backend, service.metrics.port, service.metrics.path)


def _execution(
    plan: Plan, backend: Backend, participant: Participant, keys: NodeIdentity
) -> ExecutionEndpoints | None:
    if not participant.el_service:
        return None
    service = plan[participant.el_service]
    ip, p2p = backend.reach(service.name, "p2p")
    return ExecutionEndpoints(
        service=service.name,
        rpc=_url(service, backend, "rpc"),
        ws=_url(service, backend, "ws"),
        engine=_url(service, backend, "engine"),
        metrics=_metrics(service, backend),
        enode=keys.execution.enode(ip, p2p),
    )


def _consensus(
    plan: Plan, backend: Backend, participant: Participant, keys: NodeIdentity, eth2: bytes
) -> ConsensusEndpoints:
    service = plan[participant.cl_service]
    ports = {port.name: backend.reach(service.name, port.name) for port in service.ports}
    ip, tcp = ports["p2p"]
    udp = ports.get("discovery", ports["p2p"])[1]
    quic = ports.get("quic", ports["p2p"])[1]
    return ConsensusEndpoints(
        service=service.name,
        http=_url(service, backend, "http"),
        metrics=_metrics(service, backend),
        enr=keys.consensus.enr(ip=ip, tcp=tcp, udp=udp, quic=quic, eth2=eth2 or None),
        peer_id=keys.consensus.peer_id,
    )


def _validator(plan: Plan, backend: Backend, participant: Participant) -> ValidatorEndpoints | None:
    if not participant.vc_service:
        return None
    service = plan[participant.vc_service]
    return ValidatorEndpoints(
        service=service.name,
        metrics=_metrics(service, backend),
        keys=participant.validator_count,
    )
