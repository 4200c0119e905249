"""How far networks are from bicubic interpolation, in dB."""

from collections.abc import Iterable, Mapping

from workbench.analysis.comparison import Comparison
from workbench.results import MeanScore, TrialResult


def below_bicubic(comparison: Comparison, dataset: str) -> dict[str, float]:
    """Return by how many dB each network below bicubic is below it, in the order of the rows.

    Args:
        comparison: Its rows are the networks.
        dataset: One of its data sets; without a score of bicubic, no network is below it.
    """
    bicubic = comparison.bicubic.get(dataset)
    if bicubic is None:
        return {}
    means = {
        row.name: score.scores["psnr_rgb_db"].mean
        for row in comparison.rows
        if (score := row.datasets.get(dataset))
    }
    return shortfalls(means, bicubic.psnr_rgb_db)


def shortfalls(means_db: Mapping[str, float], bicubic_db: float) -> dict[str, float]:
    """Return by how many dB each mean below `bicubic_db` is below it."""
    return {name: bicubic_db - mean for name, mean in means_db.items() if mean < bicubic_db}


def validation_bicubic(results: Mapping[str, Iterable[TrialResult]]) -> MeanScore | None:
    """Return the scores of bicubic on the validation images, for learning curves.

    Args:
        results: Of each arm. None is returned if two were validated on different images.
    """
    found = {
        one.validation_bicubic
        for rows in results.values()
        for one in rows
        if one.validation_bicubic is not None
    }
    return found.pop() if len(found) == 1 else None
