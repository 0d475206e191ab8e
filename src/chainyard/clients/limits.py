"""What a client, in its pinned version, cannot run: said before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chainyard.clients.base import Context
from chainyard.errors import Problem
from chainyard.spec import FAR_FUTURE_EPOCH, Participant


@dataclass(frozen=True)
class Limits:
    """The bounds of one client.

    Args:
        name: the client, as users know it.
        newest_fork: newest fork that the pinned version implements.
        min_slot_ms: shortest slot in milliseconds, with the reason in ``slot_reason``.
        slot_ms_by_preset: exact or least slot that the client was compiled for, by preset.
        presets: presets that the pinned program was built for, with ``preset_reason``.
        overrides: names of consensus config values that its config file may change;
            None if any.
    """

    name: str
    newest_fork: str
    min_slot_ms: int = 0
    slot_reason: str = ""
    presets: tuple[str, ...] = ("mainnet", "minimal")
    preset_reason: str = ""
    fixed_config: frozenset[str] = frozenset()
    fixed_reason: str = ""

    def check(
        self, context: Context, participant: Participant, *, key: str, own_program: bool
    ) -> Iterator[Problem]:
        """Yield a problem for each bound that the network breaks.

        Args:
            key: ``el_type``, ``cl_type`` or ``vc_type``: where the client was chosen.
            own_program: the user brings a program of their own, whose forks we do not know.
        """
        for message in self._messages(context, own_program=own_program):
            yield placed(f"{participant.name}: {message}", context, participant, key)

    def _messages(self, context: Context, *, own_program: bool) -> Iterator[str]:
        params = context.params
        if params.slot_duration_ms < self.min_slot_ms:
            yield (
                f"{self.name} cannot run slots of {params.slot_duration_ms} ms: "
                f"the shortest is {self.min_slot_ms} ms ({self.slot_reason})"
            )
        if own_program:
            return
        if params.preset not in self.presets:
            yield f"{self.name} cannot run the {params.preset} preset: {self.preset_reason}"
        if fork := self._too_new(params.fork_epochs):
            yield (
                f"the pinned {self.name} stops at {self.newest_fork}, and the file schedules "
                f"{fork} at epoch {params.fork_epochs[fork]}; set {fork}_fork_epoch to "
                f"{FAR_FUTURE_EPOCH} or give a program that has it"
            )
        for name in sorted(self.fixed_config & set(context.overrides)):
            yield (
                f"{self.name} cannot change {name} (chainyard.yaml sets it to "
                f"{context.overrides[name]}): {self.fixed_reason}"
            )

    def _too_new(self, epochs: Mapping[str, int]) -> str:
        forks = list(epochs)
        newer = forks[forks.index(self.newest_fork) + 1 :]
        return next((fork for fork in newer if epochs[fork] != FAR_FUTURE_EPOCH), "")


def placed(message: str, context: Context, participant: Participant, key: str) -> Problem:
    """The problem, at the place where the client was chosen, as far as the file says."""
    spec = context.spec
    for dotted in (f"participants[{participant.index - 1}].{key}", "network_params"):
        if position := spec.given.get(dotted):
            return Problem(message, spec.path, position.line, position.column, dotted)
    return Problem(message, spec.path, key=f"participants[].{key}")
