"""Spec to Genesis: everything the clients of a network start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chainyard.errors import RequestError
from chainyard.genesis.consensus_config import config_yaml, consensus_config
from chainyard.genesis.execution import ExecutionGenesis, execution_genesis
from chainyard.genesis.forks import enr_fork_id, fork_version
from chainyard.genesis.presets import preset_of
from chainyard.genesis.state import genesis_state, refuse_genesis_fork
from chainyard.genesis.validators import collect_validators, key_sources, shuffled_blocks

if TYPE_CHECKING:
    from chainyard.genesis.keycache import KeyCache
    from chainyard.genesis.keys import ValidatorKeys
    from chainyard.spec import Spec

# The deposit contract is in the genesis block.
DEPOSIT_CONTRACT_BLOCK = 0


@dataclass(frozen=True)
class Genesis:
    """What a network starts from. Roots and hashes are 32 bytes.

    Args:
        time: genesis time, Unix seconds.
        fork: newest consensus fork at epoch 0.
        chain_id: of the execution chain; network id too.
        execution: the execution genesis.
        config: the consensus config, overrides included.
        state_ssz: the serialized beacon state.
        state_root: its hash tree root.
        validators_root: genesis_validators_root, which signatures are bound to.
        validator_count: validators in the state, active or not.
    """

    time: int
    fork: str
    chain_id: int
    execution: ExecutionGenesis
    config: Mapping[str, Any] = field(repr=False)
    state_ssz: bytes = field(repr=False)
    state_root: bytes
    validators_root: bytes
    validator_count: int

    @property
    def eth2(self) -> bytes:
        """SSZ ENRForkID at genesis (16 bytes): the ``eth2`` entry of consensus node records."""
        return enr_fork_id(self.config, self.validators_root)

    def files(self) -> dict[str, bytes]:
        """The files that clients read, by name, as ethereum-genesis-generator names them."""
        return {
            "config.yaml": config_yaml(self.config).encode(),
            "genesis.json": self.execution.json(),
            "genesis.ssz": self.state_ssz,
            "deposit_contract.txt": str(self.config["DEPOSIT_CONTRACT_ADDRESS"]).encode(),
            "deposit_contract_block.txt": str(DEPOSIT_CONTRACT_BLOCK).encode(),
            "deposit_contract_block_hash.txt": f"0x{self.execution.block_hash.hex()}".encode(),
            "genesis_validators_root.txt": f"0x{self.validators_root.hex()}".encode(),
        }


def check_genesis(spec: Spec) -> None:
    """Refuse early, before any key is derived, what cannot be a genesis.

    Raises:
        RequestError: a network that has a genesis already, a fork that cannot be a genesis, or
            builders, which only Gloas has.
    """
    if not spec.network_params.has_own_genesis:
        raise RequestError(
            f"network_params.network is {spec.network_params.network!r}: joining a network that "
            "exists is not possible yet, only making one.",
            hint="Set network_params.network to kurtosis, or leave it out.",
        )
    refuse_genesis_fork(spec.network_params.genesis_fork)
    if spec.network_params.builder_count:
        raise RequestError(
            "builder_count needs Gloas at genesis, which is not possible yet.",
            hint="Remove network_params.builder_count.",
        )


def derive_genesis_keys(
    spec: Spec,
    *,
    cache: KeyCache | None,
    progress: Callable[[int, int], None] | None = None,
) -> list[ValidatorKeys]:
    """The keys of all validators of a genesis: the participants' first, then additional ones.

    Args:
        spec: the spec.
        cache: where keys are looked up and added; None derives all of them.
        progress: called with (derived, to derive), per mnemonic.

    Raises:
        RequestError: a mnemonic is not one.
    """
    from chainyard.genesis.keys import derive_validators  # noqa: PLC0415  (cryptography)

    return [
        derive_validators(
            source.mnemonic, source.start, source.count, cache=cache, progress=progress
        )
        for source in key_sources(spec)
    ]


def make_genesis(
    spec: Spec,
    time: int,
    validators: ValidatorKeys | Sequence[ValidatorKeys],
    overrides: Mapping[str, int | str] | None = None,
) -> Genesis:
    """Make the genesis. Pure: the same arguments give the same bytes.

    Args:
        spec: the spec.
        time: genesis time, Unix seconds.
        validators: as ``derive_genesis_keys`` gives them; the keys of the participants alone will
            do if there are no additional mnemonics.
        overrides: ``consensus_config`` of chainyard.yaml.

    Raises:
        RequestError: a genesis that cannot be, or a value that cannot be honoured.
    """
    check_genesis(spec)
    keys = validators if isinstance(validators, Sequence) else [validators]
    registry = collect_validators(key_sources(spec), keys)
    config = consensus_config(spec, time, len(registry), overrides)
    if spec.network_params.shuffle_genesis_validators:
        registry = shuffled_blocks(registry, fork_version(config, "phase0"))
    slots_per_epoch = preset_of(config).SLOTS_PER_EPOCH
    execution = execution_genesis(spec, time, slots_per_epoch=slots_per_epoch)
    state = genesis_state(config, execution, registry)
    return Genesis(
        time=time,
        fork=execution.fork,
        chain_id=spec.network_params.chain_id,
        execution=execution,
        config=config,
        state_ssz=state.ssz,
        state_root=state.state_root,
        validators_root=state.validators_root,
        validator_count=len(registry),
    )
