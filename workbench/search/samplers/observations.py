"""What a sampler of Optuna has observed, as trials of a study that can be made anew at any time.

Optuna cannot take back what it was told. Here each combination is one entry, which changes with
what comes of it: it trains, waits at a rung, has its score, or was rejected. The study is made from
the entries, so that it is the same in a search that was killed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Any

Values = tuple[float, ...]


class Standing(StrEnum):
    """What is known of a combination."""

    RUNNING = "running"
    AT_RUNG = "at rung"
    """It has values at a rung: it was stopped there, or trains further."""
    FINISHED = "finished"
    REJECTED = "rejected"
    """Above a limit; never trained."""
    IGNORED = "ignored"
    """Failed, cannot be built, or known already."""


@dataclass
class Entry:
    """A combination, and what has come of it."""

    params: Mapping[str, Any]
    distributions: Mapping[str, Any]
    """Distributions of Optuna, by name."""
    standing: Standing = Standing.RUNNING
    values: Values = ()
    """Of the objectives, at the end."""
    at_rungs: dict[int, Values] = field(default_factory=dict)
    """Values of the objectives by training step, increasing."""
    constraint_values: Mapping[str, float] = field(default_factory=dict)
    """By limit, how far from it, as a share of the limit: at most 0 is within it. Without an entry
    for limits that it was not counted for."""
    generation: int | None = None
    """Of a genetic sampler; None for 0."""
    prior: bool = False
    """Known before the search, or the canonical network."""

    @property
    def feasible(self) -> bool:
        """Whether it has values and is within the limits."""
        within = all(value <= 0 for value in self.constraint_values.values())
        return within and self.standing in {Standing.AT_RUNG, Standing.FINISHED}


def predicted_gains(entries: Iterable[Entry]) -> dict[int, Values]:
    """Return how much candidates gain from a rung to their end, by training step.

    The median over those that have both, for each objective. Scores at rungs come from the
    validation images, those at the end perhaps from others, so the gain may have any sign.
    """
    found: dict[int, list[Values]] = {}
    for entry in entries:
        if entry.standing is Standing.FINISHED:
            for step, values in entry.at_rungs.items():
                gain = tuple(e - r for e, r in zip(entry.values, values, strict=True))
                found.setdefault(step, []).append(gain)
    return {step: tuple(map(median, zip(*gains, strict=True))) for step, gains in found.items()}


def predicted_values(entry: Entry, gains: Mapping[int, Values]) -> Values:
    """Return the values that a candidate at a rung would have at its end.

    Args:
        entry: With values at one rung or more; the last one counts.
        gains: Of candidates that have finished; without any for this rung there is no gain.
    """
    step, values = list(entry.at_rungs.items())[-1]
    gain = gains.get(step, (0.0,) * len(values))
    return tuple(v + g for v, g in zip(values, gain, strict=True))


def as_trials(
    entries: Sequence[Entry],
    limits: Sequence[str],
    generation_key: str = "",
    *,
    complete_only: bool,
) -> list[Any]:
    """Return the entries as frozen trials of Optuna, in their order.

    Args:
        entries: All that a sampler has observed or proposed.
        limits: Names of the limits of the space; each trial has a constraint for each of them.
        generation_key: System attribute that holds a trial's generation; empty for none.
        complete_only: The sampler learns from complete trials only: a candidate that was stopped at
            a rung is complete with the values that it would have at the end. Otherwise it is
            pruned, with its value at the rung.
    """
    gains = predicted_gains(entries) if complete_only else None
    return [_as_trial(e, limits, gains, generation_key) for e in entries]


def _as_trial(
    entry: Entry,
    limits: Sequence[str],
    gains: Mapping[int, Values] | None,
    generation_key: str,
) -> Any:
    from optuna.trial import TrialState, create_trial

    values: Values | None = None
    reported: dict[int, float] = {}
    state = TrialState.FAIL
    match entry.standing:
        case Standing.RUNNING:
            state = TrialState.RUNNING
        case Standing.FINISHED:
            state, values = TrialState.COMPLETE, entry.values
        case Standing.AT_RUNG if gains is not None:
            state, values = TrialState.COMPLETE, predicted_values(entry, gains)
        case Standing.AT_RUNG:
            state = TrialState.PRUNED
            reported = {step: at[0] for step, at in entry.at_rungs.items()}
        case Standing.REJECTED:
            state = TrialState.PRUNED
    running = entry.standing is Standing.RUNNING
    return create_trial(
        state=state,
        values=None if values is None else list(values),
        params=dict(entry.params),
        distributions=dict(entry.distributions),
        intermediate_values=reported,
        # Without a limit there is no constraint; with some, every trial has all of them.
        constraints=None if running else constraints_of(entry, limits) or None,
        system_attrs={generation_key: entry.generation or 0} if generation_key else {},
    )


def constraints_of(entry: Entry, limits: Sequence[str]) -> dict[str, float]:
    """Return a constraint for each limit, 0 for one that the entry was not counted for."""
    return {name: entry.constraint_values.get(name, 0.0) for name in limits}
