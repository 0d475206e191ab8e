"""What a client, in its pinned version, cannot run: said before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chainyard.clients.base import Context, Part
from chainyard.errors import Problem
from chainyard.spec import FAR_FUTURE_EPOCH


@dataclass(frozen=True)
class Limits:
    """The bounds of one client.

    Args:
        name: the client, as users know it.
        newest_fork: newest fork that the pinned version implements.
        min_slot_ms: shortest slot in milliseconds, with the reason in ``slot_reason``.
        presets: presets that the pinned program was built for, with ``preset_reason``.
        fixed_config: consensus config values that its config file cannot change, with
            ``fixed_reason``.
    """

    name: str
    newest_fork: str
    min_slot_ms: int = 0
    slot_reason: str = ""
    presets: tuple[str, ...] = ("mainnet", "minimal")
    preset_reason: str = ""
    fixed_config: frozenset[str] = frozenset()
    fixed_reason: str = ""

    def check(self, context: Context, part: Part) -> Iterator[Problem]:
        """Yield a problem for each bound that the network breaks.

        Of a program that the user brings, the forks and what it was compiled for are not known.
        """
        for message in self._messages(context, own_program=part.own_program):
            yield placed(message, context, part)

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


def placed(message: str, context: Context, part: Part) -> Problem:
    """The problem, at the place where the client was chosen, as far as the file says.

    A participant that ``count`` or the matrix made has no place of its own.
    """
    spec, node = context.spec, part.participant
    text = f"{node.name}: {message}"
    keys = ["participants", "participants_matrix", "network_params"]
    if _entries(context) == len(spec.participants):
        keys.insert(0, f"participants[{node.index - 1}].{part.prefix}_type")
    for key in keys:
        if position := spec.given.get(key):
            return Problem(text, spec.path, position.line, position.column, key)
    return Problem(text, spec.path, key=f"participants[].{part.prefix}_type")


def _entries(context: Context) -> int:
    """How many participants the file writes out; fewer than there are if it uses ``count``."""
    return sum(
        1 for key in context.spec.given if key.startswith("participants[") and key.endswith("]")
    )
