"""Figures of `workbench fidelity`: tau by length, of proxies, and between all pairs of levels."""

from workbench.analysis.fidelity import FidelityTable, RankPrediction
from workbench.analysis.proxies import rank_proxies
from workbench.reporting.colours import style
from workbench.reporting.fidelity_texts import level_name, training_name
from workbench.reporting.figure import (
    CorrelationMatrix,
    IntervalRow,
    Intervals,
    Level,
    Plot,
    Series,
)

_ROW_PX = 34


def fidelity_figures(table: FidelityTable) -> tuple[Plot | Intervals | CorrelationMatrix, ...]:
    """Return the figures that have something to show; none with fewer networks than tau needs."""
    by_length, matrix, proxies = tau_by_length(table), tau_matrix(table), proxy_intervals(table)
    shown = (by_length.series, proxies and proxies.rows, matrix.names)
    figures = (by_length, proxies, matrix)
    return tuple(one for one, what in zip(figures, shown, strict=True) if one and what)


def tau_by_length(table: FidelityTable) -> Plot:
    """Return tau with the target against the steps, a line for each training."""
    trainings: dict[tuple[str, str, int], list[int]] = {}
    for place, level in enumerate(table.levels):
        if level.evidence != "lesion" and place != table.target:
            training = (level.study, level.evidence, level.total)
            trainings.setdefault(training, []).append(place)
    series = [
        made
        for number, places in enumerate(trainings.values())
        if (made := _series(table, places, number))
    ]
    ceiling = table.by_parameters().ceiling
    target = level_name(table, table.levels[table.target])
    return Plot(
        series=tuple(series),
        x_title="steps, % of the predicted training",
        y_title=f"Kendall's tau with {target}",
        height_px=420,
        level=None if ceiling is None else Level(ceiling, f"ceiling by seeds {ceiling:.2f}", 0.1),
        zero=True,
    )


def _series(table: FidelityTable, places: list[int], number: int) -> Series | None:
    """Return the line of one training; None if it has no tau."""
    found = [(table.levels[place], table.prediction(place, table.target)) for place in places]
    known = [(level, one.tau) for level, one in found if one.tau is not None]
    if not known:
        return None
    length = table.levels[table.target].total
    bounds = [tau.interval() for _, tau in known]
    return Series(
        name=training_name(table.levels[places[0]]),
        x=tuple(100 * level.step / (length or level.total) for level, _ in known),
        y=tuple(tau.tau for _, tau in known),
        style=style(number),
        line="straight",
        labels=tuple("end" if level.compared == "end" else "" for level, _ in known),
        marker_px=8,
        band=(tuple(low for low, _ in bounds), tuple(high for _, high in bounds)),
    )


def proxy_intervals(table: FidelityTable) -> Intervals | None:
    """Return tau and rho of the proxies and of points before the end; None without proxies."""
    ranking = rank_proxies(table)
    if ranking is None:
        return None
    found = [(one.proxy.title, one.prediction) for one in ranking.proxies]
    found += [
        (level_name(table, level), table.prediction_of(level))
        for place, level in enumerate(table.levels)
        if place != table.target
    ]
    rows = tuple(_interval_row(name, one) for name, one in found if one.tau is not None)
    ceiling = table.by_parameters().ceiling
    target = table.levels[table.target]
    return Intervals(
        kinds=("Kendall's tau", "Spearman's rho at fixed parameters"),
        rows=rows,
        x_title="rank correlation, 95 % intervals",
        title=f"What predicts the ranks at {level_name(table, target)}",
        height_px=130 + _ROW_PX * len(rows),
        level=None if ceiling is None else Level(ceiling, f"ceiling by seeds {ceiling:.2f}", 0.1),
    )


def _interval_row(name: str, found: RankPrediction) -> IntervalRow:
    tau, fixed = found.tau, found.at_fixed_parameters
    return IntervalRow(
        name,
        (
            (tau.tau, *tau.interval()) if tau else None,
            (fixed.rho, *fixed.interval()) if fixed else None,
        ),
    )


def tau_matrix(table: FidelityTable) -> CorrelationMatrix:
    """Return tau between all pairs of levels; those that say nothing are marked."""
    places = range(len(table.levels))
    pairs = {
        (one, other): table.prediction(one, other)
        for one in places
        for other in places
        if one < other
    }
    shown = [p for p in places if any(p in pair and found.tau for pair, found in pairs.items())]
    values: list[tuple[float | None, ...]] = []
    doubtful: set[tuple[int, int]] = set()
    for row, one in enumerate(shown):
        cells: list[float | None] = []
        for column, other in enumerate(shown):
            found = pairs.get((min(one, other), max(one, other)))
            tau = found.tau if found else None
            cells.append(1.0 if found is None else tau.tau if tau else None)
            if found and tau and found.says_nothing:
                doubtful.add((row, column))
        values.append(tuple(cells))
    return CorrelationMatrix(
        values=tuple(values),
        names=tuple(level_name(table, table.levels[place]) for place in shown),
        doubtful=frozenset(doubtful),
        title="Kendall's tau between levels; in brackets: 0 is in the interval",
        height_px=140 + _ROW_PX * len(shown),
    )
