"""Rungs: at which steps candidates are compared, and which of them survive.

Synchronous halving on rungs, as asynchronous successive halving (Li et al. 2020) decides: a
candidate survives if it is among the best fraction of all that have reached the rung so far. A
batch is compared when all of it is there, so that decisions do not depend on the order of arrival.
With several objectives the ranks are those of multi-objective ASHA (Schmucker et al. 2021).
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from workbench.config.training import TrainingConfig
from workbench.results import TrialState
from workbench.search.objectives import Objective
from workbench.search.ranking import ranked
from workbench.spaces.space import Fidelity

MOST_PARTS = 10
"""Denominator of the simple fractions that `keep` may stand for, at most."""
ROUNDED = 0.005
"""By how much a number of two digits differs from what it rounds, at most."""


def rung_steps(fidelity: Fidelity, training: TrainingConfig) -> tuple[int | None, ...]:
    """Return the step at which a training is compared with others, for each rung.

    It is the validation nearest to the rung's share of the steps. None where a short training has
    no validation left that is neither an earlier rung nor its end.
    """
    total, every = training.total_steps(), training.validate_every
    steps: list[int | None] = []
    first, last = 1, (total - 1) // every
    for share in fidelity.rungs:
        place = max(first, round(share * total / every))
        steps.append(place * every if place <= last else None)
        first = place + 1
    return tuple(steps)


def promoted_count(keep: float, reached: int) -> int:
    """Return how many candidates of a rung are promoted, rounded down.

    A fraction that is written with two digits stands for the simple one that it rounds: 0.33 of 3
    candidates is 1.

    Args:
        keep: The fraction that is promoted, in 0..1.
        reached: Candidates that have reached the rung, or diverged on the way to it.
    """
    simple = Fraction(keep).limit_denominator(MOST_PARTS)
    exact = Fraction(str(keep))
    return math.floor((simple if abs(simple - exact) < ROUNDED else exact) * reached)


def has_diverged(failure: str) -> bool:
    """Return whether a candidate failed because its training diverged: its own fault."""
    return failure.partition(":")[0] == TrialState.DIVERGED.value


def select_survivors(
    here: Mapping[str, Sequence[float]],
    before: Mapping[str, Sequence[float]],
    objectives: Sequence[Objective],
    keep: float,
    diverged: int = 0,
) -> tuple[str, ...]:
    """Return the candidates of a batch that survive a rung, in their order.

    Args:
        here: Values at the rung of the batch, by name.
        before: Those of earlier batches.
        objectives: Which way is better.
        keep: The fraction of all that survives, in 0..1; at least one candidate does.
        diverged: Candidates that diverged on the way to the rung; they count, with the worst rank.
    """
    everyone = {**before, **here}
    count = max(1, promoted_count(keep, len(everyone) + diverged))
    best = set(ranked(everyone, objectives)[:count])
    return tuple(name for name in here if name in best)
