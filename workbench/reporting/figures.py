"""The figures of a comparison, described; `page_figures.py` and `prints.py` draw them."""

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

from workbench.analysis.baseline import below_bicubic, validation_bicubic
from workbench.analysis.comparison import Comparison
from workbench.analysis.judging import Difference
from workbench.analysis.selection import highlighted_arms, largest_differences
from workbench.reporting.baseline import BICUBIC
from workbench.reporting.colours import BASE, OTHERS, PARETO, Style, styles
from workbench.reporting.figure import Forest, ForestRow, HeatMap, Level, Plot, Series
from workbench.results import TrialResult
from workbench.system.numbers import db_text, difference_text, giga_text, mean_text

Results = Mapping[str, Sequence[TrialResult]]
"""By arm, in the order of the seeds."""

DIFFERENCE_TITLE = "difference of PSNR, dB"
_LEAST_RANGE_DB = 0.01


def psnr_level(value_db: float) -> Level:
    """Return the PSNR of bicubic as a line across a figure."""
    return Level(value_db, f"{BICUBIC} {mean_text(value_db)} dB", _LEAST_RANGE_DB)


def heat_map(difference: Difference) -> HeatMap:
    """Return the differences of one member of the family, seeds x images, in dB."""
    return HeatMap(
        values=tuple(tuple(row) for row in difference.pair.delta.tolist()),
        rows=tuple(f"seed {seed}" for seed in difference.seeds),
        columns=difference.images,
        height_px=120 + 28 * len(difference.seeds),
    )


def per_image(comparison: Comparison, dataset: str) -> Plot:
    """Return the mean difference of every image, lowest first, a line for each comparison."""
    looks = styles(comparison)
    series = []
    for judged in largest_differences(comparison, dataset):
        pair = judged.difference.pair
        ranked = sorted(zip(pair.delta.mean(axis=0).tolist(), pair.images, strict=True))
        series.append(
            Series(
                name=judged.name,
                x=tuple(100 * (rank + 0.5) / len(ranked) for rank in range(len(ranked))),
                y=tuple(db for db, _ in ranked),
                hover=tuple(f"{judged.name}, {image}: {db_text(db)}" for db, image in ranked),
                style=looks[judged.name],
                line="straight",
                marker_px=6,
            )
        )
    return Plot(tuple(series), "share of the images, %", DIFFERENCE_TITLE, 420, zero=True)


def curves(comparison: Comparison, results: Results, names: Collection[str]) -> Plot:
    """Return the learning curves: mean over seeds, in a band from lowest to highest."""
    looks = styles(comparison)
    series = tuple(
        _curve(name, trials, looks.get(name, BASE))
        for name, trials in results.items()
        if name in names
    )
    validated = validation_bicubic(results)
    level = psnr_level(validated.psnr_rgb_db) if validated is not None else None
    return Plot(series, "steps", "validation PSNR, dB", 420, level)


def _curve(name: str, trials: Sequence[TrialResult], style: Style) -> Series:
    by_step: dict[int, list[float]] = {}
    for trial in trials:
        for point in trial.curve:
            by_step.setdefault(point.step, []).append(point.score.psnr_rgb_db)
    steps = sorted(by_step)
    means = [fmean(by_step[step]) for step in steps]
    low, high = (tuple(f(by_step[step]) for step in steps) for f in (min, max))
    return Series(
        name=name,
        x=tuple(steps),
        y=tuple(means),
        hover=tuple(
            f"{name}: {mean:.3f} dB at step {step:,}"
            for step, mean in zip(steps, means, strict=True)
        ),
        style=style,
        line="straight" if len(steps) > 1 else "none",
        marker_px=0 if len(steps) > 1 else 9,
        band=(low, high),
    )


def costs(comparison: Comparison, dataset: str) -> Plot:
    """Return quality, with its sd over seeds, against multiply-adds, and the Pareto front."""
    points = {
        row.name: (row.cost.multiply_adds / 1e9, row.datasets[dataset].scores["psnr_rgb_db"])
        for row in comparison.rows
        if dataset in row.datasets
    }
    looks, named = styles(comparison), highlighted_arms(comparison)
    front: list[tuple[float, float]] = []
    for x, spread in sorted(points.values(), key=lambda point: (point[0], -point[1].mean)):
        if not front or spread.mean > front[-1][1]:
            front.append((x, spread.mean))
    xs, ys = zip(*front, strict=True) if front else ((), ())
    series = [Series("Pareto front", xs, ys, PARETO, line="steps")]
    others = {name: point for name, point in points.items() if name not in named}
    if others:
        series.append(
            Series(
                name=f"{len(others)} others",
                x=tuple(x for x, _ in others.values()),
                y=tuple(spread.mean for _, spread in others.values()),
                hover=tuple(f"{n}: {mean_text(s.mean)} dB" for n, (_, s) in others.items()),
                style=OTHERS,
                marker_px=7,
            )
        )
    for name in (name for name in points if name in named):
        x, spread = points[name]
        psnr = f"{mean_text(spread.mean, spread.seed_sd)} dB"
        series.append(
            Series(
                name=name,
                x=(x,),
                y=(spread.mean,),
                hover=(f"{name}: {psnr}, {giga_text(1e9 * x)} G multiply-adds",),
                style=looks[name],
                marker_px=12,
                errors=(spread.seed_sd or 0.0,),
            )
        )
    bicubic = comparison.bicubic.get(dataset)
    level = psnr_level(bicubic.psnr_rgb_db) if bicubic is not None else None
    return Plot(tuple(series), "multiply-adds, G", "PSNR, dB", 420, level)


def forest(comparison: Comparison, dataset: str) -> Forest | None:
    """Return every difference with its interval; None if there is none on this data set."""
    judged, looks = comparison.judged(dataset), styles(comparison)
    if not judged:
        return None
    rows = tuple(
        ForestRow(
            name=one.name,
            mean=one.difference.decision.estimate.mean,
            interval=one.difference.decision.interval,
            verdict=one.difference.decision.verdict,
            style=looks[one.name],
        )
        for one in judged
    )
    trained_on = comparison.protocols[dataset].trained_on
    overlap = f", {trained_on.describe()}" if trained_on else ""
    reference, note = _bicubic_difference(comparison, dataset)
    one_base = {one.against for one in judged} <= {comparison.rows[0].name, ""}
    return Forest(
        title=f"{dataset} ({len(judged[0].difference.images)} images{overlap})",
        rows=rows,
        margin_db=comparison.rule.margin_db,
        x_title=DIFFERENCE_TITLE,
        reference=reference if one_base else None,
        note=note,
    )


def _bicubic_difference(comparison: Comparison, dataset: str) -> tuple[float | None, str]:
    """Return bicubic minus the base in dB and a sentence on it; nothing where it is not known."""
    bicubic, base = comparison.bicubic.get(dataset), comparison.rows[0]
    if bicubic is None or dataset not in base.datasets:
        return None, ""
    delta = bicubic.psnr_rgb_db - base.datasets[dataset].scores["psnr_rgb_db"].mean
    below = len(below_bicubic(comparison, dataset))
    networks = f"; {below} of {len(comparison.rows)} networks are below it" if below else ""
    return delta, f"{BICUBIC}: {difference_text(delta)} dB against {base.name}{networks}"
