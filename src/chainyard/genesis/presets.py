"""The presets ``mainnet`` and ``minimal`` (consensus-specs, presets/).

Fields are named as in the specification. Amounts are in gwei, times in epochs or slots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from chainyard.errors import RequestError


@dataclass(frozen=True)
class Preset:
    """The mainnet preset, as far as it shapes a genesis state."""

    SLOTS_PER_EPOCH: int = 32
    MIN_SEED_LOOKAHEAD: int = 1
    SHUFFLE_ROUND_COUNT: int = 90
    EPOCHS_PER_ETH1_VOTING_PERIOD: int = 64
    SLOTS_PER_HISTORICAL_ROOT: int = 8192
    EPOCHS_PER_HISTORICAL_VECTOR: int = 65536
    EPOCHS_PER_SLASHINGS_VECTOR: int = 8192
    HISTORICAL_ROOTS_LIMIT: int = 2**24
    VALIDATOR_REGISTRY_LIMIT: int = 2**40
    EFFECTIVE_BALANCE_INCREMENT: int = 10**9
    MAX_EFFECTIVE_BALANCE: int = 32 * 10**9
    MAX_COMMITTEES_PER_SLOT: int = 64
    MAX_VALIDATORS_PER_COMMITTEE: int = 2048
    MAX_PROPOSER_SLASHINGS: int = 16
    MAX_ATTESTER_SLASHINGS: int = 2
    MAX_ATTESTATIONS: int = 128
    MAX_DEPOSITS: int = 16
    MAX_VOLUNTARY_EXITS: int = 16
    # Altair
    SYNC_COMMITTEE_SIZE: int = 512
    # Bellatrix
    MAX_BYTES_PER_TRANSACTION: int = 2**30
    MAX_TRANSACTIONS_PER_PAYLOAD: int = 2**20
    BYTES_PER_LOGS_BLOOM: int = 256
    MAX_EXTRA_DATA_BYTES: int = 32
    # Capella
    MAX_BLS_TO_EXECUTION_CHANGES: int = 16
    MAX_WITHDRAWALS_PER_PAYLOAD: int = 16
    # Deneb
    MAX_BLOB_COMMITMENTS_PER_BLOCK: int = 4096
    # Electra
    MIN_ACTIVATION_BALANCE: int = 32 * 10**9
    MAX_EFFECTIVE_BALANCE_ELECTRA: int = 2048 * 10**9
    PENDING_DEPOSITS_LIMIT: int = 2**27
    PENDING_PARTIAL_WITHDRAWALS_LIMIT: int = 2**27
    PENDING_CONSOLIDATIONS_LIMIT: int = 2**18
    MAX_ATTESTER_SLASHINGS_ELECTRA: int = 1
    MAX_ATTESTATIONS_ELECTRA: int = 8
    MAX_DEPOSIT_REQUESTS_PER_PAYLOAD: int = 8192
    MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD: int = 16
    MAX_CONSOLIDATION_REQUESTS_PER_PAYLOAD: int = 2

    @property
    def proposer_lookahead_length(self) -> int:
        """How many proposers a Fulu state names in advance (EIP-7917)."""
        return (self.MIN_SEED_LOOKAHEAD + 1) * self.SLOTS_PER_EPOCH


MAINNET = Preset()
MINIMAL = Preset(
    SLOTS_PER_EPOCH=8,
    SHUFFLE_ROUND_COUNT=10,
    EPOCHS_PER_ETH1_VOTING_PERIOD=4,
    SLOTS_PER_HISTORICAL_ROOT=64,
    EPOCHS_PER_HISTORICAL_VECTOR=64,
    EPOCHS_PER_SLASHINGS_VECTOR=64,
    MAX_COMMITTEES_PER_SLOT=4,
    SYNC_COMMITTEE_SIZE=32,
    MAX_WITHDRAWALS_PER_PAYLOAD=4,
    PENDING_PARTIAL_WITHDRAWALS_LIMIT=64,
    PENDING_CONSOLIDATIONS_LIMIT=64,
)
PRESETS = {"mainnet": MAINNET, "minimal": MINIMAL}

# Preset values that a client may take from its config file and that a genesis state follows.
ADJUSTABLE = frozenset(
    {
        "SLOTS_PER_EPOCH",
        "MIN_SEED_LOOKAHEAD",
        "SHUFFLE_ROUND_COUNT",
        "EPOCHS_PER_ETH1_VOTING_PERIOD",
        "EFFECTIVE_BALANCE_INCREMENT",
        "MAX_EFFECTIVE_BALANCE",
        "MIN_ACTIVATION_BALANCE",
        "MAX_EFFECTIVE_BALANCE_ELECTRA",
    }
)
# The others set the lengths of SSZ vectors and lists, which every client has compiled in.
SHAPING = frozenset(field.name for field in fields(Preset)) - ADJUSTABLE
# Preset values without a trace in a genesis state: passed on to the clients.
PASSED_ON = frozenset(
    {
        "BASE_REWARD_FACTOR",
        "EPOCHS_PER_SYNC_COMMITTEE_PERIOD",
        "HYSTERESIS_DOWNWARD_MULTIPLIER",
        "HYSTERESIS_QUOTIENT",
        "HYSTERESIS_UPWARD_MULTIPLIER",
        "INACTIVITY_PENALTY_QUOTIENT",
        "INACTIVITY_PENALTY_QUOTIENT_ALTAIR",
        "INACTIVITY_PENALTY_QUOTIENT_BELLATRIX",
        "MAX_PENDING_DEPOSITS_PER_EPOCH",
        "MAX_PENDING_PARTIALS_PER_WITHDRAWALS_SWEEP",
        "MAX_SEED_LOOKAHEAD",
        "MAX_VALIDATORS_PER_WITHDRAWALS_SWEEP",
        "MIN_ATTESTATION_INCLUSION_DELAY",
        "MIN_DEPOSIT_AMOUNT",
        "MIN_EPOCHS_TO_INACTIVITY_PENALTY",
        "MIN_SLASHING_PENALTY_QUOTIENT",
        "MIN_SLASHING_PENALTY_QUOTIENT_ALTAIR",
        "MIN_SLASHING_PENALTY_QUOTIENT_BELLATRIX",
        "MIN_SLASHING_PENALTY_QUOTIENT_ELECTRA",
        "MIN_SYNC_COMMITTEE_PARTICIPANTS",
        "PROPORTIONAL_SLASHING_MULTIPLIER",
        "PROPORTIONAL_SLASHING_MULTIPLIER_ALTAIR",
        "PROPORTIONAL_SLASHING_MULTIPLIER_BELLATRIX",
        "PROPOSER_REWARD_QUOTIENT",
        "TARGET_COMMITTEE_SIZE",
        "WHISTLEBLOWER_REWARD_QUOTIENT",
        "WHISTLEBLOWER_REWARD_QUOTIENT_ELECTRA",
    }
)


def preset_of(config: Mapping[str, Any]) -> Preset:
    """The preset that a consensus config builds on, with the config's own values in it.

    Raises:
        RequestError: no such preset.
    """
    name = str(config["PRESET_BASE"])
    if name not in PRESETS:
        raise RequestError(
            f"There is no consensus preset {name!r}.", hint="Use 'mainnet' or 'minimal'."
        )
    own = {key: int(str(config[key])) for key in ADJUSTABLE if key in config}
    return replace(PRESETS[name], **own)
