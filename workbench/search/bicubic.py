"""Scores of bicubic interpolation beside those of a search's networks. No torch."""

from collections.abc import Sequence

from workbench.results import MeanScore, TrialResult
from workbench.search.objectives import COSTS, Objective
from workbench.search.state import SearchState


def bicubic_values(state: SearchState, objectives: Sequence[Objective]) -> tuple[float | None, ...]:
    """Return what bicubic has of each objective.

    Returns:
        None for costs, and for scores where no trial has those of bicubic.
    """
    return tuple(_value(state, objective) for objective in objectives)


def below_bicubic_db(state: SearchState) -> dict[str, dict[str, float]]:
    """Return by data set how many dB (PSNR, RGB) networks are below bicubic, by name."""
    return {
        dataset: {
            name: score.psnr_rgb_db - mean
            for name, mean in _means(state, dataset).items()
            if mean < score.psnr_rgb_db
        }
        for dataset, score in bicubic_scores(state).items()
    }


def _value(state: SearchState, objective: Objective) -> float | None:
    if objective.name in COSTS or objective.on_validation:
        return None
    dataset, slash, metric = objective.name.rpartition("/")
    known = bicubic_scores(state)
    first = next(iter(known), "")  # a score without a data set is that of the first one
    score = known.get(dataset if slash else first)
    return None if score is None else float(getattr(score, metric))


def _results(state: SearchState) -> list[TrialResult]:
    return [result for results in state.results.values() for result in results]


def bicubic_scores(state: SearchState) -> dict[str, MeanScore]:
    """Return the mean scores of bicubic by data set, where trials have them."""
    return {
        scores.dataset: scores.bicubic
        for result in _results(state)
        for scores in result.scores
        if scores.bicubic is not None
    }


def _means(state: SearchState, dataset: str) -> dict[str, float]:
    return {
        name: values[0]
        for name, values in state.values([Objective(f"{dataset}/psnr_rgb_db")]).items()
    }
