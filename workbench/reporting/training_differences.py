"""Differences over training: figure, sentences, and plain data. No torch."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workbench.analysis.comparison import Comparison
from workbench.analysis.training_differences import LateChange, TrainingDifference, Trend
from workbench.reporting.colours import OTHERS, Style, styles
from workbench.reporting.figure import Plot, Series
from workbench.reporting.wording import listed
from workbench.statistics.decision_rule import DecisionRule
from workbench.system.numbers import db_text

TRENDS: tuple[Trend, ...] = ("still moving", "settled", "not known")
MOST_BANDS = 3
"""Intervals that are drawn as areas in one figure; more would cover each other."""
MOST_LINES = 24
MOST_NAMED = 12
"""Names in one sentence; further ones are counted."""
COLUMNS = 3
"""Of printed panels, one for each comparison."""
_PANEL_PX = 210
ROW_COLUMNS = (
    *("variant", "against", "step", "delta_psnr_rgb_db", "low_db", "high_db"),
    *("seed_sd_db", "image_sd_db", "seeds", "images"),
)
"""Of `to_rows`."""


def figure(comparison: Comparison, found: Sequence[TrainingDifference]) -> Plot:
    """Return the differences against the step, with intervals and the margin around 0.

    Args:
        comparison: Whose family they are of.
        found: Of many, those that differ most at their end are drawn.
    """
    far = sorted(found, key=lambda one: -abs(one.points[-1].estimate.mean))[:MOST_LINES]
    drawn = [one for one in found if one in far]
    looks, margin = styles(comparison), comparison.rule.margin_db
    steps = [point.step for one in drawn for point in one.points]
    series = [_margin(margin, steps)] if margin and steps else []
    series += [_series(one, looks[one.name], band=len(drawn) <= MOST_BANDS) for one in drawn]
    return Plot(tuple(series), "steps", "difference of validation PSNR, dB", 420, zero=True)


def figures(comparison: Comparison, found: Sequence[TrainingDifference]) -> list[Plot]:
    """Return the figure for print: with more than `MOST_BANDS` lines a panel for each of them."""
    together = figure(comparison, found)
    names = [one.name for one in together.series]
    drawn = [one for one in found if one.name in names]
    if len(drawn) <= MOST_BANDS:
        return [together]
    alone = [figure(comparison, [one]) for one in drawn]
    return [
        replace(
            plot,
            title=one.name,
            height_px=_PANEL_PX,
            y_title="" if place % COLUMNS else "difference, dB",
            x_title="steps" if place + COLUMNS >= len(drawn) else "",
        )
        for place, (one, plot) in enumerate(zip(drawn, alone, strict=True))
    ]


def _margin(margin_db: float, steps: Sequence[int]) -> Series:
    ends = (float(min(steps)), float(max(steps)))
    band = ((-margin_db, -margin_db), (margin_db, margin_db))
    return Series(f"margin ±{margin_db:g} dB", ends, (0.0, 0.0), OTHERS, line="straight", band=band)


def _series(one: TrainingDifference, style: Style, *, band: bool) -> Series:
    means = tuple(point.estimate.mean for point in one.points)
    intervals = [point.interval for point in one.points] if band else []
    known = [interval for interval in intervals if interval]
    several = len(means) > 1
    return Series(
        name=one.name,
        x=tuple(float(point.step) for point in one.points),
        y=means,
        hover=tuple(
            f"{one.name}, step {point.step:,}: {db_text(mean)}"
            for point, mean in zip(one.points, means, strict=True)
        ),
        style=style,
        line="straight" if several else "none",
        marker_px=0 if several else 9,
        band=(tuple(low for low, _ in known), tuple(high for _, high in known)) if known else None,
    )


def caption(found: Sequence[TrainingDifference], rule: DecisionRule) -> str:
    """Return what the figure shows, and over what its intervals are."""
    over = "over new seeds and new images"
    without = [one.name for one in found if not one.images]
    if len(without) == len(found):
        over = "over new seeds, on these images: the records hold no scores of single images"
    elif without:
        over += f" ({listed(without)}: over new seeds only)"
    return (
        "Difference of validation PSNR from the network that each is compared with, at each step: "
        f"mean and {100 * (1 - rule.alpha):g} % interval {over}. Each interval is of one step, not "
        "adjusted for the number of steps or comparisons. Under a learning-rate schedule a point "
        "is not the end of a shorter training."
    )


def trend_meaning(rule: DecisionRule) -> str:
    """Return what the words for trends mean."""
    return (
        "The change is the least-squares slope of the difference over the last third of training, "
        f"times the steps of it. Settled: two one-sided tests at {rule.alpha:g} show it to be "
        f"within ±{rule.margin_db:g} dB. Still moving: they do not, and the change differs from 0. "
        "Not known: neither is shown. The interval of a change is that of its test: "
        f"{100 * (1 - 2 * rule.alpha):g} % where settled, else {100 * (1 - rule.alpha):g} %. It "
        "speaks of this training, not of a longer one."
    )


def late_text(one: TrainingDifference) -> str:
    """Return whether a difference still moves, with the change that says so."""
    if one.late is None:
        return "not known: fewer than two validations in the last third of training"
    if len(one.seeds) < 2:
        return "not known: one seed"
    return f"{one.trend}: {change_text(one.late)}"


def change_text(late: LateChange) -> str:
    """Return a late change with the interval of the test that its trend rests on."""
    interval = late.equivalence_interval if late.trend == "settled" else late.interval
    change = db_text(late.estimate.mean, interval)
    return f"{change} from step {late.first_step:,} to {late.last_step:,}"


def trends_text(found: Sequence[TrainingDifference], rule: DecisionRule) -> str:
    """Return in one line which differences still move; empty where nothing can be said.

    Args:
        found: With one seed or without late points nothing can be said of one.
        rule: With the margin.
    """
    judged = [one for one in found if one.late is not None and len(one.seeds) > 1]
    parts = [
        f"{trend}: {listed(names, MOST_NAMED)}"
        for trend in TRENDS
        if (names := [one.name for one in judged if one.trend == trend])
    ]
    if not parts:
        return ""
    return (
        f"difference over the last third of training, on the validation images: {'; '.join(parts)} "
        f"(settled: change shown to be within ±{rule.margin_db:g} dB)"
    )


def to_rows(found: Sequence[TrainingDifference]) -> list[dict[str, Any]]:
    """Return a row for each comparison and step; units are in the names."""
    return [
        {
            "variant": one.name,
            "against": one.against,
            "step": point.step,
            "delta_psnr_rgb_db": point.estimate.mean,
            "low_db": point.interval and point.interval[0],
            "high_db": point.interval and point.interval[1],
            "seed_sd_db": point.estimate.seed_sd,
            "image_sd_db": point.estimate.image_sd,
            "seeds": len(one.seeds),
            "images": len(one.images) or None,
        }
        for one in found
        for point in one.points
    ]


def to_dict(found: Sequence[TrainingDifference], rule: DecisionRule) -> dict[str, Any]:
    """Return the differences over training as plain data, for JSON."""
    return {
        "alpha": rule.alpha,
        "margin_db": rule.margin_db,
        "adjusted": False,
        "over_training": [
            {
                "variant": one.name,
                "against": one.against,
                "seeds": list(one.seeds),
                "images": list(one.images),
                "trend": one.trend,
                "late_change": one.late and _late_to_dict(one.late),
                "points": [
                    {
                        "step": point.step,
                        "delta_psnr_rgb_db": point.estimate.mean,
                        "low_db": point.interval and point.interval[0],
                        "high_db": point.interval and point.interval[1],
                    }
                    for point in one.points
                ],
            }
            for one in found
        ],
    }


def to_json(study: str, found: Sequence[TrainingDifference], rule: DecisionRule) -> bytes:
    """Return the differences over training of a study as JSON."""
    content = {"study": study} | to_dict(found, rule)
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()


def _late_to_dict(late: LateChange) -> dict[str, Any]:
    low, high = late.interval or (None, None)
    inner_low, inner_high = late.equivalence_interval or (None, None)
    return {
        "first_step": late.first_step,
        "last_step": late.last_step,
        "change_db": late.estimate.mean,
        "low_db": low,
        "high_db": high,
        "equivalence_low_db": inner_low,
        "equivalence_high_db": inner_high,
        "p": late.estimate.p_difference(),
        "p_equivalence": late.estimate.p_equivalence(late.margin_db),
    }
