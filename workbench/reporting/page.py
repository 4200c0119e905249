"""One self-contained HTML page of a study: it loads nothing from anywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.config.overrides import flat
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import write_yaml
from workbench.reporting import figures
from workbench.reporting.comparison import ArmRow, Comparison
from workbench.reporting.crops_section import STYLE as CROPS_STYLE
from workbench.reporting.crops_section import ShownCrops, crops_section
from workbench.reporting.figures import Results
from workbench.reporting.html_parts import document, html_figure, html_table, text
from workbench.reporting.judging import Difference
from workbench.reporting.numbers import (
    count_change,
    decimals_of,
    difference_text,
    giga_text,
    interval_text,
    mean_text,
    p_text,
    signed,
)
from workbench.reporting.wording import confidence_text, looks_text

MOST_EXTREME = 3
"""Images that are named for gaining and for losing most."""


@dataclass(frozen=True)
class Header:
    """What the page says of the study."""

    study: str
    declared: str
    """When its family was declared, and the declaration's hash."""
    remarks: tuple[str, ...]
    configs: dict[str, TrialConfig]
    """By arm, of the first seed."""
    commands: tuple[str, ...] = ()
    """What was typed when its families were declared."""


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
    body = "\n".join(_body(header, comparison, results, crops))
    return document(header.study, body, CROPS_STYLE)


def _body(
    header: Header, comparison: Comparison, results: Results, crops: Sequence[ShownCrops]
) -> Iterator[str]:
    rules = comparison.rules
    yield f"<h1>{text(header.study)}</h1>"
    for number, (dataset, protocol) in enumerate(comparison.protocols.items()):
        yield f"<h2>{text(dataset)}</h2><p>{text(protocol.describe())}</p>"
        yield html_figure(
            figures.effects(comparison, dataset),
            f"effects-{number}",
            "Difference to what each is compared with: mean and interval "
            f"({confidence_text(rules)}) over new seeds and new images. Shaded: within "
            f"±{rules.margin_db:g} dB. " + _in_words(comparison, dataset),
        )
        yield _table(comparison, dataset)
        yield html_figure(
            figures.costs(comparison, dataset),
            f"costs-{number}",
            "Quality against multiply-adds at the size that costs are counted for.",
        )
        yield from _images(comparison, dataset, number)
    yield from crops_section(crops)
    yield "<h2>Learning curves</h2>"
    yield html_figure(
        figures.curves(results, figures.drawn_arms(comparison)),
        "curves",
        "Validation PSNR of the averaged weights: mean over seeds, band from lowest to highest.",
    )
    yield from _background(header, comparison, results)


def _images(comparison: Comparison, dataset: str, number: int) -> Iterator[str]:
    """Yield every image's difference, and seeds x images of every comparison."""
    judged = figures.drawn(comparison, dataset)
    if not judged:
        return
    yield f"<h3>Image by image: {text(dataset)}</h3>"
    yield html_figure(
        figures.per_image(comparison, dataset),
        f"ranked-{number}",
        "Difference of every image, mean over seeds, from the image that loses most to the one "
        "that gains most." + _left_out(len(comparison.judged(dataset)) - len(judged)),
    )
    for index, found in enumerate(judged):
        pair = found.difference.pair
        means = sorted(zip(pair.delta.mean(axis=0).tolist(), pair.images, strict=True))
        losing = ", ".join(f"{n} {difference_text(db)}" for db, n in means[:MOST_EXTREME])
        gaining = ", ".join(
            f"{n} {difference_text(db)}" for db, n in means[: -MOST_EXTREME - 1 : -1]
        )
        against = f" minus {found.against}" if found.against else ""
        yield html_figure(
            figures.heat_map(found.difference),
            f"images-{number}-{index}",
            f"{found.name}{against}, dB, seeds x images. Lowest: {losing}. Highest: {gaining}.",
        )


def _left_out(count: int) -> str:
    """Say how many comparisons are not drawn."""
    if not count:
        return ""
    return f" The {figures.MOST_DRAWN} that differ most; the table has the {count} others, too."


