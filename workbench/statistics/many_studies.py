"""Verdicts on thousands of simulated studies at once, by the tests that judge a real one."""

from collections.abc import Sequence

import numpy as np

from workbench.statistics.crossed import Values, mean_squares, two_sided_p
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB
from workbench.statistics.estimate import Matrix
from workbench.statistics.family import step_down
from workbench.statistics.gatekeeping import Gates, gated_step_down
from workbench.statistics.sequential import shares

BETTER, WORSE, EQUIVALENT, UNDECIDED = 1, -1, 2, 0


def judge_studies(
    members: Sequence[Matrix],
    looks: Sequence[int],
    *,
    alpha: float = ALPHA,
    margin_db: float = MARGIN_DB,
    gates: Gates | None = None,
) -> Values:
    """Return the verdicts on the members of many studies.

    Args:
        members: Of each member, differences of shape (studies, seeds, images), in dB.
        looks: Seeds at each look, at least 2, increasing; one for a study that judges once.
        alpha: Error rate of the family.
        margin_db: Differences within it do not matter.
        gates: Which members, by their places, are tested first; for one look.

    Returns:
        Shape (studies, members): BETTER, WORSE, EQUIVALENT or UNDECIDED.
    """
    verdicts = np.full((len(members[0]), len(members)), UNDECIDED)
    for seeds, rate in zip(looks, shares(alpha, looks), strict=True):
        tests = np.stack([_tests(delta[:, :seeds], margin_db) for delta in members], axis=1)
        for study, rows in enumerate(tests):
            active = np.flatnonzero(verdicts[study] == UNDECIDED)
            p_values = {int(m): (float(rows[m, 0]), float(rows[m, 1])) for m in active}
            adjusted = gated_step_down(p_values, gates) if gates else step_down(p_values)
            for member, (differs, within) in adjusted.items():
                if within <= rate:
                    verdicts[study, member] = EQUIVALENT
                elif differs <= rate:
                    verdicts[study, member] = BETTER if rows[member, 2] > 0 else WORSE
    return verdicts


def _tests(delta: Matrix, margin_db: float) -> Values:
    """Return p of no difference, p of beyond the margin, and the mean: shape (studies, 3)."""
    seeds, images = delta.shape[1:]
    mean, a, b, e = mean_squares(delta)
    inside = margin_db - np.abs(mean)
    half = two_sided_p(inside, a, b, e, seeds, images) / 2
    within = np.where(inside > 0, half, 1 - half) if margin_db else np.ones_like(mean)
    return np.stack([two_sided_p(mean, a, b, e, seeds, images), within, mean], axis=-1)
