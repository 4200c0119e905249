"""The differences of single images: a table of few images, distributions of many."""

from collections.abc import Iterator, Sequence

from workbench.analysis.comparison import Comparison, Judged
from workbench.analysis.selection import MOST_DRAWN, largest_differences
from workbench.reporting import figures
from workbench.reporting.colours import legend, styles
from workbench.reporting.html_parts import Cell, html_figure, html_table, text
from workbench.reporting.page.tables import name_cell
from workbench.system.numbers import difference_text

FEWEST_IMAGES = 8
"""Fewer are a table: they have no distribution."""
MOST_EXTREME = 3
"""Images that are named for gaining and for losing most."""


def images(comparison: Comparison, dataset: str, number: int) -> Iterator[str]:
    """Yield the differences of every image, in a table or as distributions.

    Args:
        comparison: What is reported.
        dataset: Of it.
        number: Of the data set, for the names of elements.
    """
    judged, looks = largest_differences(comparison, dataset), styles(comparison)
    if not judged:
        return
    yield f"<h3>Image by image: {text(dataset)}</h3>"
    left_out = _left_out(len(comparison.judged(dataset)) - len(judged))
    if max(len(one.difference.images) for one in judged) < FEWEST_IMAGES:
        yield _table(comparison, judged, left_out)
        return
    yield html_figure(
        figures.per_image(comparison, dataset),
        f"ranked-{number}",
        "Difference of every image, mean over seeds, from the image that loses most to the one "
        f"that gains most.{left_out}",
        legend({one.name: looks[one.name] for one in judged}),
    )
    yield "<details><summary>Seeds x images of every variant</summary>"
    for index, one in enumerate(judged):
        against = f" minus {one.against}" if one.against else ""
        yield html_figure(
            figures.heat_map(one.difference),
            f"images-{number}-{index}",
            f"{one.name}{against}, dB, seeds x images. {_extremes(one)}",
        )
    yield "</details>"


def _means(one: Judged) -> list[tuple[float, str]]:
    """Return the mean difference of every image over the seeds, lowest first."""
    pair = one.difference.pair
    return sorted(zip(pair.delta.mean(axis=0).tolist(), pair.images, strict=True))


def _extremes(one: Judged) -> str:
    means = _means(one)
    lowest = ", ".join(f"{name} {difference_text(db)}" for db, name in means[:MOST_EXTREME])
    highest = ", ".join(
        f"{name} {difference_text(db)}" for db, name in means[: -MOST_EXTREME - 1 : -1]
    )
    return f"Lowest: {lowest}. Highest: {highest}."


def _table(comparison: Comparison, judged: Sequence[Judged], left_out: str) -> str:
    looks = styles(comparison)
    names = list(dict.fromkeys(name for one in judged for name in one.difference.images))
    rows = []
    for one in judged:
        found = {name: difference_text(db) for db, name in _means(one)}
        cells = [Cell(found.get(name, "-")) for name in names]
        rows.append([name_cell(one.name, looks[one.name]), *cells])
    caption = f"Difference of PSNR of each image in dB, mean over seeds.{left_out}"
    return html_table(caption, ["variant", *names], rows)


def _left_out(count: int) -> str:
    """Return a sentence on the comparisons that are not drawn; empty without any."""
    if not count:
        return ""
    return f" The {MOST_DRAWN} that differ most; the table has the {count} others, too."
