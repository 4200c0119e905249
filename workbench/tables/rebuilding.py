"""Rows of a table back to trials: the same values as in the ledger, checked like its records."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.errors import ConfigError, StoreError
from workbench.results import SCORE_NAMES, TrialResult
from workbench.store.keys import model_hash
from workbench.tables.header import Header
from workbench.tables.rows import BENCHMARK, Row

Columns = Mapping[str, Sequence[Any]]

_COST = ("parameters", "multiply_adds", "challenge_flops", "activations", "convolutions")
_AS_THEY_ARE = (
    *("key", "training_key", "state", "reason", "steps", "training_s", "evaluation_s"),
    *("sessions", "weights_hash"),
)


def rows_of(columns: Columns) -> Iterator[Row]:
    """Yield the rows of columns of one length."""
    names = list(columns)
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(names, values, strict=True))


def trials_of(
    header: Header, trials: Columns, curves: Columns, scores: Columns, *, where: str
) -> tuple[TrialResult, ...]:
    """Return the trials of a table, in the order of its rows.

    Args:
        header: Content of `table.json`.
        trials: Columns of `trials.parquet`.
        curves: Columns of `curves.parquet`.
        scores: Columns of `scores.parquet`.
        where: What an error calls the table.

    Raises:
        StoreError: Naming the trial that cannot be one.
    """
    points, images = _by_key(curves), _by_key(scores)
    found: dict[str, TrialResult] = {}
    for row in rows_of(trials):
        key = row["key"]
        try:
            one = _trial(header, row, points.pop(key, []), images.pop(key, []))
        except (ConfigError, KeyError, IndexError, TypeError, ValueError) as error:
            raise StoreError(f"{where}: trial {key}: {' '.join(str(error).split())}") from None
        if key in found or model_hash(one.config.model) != row["network"]:
            reason = "it is there twice" if key in found else "its config is of another network"
            raise StoreError(f"{where}: trial {key}: {reason}")
        found[key] = one
    for key in (*points, *images):
        raise StoreError(f"{where}: scores of the trial {key}, which `trials` does not have")
    return tuple(found.values())


def _by_key(columns: Columns) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows_of(columns):
        found.setdefault(row["key"], []).append(row)
    return found


def _trial(header: Header, row: Row, points: list[Row], images: list[Row]) -> TrialResult:
    if not 0 <= row["environment"] < len(header.environments):
        raise ValueError(f"environment must be within `environments`, got {row['environment']}")
    validation = [one for one in images if one["use"] != BENCHMARK]
    by_step: dict[int, list[Row]] = {}
    for one in validation:
        by_step.setdefault(one["step"], []).append(one)
    names = [one["image"] for one in next(iter(by_step.values()), [])]
    return TrialResult.parse(
        {name: row[name] for name in _AS_THEY_ARE}
        | {
            "config": json.loads(row["config"]),
            "cost": {name: row[name] for name in _COST}
            | {"lr_height_px": row["cost_lr_height_px"], "lr_width_px": row["cost_lr_width_px"]},
            "started_s": row["started_unix_s"],
            "finished_s": row["finished_unix_s"],
            "environment": header.environments[row["environment"]].plain(),
            "scores": _scores(header, images),
            "curve": [_point(one, by_step.get(one["step"], [])) for one in points],
            "validation_images": names,
            "validation_bicubic": header.validation_bicubic and header.validation_bicubic.plain(),
        }
    )


def _scores(header: Header, images: list[Row]) -> list[Row]:
    by_dataset: dict[str, list[Row]] = {}
    for one in images:
        if one["use"] == BENCHMARK:
            by_dataset.setdefault(one["dataset"], []).append(one)
    known = {one.dataset: one.plain() for one in header.benchmarks}
    return [
        known[dataset]
        | {"images": [{"name": one["image"], **_values(one)} for one in by_dataset[dataset]]}
        for dataset in by_dataset
    ]


def _point(point: Row, images: list[Row]) -> Row:
    per_image = {name: [one[name] for one in images] for name in SCORE_NAMES} if images else None
    return {
        "step": point["step"],
        "time_s": point["time_unix_s"],
        "loss": point["loss"],
        "learning_rate": point["learning_rate"],
        "score": _values(point),
        "per_image": per_image,
    }


def _values(row: Row) -> dict[str, float]:
    return {name: row[name] for name in SCORE_NAMES}
