"""Trials to rows of the Parquet files. Values are as in the ledger, to the last bit."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.provenance import Environment
from workbench.results import SCORE_NAMES, MeanScore, TrialResult
from workbench.store.keys import model_hash
from workbench.tables.columns import VALIDATION, validation_prefix
from workbench.tables.table import TrialTable

BENCHMARK = "benchmark"
Row = dict[str, Any]


def by_column(rows: Sequence[Row], names: Sequence[str]) -> dict[str, list[Any]]:
    """Return rows as columns.

    Args:
        rows: Each with a value for every name.
        names: Of the columns.
    """
    return {name: [row[name] for row in rows] for name in names}


def trial_rows(
    table: TrialTable, environments: Sequence[Environment], benchmarks: Sequence[str]
) -> list[Row]:
    """Return the rows of `trials.parquet`.

    Args:
        table: The table.
        environments: All environments of its trials.
        benchmarks: Names of all benchmarks.
    """
    return [_trial(result, table, environments, benchmarks) for result in table.results]


def _trial(
    result: TrialResult,
    table: TrialTable,
    environments: Sequence[Environment],
    benchmarks: Sequence[str],
) -> Row:
    network, cost = model_hash(result.config.model), result.cost
    return {
        "key": result.key,
        "training_key": result.training_key,
        "network": network,
        "name": table.name_of(network),
        "seed": result.config.seed,
        "state": result.state.value,
        "reason": result.reason,
        "steps": result.steps,
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "challenge_flops": cost.challenge_flops,
        "activations": cost.activations,
        "convolutions": cost.convolutions,
        "cost_lr_height_px": cost.lr_height_px,
        "cost_lr_width_px": cost.lr_width_px,
        "training_s": result.training_s,
        "evaluation_s": result.evaluation_s,
        "sessions": result.sessions,
        "started_unix_s": result.started_s,
        "finished_unix_s": result.finished_s,
        "environment": environments.index(result.environment),
        "weights_hash": result.weights_hash,
        "config": json.dumps(result.config.plain(), separators=(",", ":")),
        **_means(result, benchmarks),
    }


def _means(result: TrialResult, benchmarks: Sequence[str]) -> Row:
    """Return the final mean scores, None for what the trial was not scored on."""
    at_end = bool(result.curve) and result.curve[-1].step == result.steps
    means: dict[str, MeanScore | None] = {
        validation_prefix(tuple(benchmarks)): result.curve[-1].score if at_end else None
    }
    for name in benchmarks:
        scores = result.score(name)
        means[name] = scores.mean() if scores else None
    return {
        f"{prefix}/{name}": getattr(mean, name) if mean else None
        for prefix, mean in means.items()
        for name in SCORE_NAMES
    }


def curve_rows(results: Sequence[TrialResult]) -> list[Row]:
    """Return the rows of `curves.parquet`."""
    return [
        {
            "key": result.key,
            "step": point.step,
            "time_unix_s": point.time_s,
            "loss": point.loss,
            "learning_rate": point.learning_rate,
            **dict(point.score),
        }
        for result in results
        for point in result.curve
    ]


def score_rows(results: Sequence[TrialResult]) -> list[Row]:
    """Return the rows of `scores.parquet`."""
    return [row for result in results for row in (*_benchmark(result), *_validation(result))]


def _benchmark(result: TrialResult) -> Iterator[Row]:
    for scores in result.scores:
        for image in scores.images:
            values = {name: getattr(image, name) for name in SCORE_NAMES}
            yield _score(result, BENCHMARK, scores.dataset, result.steps, image.name, values)


def _validation(result: TrialResult) -> Iterator[Row]:
    dataset = result.config.data.validation.name
    for point in result.curve:
        if point.per_image is None:
            continue
        for place, image in enumerate(result.validation_images):
            values = {name: getattr(point.per_image, name)[place] for name in SCORE_NAMES}
            yield _score(result, VALIDATION, dataset, point.step, image, values)


def _score(
    result: TrialResult, use: str, dataset: str, step: int, image: str, values: Mapping[str, float]
) -> Row:
    where = {"key": result.key, "use": use, "dataset": dataset, "step": step, "image": image}
    return where | dict(values)
