"""Figures of `workbench search simulate`: regret against the cost."""

from workbench.reporting.colours import BASE, OTHERS, Style, style
from workbench.reporting.figure import Plot, Series
from workbench.reporting.simulation_texts import UNIFORM, unit
from workbench.search.simulation.outcome import REFERENCE, RegretPoint, Simulation

_HEIGHT_PX = 380


def simulation_figures(found: Simulation) -> tuple[Plot, Plot]:
    """Return the mean regret with its interval, and the median with 10 to 90 % of the searches."""
    # What is drawn first lies behind the rest.
    names = [REFERENCE, *(name for name in found.repetitions if name != REFERENCE)]
    curves = {name: found.curve(name) for name in names}
    return mean_regret(found, curves), median_regret(found, curves)


def mean_regret(found: Simulation, curves: dict[str, list[RegretPoint]]) -> Plot:
    """Return the mean regret of each sampler against the steps, with uniform draws.

    Args:
        found: The simulation.
        curves: By sampler.
    """
    series = [
        Series(
            name=name,
            x=tuple(point.steps for point in curve),
            y=tuple(point.mean for point in curve),
            style=_style(name, number),
            line="straight",
            band=(
                tuple(point.interval[0] for point in curve),
                tuple(point.interval[1] for point in curve),
            ),
        )
        for number, (name, curve) in enumerate(curves.items())
    ]
    uniform = found.uniform()
    exact = Series(
        name=f"{UNIFORM} draws, no rungs (exact)",
        x=tuple(float(steps) for steps, _ in uniform),
        y=tuple(value for _, value in uniform),
        style=Style(OTHERS.colour, OTHERS.symbol, "dot"),
        line="straight",
    )
    return Plot(
        series=(*series, exact),
        x_title="training steps of the search",
        y_title=_title(found, "mean regret"),
        height_px=_HEIGHT_PX,
        zero=True,
    )


def median_regret(found: Simulation, curves: dict[str, list[RegretPoint]]) -> Plot:
    """Return the median regret of each sampler, and the band of 10 to 90 % of the searches.

    Args:
        found: The simulation.
        curves: By sampler.
    """
    series = [
        Series(
            name=name,
            x=tuple(point.steps for point in curve),
            y=tuple(point.quantiles[1] for point in curve),
            style=_style(name, number),
            line="straight",
            band=(
                tuple(point.quantiles[0] for point in curve),
                tuple(point.quantiles[2] for point in curve),
            ),
        )
        for number, (name, curve) in enumerate(curves.items())
    ]
    return Plot(
        series=tuple(series),
        x_title="training steps of the search",
        y_title=_title(found, "median regret, 10 to 90 %"),
        height_px=_HEIGHT_PX,
        zero=True,
    )


def _style(name: str, number: int) -> Style:
    return BASE if name == REFERENCE else style(number)


def _title(found: Simulation, what: str) -> str:
    shown = unit(found.searched.objective).strip()
    return f"{what}, {shown}" if shown else what
