"""Bicubic interpolation in what is shown of a search. No torch."""

from collections.abc import Sequence

from workbench.reporting.baseline import below, warning_text
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
        dataset: below(_means(state, dataset), score.psnr_rgb_db)
        for dataset, score in _bicubic(state).items()
    }


def bicubic_warnings(state: SearchState) -> list[str]:
    """Return a sentence for each data set on which networks are below bicubic."""
    bicubic = _bicubic(state)
    return [
        warning_text(dataset, short, bicubic[dataset].psnr_rgb_db, ranked=True)
        for dataset, short in below_bicubic_db(state).items()
        if short
    ]


def _value(state: SearchState, objective: Objective) -> float | None:
    if objective.name in COSTS:
        return None
    dataset, slash, metric = objective.name.rpartition("/")
    known = _bicubic(state)
    first = next(iter(known), "")  # a score without a data set is that of the first one
    score = known.get(dataset if slash else first)
    return None if score is None else float(getattr(score, metric))


def _results(state: SearchState) -> list[TrialResult]:
    return [result for results in state.results.values() for result in results]


def _bicubic(state: SearchState) -> dict[str, MeanScore]:
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
