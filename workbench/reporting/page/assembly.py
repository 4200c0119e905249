"""The whole page: question, answers, then every data set, crops, curves and background."""

from collections.abc import Iterator, Sequence

from workbench.analysis.comparison import Comparison
from workbench.analysis.selection import highlighted_arms
from workbench.analysis.training_differences import training_differences
from workbench.reporting import figures
from workbench.reporting.colours import Style, legend, styles
from workbench.reporting.crops_section import ShownCrops, crops_section
from workbench.reporting.figures import Results
from workbench.reporting.html_parts import Section, document, html_figure, text
from workbench.reporting.page.answers import answers
from workbench.reporting.page.background import background, remarks
from workbench.reporting.page.forest import forest
from workbench.reporting.page.head import Header, head, title
from workbench.reporting.page.images import images
from workbench.reporting.page.tables import tables
from workbench.reporting.page.training import training_section

_ANSWERS = Section("answers", "Answers")
_CROPS = Section("crops", "Image crops")
_CURVES = Section("curves-of-learning", "Learning curves")
_OVER_TRAINING = Section("over-training", "Differences over training")
_BACKGROUND = Section("background", "Reproduce")


def page(
    header: Header, comparison: Comparison, results: Results, crops: Sequence[ShownCrops] = ()
) -> str:
    """Return the whole page.

    Args:
        header: Of the study.
        comparison: What it found.
        results: Of each arm, for learning curves and hardware.
        crops: Of the images that gain and lose most, as far as they are drawn.
    """
    datasets = [Section(f"set-{n}", name) for n, name in enumerate(comparison.protocols)]
    parts: list[tuple[Section, Iterator[str]]] = [(_ANSWERS, _first(header, comparison))]
    parts += [(one, _dataset(comparison, one.title, n)) for n, one in enumerate(datasets)]
    if crops:
        parts.append((_CROPS, crops_section(crops)))
    if any(trial.curve for trials in results.values() for trial in trials):
        parts.append((_CURVES, _curves(comparison, results)))
    over_training = training_differences(comparison, results)
    if over_training:
        parts.append((_OVER_TRAINING, training_section(comparison, over_training)))
    parts.append((_BACKGROUND, background(header, comparison, results)))
    body = [*head(header, comparison)]
    for section, inner in parts:
        body += [section.heading("first" if section is _ANSWERS else ""), *inner]
    name = f"{title(header, comparison)} - {header.study}"
    return document(name, "\n".join(body), [section for section, _ in parts])


def _first(header: Header, comparison: Comparison) -> Iterator[str]:
    yield from answers(header, comparison)
    yield from remarks(header, comparison)


def _dataset(comparison: Comparison, dataset: str, number: int) -> Iterator[str]:
    protocol = comparison.protocols[dataset]
    yield f'<p class="muted">{text(protocol.describe())}</p>'
    yield forest(comparison, dataset, number)
    yield from tables(comparison, dataset)
    yield f"<h3>Quality and cost: {text(dataset)}</h3>"
    named = _named(comparison)
    yield html_figure(
        figures.costs(comparison, dataset),
        f"costs-{number}",
        "PSNR against multiply-adds; bars: standard deviation over seeds. Dashed: the Pareto "
        "front, networks that no other one beats in both.",
        legend(named),
    )
    yield from images(comparison, dataset, number)


def _curves(comparison: Comparison, results: Results) -> Iterator[str]:
    named = _named(comparison)
    yield html_figure(
        figures.curves(comparison, results, named),
        "curves",
        "Validation PSNR of the averaged weights: mean over seeds, band from lowest to highest.",
        legend(named),
    )


def _named(comparison: Comparison) -> dict[str, Style]:
    """Return how the networks look that have a colour of their own."""
    looks = styles(comparison)
    return {name: looks[name] for name in highlighted_arms(comparison)}
