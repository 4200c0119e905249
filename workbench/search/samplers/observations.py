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
    excess: Mapping[str, float] = field(default_factory=dict)
    """By limit, how far above it is, as a share of the limit."""
    generation: int | None = None
    """Of a genetic sampler; None for 0."""
    prior: bool = False
    """Known before the search, or the canonical network."""

    @property
    def feasible(self) -> bool:
        """Whether it has values and is within the limits."""
        return not self.excess and self.standing in {Standing.AT_RUNG, Standing.FINISHED}


@dataclass(frozen=True)
class Observing:
    """Which trials a kind of sampler needs.

    Args:
        complete_only: It learns from complete trials only: a candidate that was stopped at a rung
            is complete with the values that it would have at the end. Otherwise it is pruned, with
            its value at the rung.
        impute_rejected: A rejected combination is complete too, beyond its limits and with the mean
            of the others: otherwise the sampler would never learn where the limits are.
    """

    complete_only: bool
    impute_rejected: bool = False


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
    entries: Sequence[Entry], limits: Sequence[str], observing: Observing, generation_key: str
) -> list[Any]:
    """Return the entries as frozen trials of Optuna, in their order.

    Args:
        entries: All that a sampler has observed or proposed.
        limits: Names of the limits of the space; each trial has a constraint for each of them.
        observing: Which trials the sampler needs.
        generation_key: System attribute that holds a trial's generation; empty for none.
    """
    gains = predicted_gains(entries)
    known = [e.values for e in entries if e.standing is Standing.FINISHED and e.feasible]
    mean = tuple(sum(column) / len(column) for column in zip(*known, strict=True))
    return [_as_trial(e, limits, observing, gains, mean, generation_key) for e in entries]


def _as_trial(
    entry: Entry,
    limits: Sequence[str],
    observing: Observing,
    gains: Mapping[int, Values],
    mean: Values,
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
        case Standing.AT_RUNG if observing.complete_only:
            state, values = TrialState.COMPLETE, predicted_values(entry, gains)
        case Standing.AT_RUNG:
            state = TrialState.PRUNED
            reported = {step: at[0] for step, at in entry.at_rungs.items()}
        case Standing.REJECTED if observing.impute_rejected and mean:
            state, values = TrialState.COMPLETE, mean
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
        constraints=None if running else constraints_of(entry.excess, limits) or None,
        system_attrs={generation_key: entry.generation or 0} if generation_key else {},
    )


def constraints_of(excess: Mapping[str, float], limits: Sequence[str]) -> dict[str, float]:
    """Return a constraint for each limit: above 0 is beyond it."""
    return {name: excess.get(name, 0.0) for name in limits}
