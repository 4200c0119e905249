"""Rungs: at which steps candidates are compared, and which of them survive.

Synchronous halving on rungs, as asynchronous successive halving (Li et al. 2020) decides: a
candidate survives if it is among the best fraction of all that have reached the rung so far. A
batch is compared when all of it is there, so that decisions do not depend on the order of arrival.
With several objectives the ranks are those of multi-objective ASHA (Schmucker et al. 2021).
"""

from collections.abc import Mapping, Sequence

from workbench.config.training import TrainingConfig
from workbench.search.objectives import Objective
from workbench.search.ranking import ranked
from workbench.spaces.space import Fidelity


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


def select_survivors(
    here: Mapping[str, Sequence[float]],
    before: Mapping[str, Sequence[float]],
    objectives: Sequence[Objective],
    keep: float,
) -> tuple[str, ...]:
    """Return the candidates of a batch that survive a rung, in their order.

    Args:
        here: Values at the rung of the batch, by name.
        before: Those of earlier batches.
        objectives: Which way is better.
        keep: The fraction of all that survives, in 0..1; at least one candidate does.
    """
    everyone = {**before, **here}
    best = set(ranked(everyone, objectives)[: max(1, int(keep * len(everyone)))])
    return tuple(name for name in here if name in best)
