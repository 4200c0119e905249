"""Bicubic interpolation in reports: the row that networks are to be seen against. No torch."""

from collections.abc import Mapping

from workbench.analysis.baseline import below_bicubic
from workbench.analysis.comparison import Comparison
from workbench.system.numbers import difference_text

BICUBIC = "bicubic"
"""Label of its row."""
_MOST_NAMED = 5


def warning(comparison: Comparison, dataset: str) -> str:
    """Return what to print under a table whose networks are below bicubic; empty if none is."""
    found = below_bicubic(comparison, dataset)
    if not found:
        return ""
    return table_warning(comparison, dataset, found)


def table_warning(comparison: Comparison, dataset: str, short: Mapping[str, float]) -> str:
    """Return which rows of a table are below bicubic; of lesions, which have not trained, no more.

    Args:
        comparison: What the table shows.
        dataset: Its name.
        short: By name, in dB; at least one.
    """
    bicubic_db = comparison.bicubic[dataset].psnr_rgb_db
    if comparison.evidence == "lesion":
        return below_text(dataset, short, bicubic_db)
    return warning_text(dataset, short, bicubic_db)


def warning_text(
    dataset: str, short: Mapping[str, float], bicubic_db: float, *, ranked: bool = False
) -> str:
    """Return which trained networks are below bicubic, by how much, and what that means.

    Args:
        dataset: Its name.
        short: By name, in dB, as `below_bicubic` returns them; at least one.
        bicubic_db: PSNR of bicubic.
        ranked: See `untrained_text`.
    """
    meaning = untrained_text(len(short), ranked=ranked)
    return f"{below_text(dataset, short, bicubic_db)} {meaning}"


def below_text(dataset: str, short: Mapping[str, float], bicubic_db: float) -> str:
    """Return which networks are below bicubic and by how much, as a sentence.

    Args:
        dataset: Its name.
        short: By name, in dB, as `below_bicubic` returns them; at least one.
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
    """Return what it means that `count` trained networks are below bicubic.

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
