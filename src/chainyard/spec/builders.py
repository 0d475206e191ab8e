"""Parameters of ``buildoor`` (block builders) and ``zkboost`` (execution proofs)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainyard.spec.kinds import (
    BOOLEAN,
    COUNT,
    ENVIRONMENT,
    TEXT,
    TEXTS,
    Choice,
    Integer,
    ListOf,
    Nullable,
    Number,
    Settings,
    Text,
)
from chainyard.spec.observers import EMPTY, ENV, IMAGE
from chainyard.spec.table import Record, Table, key, record

PROOF_TYPES = (
    "ethrex-openvm",
    "ethrex-sp1",
    "ethrex-zisk",
    "reth-openvm",
    "reth-sp1",
    "reth-zisk",
)


@record
class BuildoorInstance(Record):
    """Builders at one node."""

    participant: int = key(Integer(1), 1, "Participant it builds for, from 1.", required=True)
    count: int = key(COUNT, 1, "How many builders.")
    image: str = key(TEXT, "", "Image; empty for the one of all.")


@record
class BuildoorParams(Record):
    """Block builders."""

    image: str = key(TEXT, "ethpandaops/buildoor:main", IMAGE)
    builder_api: bool = key(BOOLEAN, True, "Serve the builder API.")
    epbs_builder: bool = key(BOOLEAN, True, "Build as Gloas has it (ePBS).")
    lifecycle: bool = key(BOOLEAN, True, "Deposit as a builder after genesis.")
    extra_args: tuple[str, ...] = key(TEXTS, (), "Arguments of the service.")
    instances: tuple[BuildoorInstance, ...] = key(
        ListOf(Table(BuildoorInstance)), (), "Builders by node; none given: one at the first."
    )


@record
class MockProvingTime(Record):
    """How long a pretended proof takes."""

    kind: str = key(
        Choice(("constant", "random", "linear"), meaning="proving time"),
        "random",
        "What the time depends on.",
    )
    ms: int | None = key(Nullable(COUNT), None, "Time of a constant one, in ms.")
    min_ms: int | None = key(Nullable(COUNT), None, "Shortest random time, in ms.")
    max_ms: int | None = key(Nullable(COUNT), None, "Longest random time, in ms.")
    ms_per_mgas: float | None = key(Nullable(Number()), None, "Time per million gas; 150.")


@record
class Gpu(Record):
    """Graphics processors of a prover."""

    count: int | None = key(Nullable(COUNT), None, "How many.")
    device_ids: tuple[str, ...] = key(
        ListOf(Text("a device id", numbers=True)), (), "Which, by id."
    )
    shm_size: str = key(Text("a size", numbers=True), "", "Size of the shared memory.")
    ulimits: Mapping[str, Any] = key(Settings(), EMPTY, "Limits of the process.")
    driver: str = key(TEXT, "", "Driver of the container engine.")


@record
class Zkvm(Record):
    """One prover or verifier."""

    kind: str = key(
        Choice(("mock", "ere", "external", "verifier"), meaning="kind of zkVM"),
        "mock",
        "What proves, or only verifies.",
        required=True,
    )
    proof_type: str = key(
        Choice(PROOF_TYPES, meaning="proof type"), "", "What is proved, and how.", required=True
    )
    proof_timeout_secs: int | None = key(
        Nullable(COUNT), None, "Patience with a proof; three quarters of a slot."
    )
    mock_proving_time: MockProvingTime | None = key(
        Nullable(Table(MockProvingTime)), None, "How long a pretended proof takes."
    )
    mock_proof_size: int = key(COUNT, 131072, "Bytes of a pretended proof.")
    mock_failure: bool = key(BOOLEAN, False, "Let pretended proofs fail.")
    image: str = key(TEXT, "", "Image of the prover.")
    elf_url: str = key(TEXT, "", "Where the proved program is.")
    program_vk_url: str = key(TEXT, "", "Where its verification key is.")
    gpu: Gpu | None = key(Nullable(Table(Gpu)), None, "Graphics processors.")
    env: Mapping[str, str] = key(ENVIRONMENT, EMPTY, ENV)
    endpoint: str = key(TEXT, "", "Address of an external prover.")


_ZKVMS = ListOf(Table(Zkvm))


@record
class ZkboostInstance(Record):
    """One zkboost service."""

    name: str = key(TEXT, "", "Name of the service.", required=True)
    el_participant_index: int = key(
        COUNT, 0, "Participant whose blocks are proved, from 0.", required=True
    )
    zkvms: tuple[Zkvm, ...] = key(_ZKVMS, (), "Provers of its own.")


@record
class ZkboostParams(Record):
    """Maker of execution proofs."""

    image: str = key(TEXT, "ghcr.io/eth-act/zkboost/zkboost:latest", IMAGE)
    instances: tuple[ZkboostInstance, ...] = key(
        ListOf(Table(ZkboostInstance)),
        (ZkboostInstance(name="zkboost", el_participant_index=0),),
        "Services to run.",
    )
    zkvms: tuple[Zkvm, ...] = key(_ZKVMS, (), "Provers of all; none given: a pretended one.")
    env: Mapping[str, str] = key(ENVIRONMENT, EMPTY, ENV)
