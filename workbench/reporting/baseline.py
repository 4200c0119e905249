"""Bicubic interpolation in reports: the row that networks are to be seen against. No torch."""

from collections.abc import Iterable, Mapping

from workbench.analysis.comparison import Comparison
from workbench.results import MeanScore, TrialResult
from workbench.system.numbers import difference_text

BICUBIC = "bicubic"
"""Label of its row."""
_MOST_NAMED = 5


def below_bicubic(comparison: Comparison, dataset: str) -> list[str]:
    """Return the names of the networks whose mean PSNR (RGB) is below that of bicubic.

    Args:
        comparison: Its rows are the networks.
        dataset: One of its data sets; without a score of bicubic, no network is below it.
    """
    return list(shortfalls(comparison, dataset))


def shortfalls(comparison: Comparison, dataset: str) -> dict[str, float]:
    """Return by how many dB each network below bicubic is below it, in the order of the rows."""
    bicubic = comparison.bicubic.get(dataset)
    if bicubic is None:
        return {}
    means = {
        row.name: score.scores["psnr_rgb_db"].mean
        for row in comparison.rows
        if (score := row.datasets.get(dataset))
    }
    return below(means, bicubic.psnr_rgb_db)


def below(means: Mapping[str, float], bicubic_db: float) -> dict[str, float]:
    """Return by how many dB each mean below `bicubic_db` is below it."""
    return {name: bicubic_db - mean for name, mean in means.items() if mean < bicubic_db}


def warning(comparison: Comparison, dataset: str) -> str:
    """Return what to print under a table whose networks are below bicubic; empty if none is."""
    found = shortfalls(comparison, dataset)
    if not found:
        return ""
    return warning_text(dataset, found, comparison.bicubic[dataset].psnr_rgb_db)


def warning_text(
    dataset: str, short: Mapping[str, float], bicubic_db: float, *, ranked: bool = False
) -> str:
    """Say which trained networks are below bicubic, by how much, and what that means.

    Args:
        dataset: Its name.
        short: See `below`; at least one.
        bicubic_db: PSNR of bicubic.
        ranked: See `untrained_text`.
    """
    meaning = untrained_text(len(short), ranked=ranked)
    return f"{below_text(dataset, short, bicubic_db)} {meaning}"


def below_text(dataset: str, short: Mapping[str, float], bicubic_db: float) -> str:
    """Say which networks are below bicubic and by how much.

    Args:
        dataset: Its name.
        short: See `below`; at least one.
        bicubic_db: PSNR of bicubic.
    """
    first = list(short.items())[:_MOST_NAMED]
    named = ", ".join(f"{name} by {db_text(db)} dB" for name, db in first)
    others = len(short) - _MOST_NAMED
    if others > 0:
        named += f", and {others} more by up to {db_text(max(short.values()))} dB"
    verb = "network is" if len(short) == 1 else "networks are"
    where = f"below bicubic interpolation ({bicubic_db:.3f} dB)"
    return f"{dataset}: {len(short)} {verb} {where}: {named}."


def untrained_text(count: int, *, ranked: bool = False) -> str:
    """Say what it means that so many trained networks are below bicubic.

    Args:
        count: How many.
        ranked: Whether they are ranked, as in a search; otherwise there are verdicts on them.
    """
    who, what = ("It has", "its rank says") if count == 1 else ("They have", "their ranks say")
    if not ranked:
        what = f"verdicts about {'it' if count == 1 else 'them'} say"
    return f"{who} not yet learned to beat interpolation: {what} little about longer training."


def db_text(db: float) -> str:
    """Format a distance in dB: two significant digits, three decimals at least; no sign."""
    return difference_text(db).lstrip("+")


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