def _table(comparison: Comparison, dataset: str) -> str:
    head = (
        *("variant", "against", "seeds", "parameters", "multiply-adds G", "PSNR dB", "SSIM"),
        *("delta dB", "interval", "p (Holm)", "sign-flip p", "median", "win rate", "verdict"),
    )
    rows = [_cells(row, dataset) for row in comparison.rows if dataset in row.datasets]
    caption = "PSNR and SSIM in RGB, mean over seeds ± their standard deviation"
    tables = html_table(caption, head, rows)
    effects = [
        [row.name, count_change(row.parameters), *_delta_cells(row.datasets[dataset])]
        for row in comparison.effects
        if dataset in row.datasets
    ]
    if effects:
        tables += html_table(
            "Effects over several networks together", ("effect", "parameters", *head[-7:]), effects
        )
    return tables


def _cells(row: ArmRow, dataset: str) -> Sequence[str]:
    score = row.datasets[dataset]
    psnr, ssim = score.scores["psnr_rgb_db"], score.scores["ssim_rgb"]
    known = [
        *(row.name, row.against, str(len(row.seeds)), f"{row.cost.parameters:,}"),
        *(giga_text(row.cost.multiply_adds), mean_text(psnr.mean, psnr.seed_sd)),
        f"{ssim.mean:.4f}",
    ]
    if score.difference is None:
        return [*known, *[""] * 7]
    return [*known, *_delta_cells(score.difference)]


def _delta_cells(difference: Difference) -> Sequence[str]:
    found, extra = difference.decision, difference.sensitivity
    mean, ends = found.estimate.mean, found.interval
    return [
        signed(mean, decimals_of(mean, ends)),
        interval_text(mean, ends) if ends else "",
        *(p_text(found.p_holm), p_text(found.p_sign_flip)),
        signed(extra.median, decimals_of(extra.median, ends)),
        *(f"{100 * extra.win_rate:.0f} %", found.verdict),
    ]


def _background(header: Header, comparison: Comparison, results: Results) -> Iterator[str]:
    yield "<h2>How this came about</h2>"
    yield f"<p>Declared {text(header.declared)}.</p>"
    if comparison.rules.looks:
        yield f"<p>{text(looks_text(comparison.rules))}.</p>"
    if header.commands:
        yield f"<pre>{text(chr(10).join(dict.fromkeys(header.commands)))}</pre>"
    for remark in header.remarks:
        yield f"<p>{text(remark)}</p>"
    for row in comparison.rows:
        for failure in row.failures:
            yield f"<p>{text(row.name)} {text(failure)}; not in the means.</p>"
    yield from _machines(results)
    yield from _configs(header, comparison)


def _configs(header: Header, comparison: Comparison) -> Iterator[str]:
    """Yield the config of each arm; of many arms, what differs from the base's."""
    base = header.configs[comparison.rows[0].name]
    many = len(comparison.rows) > figures.MOST_DRAWN
    for row in comparison.rows:
        config = header.configs.get(row.name)
        if config is not None:
            short = many and config is not base
            shown = _changes(config, base) if short else write_yaml(config)
            question = f": {row.question}" if row.question else ""
            yield (
                f"<details><summary>{text(row.name + question)}</summary>"
                f"<pre>{text(shown)}</pre></details>"
            )


def _changes(config: TrialConfig, base: TrialConfig) -> str:
    """Return the fields in which a config differs from the base's."""
    before, after = dict(flat(base.plain())), dict(flat(config.plain()))
    changed = [key for key in before | after if before.get(key) != after.get(key)]
    lines = [f"{key}: {after.get(key, '(none)')}" for key in changed]
    return "\n".join(["as the first one, but for", *lines])


def _machines(results: Results) -> Iterator[str]:
    found = {r.environment.hardware: r.environment for rows in results.values() for r in rows}
    for hardware, environment in found.items():
        versions = ", ".join(f"{n} {v}" for n, v in environment.packages.items())
        yield f"<p>{text(hardware)}; Python {environment.python}; {text(versions)}.</p>"


def _in_words(comparison: Comparison, dataset: str) -> str:
    """Say what the figure shows, for readers who do not see it."""
    said = [
        f"{j.name}: {difference_text(decision.estimate.mean)} dB, {decision.verdict}"
        for j in comparison.judged(dataset)
        if (decision := j.difference.decision)
    ]
    return "; ".join(said) + "." if said else "Nothing is compared."
