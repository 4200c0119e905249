"""Which of several networks are better, with one objective or more.

Several objectives are ranked by non-dominated sorting and crowding distance (NSGA-II, Deb et al.
2002).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.search.objectives import Objective


def front(
    values: Mapping[str, Sequence[float]], objectives: Sequence[Objective]
) -> tuple[str, ...]:
    """Return the names on the Pareto front, in their order: no other dominates them.

    Args:
        values: By name, one value for each objective.
        objectives: Which way is better.
    """
    if not values:
        return ()
    fronts = _front_of_each(_scores(values, objectives))
    return tuple(name for name, place in zip(values, fronts, strict=True) if place == 0)


def ranked(
    values: Mapping[str, Sequence[float]], objectives: Sequence[Objective]
) -> tuple[str, ...]:
    """Return the names from the best to the worst; of equal ones the earlier is the better.

    With several objectives the fronts come one after the other, and within a front those with the
    largest crowding distance come first.
    """
    names = list(values)
    if not names:
        return ()
    scores = _scores(values, objectives)
    if len(objectives) == 1:
        order = np.argsort(-scores[:, 0], kind="stable")
        return tuple(names[place] for place in order)
    fronts = _front_of_each(scores)
    keys = np.zeros(len(names))
    for front in range(fronts.max() + 1):
        members = np.flatnonzero(fronts == front)
        keys[members] = -_crowding(scores[members])
    order = np.lexsort((np.arange(len(names)), keys, fronts))
    return tuple(names[place] for place in order)


def _scores(
    values: Mapping[str, Sequence[float]], objectives: Sequence[Objective]
) -> NDArray[np.float64]:
    """Return a row for each name; larger is better in every column."""
    signs = [1.0 if o.direction == "maximize" else -1.0 for o in objectives]
    scores: NDArray[np.float64] = np.array(list(values.values()), dtype=float) * np.array(signs)
    return scores


def _front_of_each(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return in which front each row is, the best being 0; larger is better in every column."""
    left = np.arange(len(scores))
    fronts = np.zeros(len(scores), dtype=np.int64)
    front = 0
    while len(left):
        own = scores[left]
        no_worse = (own[:, None, :] >= own[None, :, :]).all(axis=2)
        better = (own[:, None, :] > own[None, :, :]).any(axis=2)
        beaten = (no_worse & better).any(axis=0)
        fronts[left[~beaten]] = front
        left, front = left[beaten], front + 1
    return fronts


def _crowding(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the crowding distance of each row within its front; infinite at the ends."""
    distance = np.zeros(len(scores))
    for column in scores.T:
        order = np.argsort(column, kind="stable")
        spread = column[order[-1]] - column[order[0]]
        distance[order[[0, -1]]] = np.inf
        if len(order) > 2 and spread > 0:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / spread
    return distance
