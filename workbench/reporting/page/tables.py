"""The tables of a data set: what decides first, and everything else folded away below it."""

from collections.abc import Iterator, Sequence

from workbench.analysis.comparison import ArmRow, Comparison, EffectRow
from workbench.analysis.judging import Difference
from workbench.reporting.baseline import BICUBIC, warning
from workbench.reporting.colours import BICUBIC_STYLE, Style, styles, swatch
from workbench.reporting.html_parts import Cell, html_table, text, whole
from workbench.reporting.page.answers import chip
from workbench.reporting.verdict_texts import decision_texts
from workbench.system.numbers import (
    count_change,
    decimals_of,
    giga_change,
    giga_text,
    interval_text,
    mean_text,
    p_text,
    percent_text,
    signed,
)

_DELTA = "delta dB [interval]"
_HEAD = ("variant", "PSNR dB", _DELTA, "verdict", "parameters", "multiply-adds G")
_EFFECT_HEAD = ("effect", _DELTA, "verdict", "parameters", "multiply-adds G")
_MORE = ("p (Holm)", "sign-flip p", "bootstrap interval", "median", "win rate")


def tables(comparison: Comparison, dataset: str) -> Iterator[str]:
    """Yield the table of networks, that of effects, and what each of them leaves out."""
    looks = styles(comparison)
    arms = [row for row in comparison.rows if dataset in row.datasets]
    size = comparison.rows[0].cost
    caption = (
        "PSNR in RGB, mean over seeds ± their standard deviation; multiply-adds at "
        f"{size.lr_width_px}x{size.lr_height_px} LR px"
    )
    rows = [*_bicubic(comparison, dataset), *(_arm(row, dataset, looks[row.name]) for row in arms)]
    yield html_table(caption, _HEAD, rows)
    below = warning(comparison, dataset)
    if below:
        yield f'<p class="warning"><strong>Warning:</strong> {text(below)}</p>'
    effects = [row for row in comparison.effects if dataset in row.datasets]
    if effects:
        rows = [_effect(row, dataset, looks[row.name]) for row in effects]
        yield html_table("Effects over several networks together", _EFFECT_HEAD, rows)
    yield from _more(comparison, dataset, arms, effects)


def _bicubic(comparison: Comparison, dataset: str) -> Iterator[list[str | Cell]]:
    """Yield the row of interpolation, which is no network: it has no verdict and no cost."""
    score = comparison.bicubic.get(dataset)
    if score is not None:
        cells = [Cell(mean_text(score.psnr_rgb_db)), Cell("-"), Cell("", "word")]
        yield [name_cell(BICUBIC, BICUBIC_STYLE), *cells, Cell("-"), Cell("-")]


def name_cell(name: str, look: Style) -> Cell:
    """Return a network's name with its mark."""
    return Cell(f"{swatch(look)}{whole(name)}")


def _arm(row: ArmRow, dataset: str, look: Style) -> list[str | Cell]:
    score = row.datasets[dataset]
    psnr = score.scores["psnr_rgb_db"]
    return [
        name_cell(row.name, look),
        Cell(mean_text(psnr.mean, psnr.seed_sd)),
        *_decided(score.difference),
        Cell(f"{row.cost.parameters:,}"),
        Cell(giga_text(row.cost.multiply_adds)),
    ]


def _effect(row: EffectRow, dataset: str, look: Style) -> list[str | Cell]:
    return [
        name_cell(row.name, look),
        *_decided(row.datasets[dataset]),
        Cell(count_change(row.parameters)),
        Cell(giga_change(row.multiply_adds)),
    ]


def _decided(difference: Difference | None) -> list[Cell]:
    """Return the difference with its interval, and the verdict."""
    if difference is None:
        return [Cell("-"), Cell("", "word")]
    delta, _ = decision_texts(difference)
    untested = " not tested" if difference.decision.closed else ""
    return [Cell(text(delta)), Cell(f"{chip(difference.decision.verdict)}{untested}", "word")]


def _more(
    comparison: Comparison, dataset: str, arms: Sequence[ArmRow], effects: Sequence[EffectRow]
) -> Iterator[str]:
    """Yield the columns that the tables above leave out; paper has them, too."""
    head = ("variant", "against", "seeds", "SSIM", *_MORE)
    rows = []
    for row in arms:
        score = row.datasets[dataset]
        ssim = f"{score.scores['ssim_rgb'].mean:.4f}"
        known = [row.name, row.against, str(len(row.seeds)), ssim, *_checks(score.difference)]
        rows.append([Cell(text(one)) for one in known])
    bicubic = comparison.bicubic.get(dataset)
    if bicubic is not None:
        cells = [BICUBIC, "", "", f"{bicubic.ssim_rgb:.4f}", *_checks(None)]
        rows.insert(0, [Cell(text(one)) for one in cells])
    for effect in effects:
        difference = effect.datasets[dataset]
        known = [effect.name, "", str(len(difference.seeds)), "", *_checks(difference)]
        rows.append([Cell(text(one)) for one in known])
    caption = (
        "p: of the test that the verdict rests on; median and win rate: over the images, each the "
        "mean over seeds"
    )
    yield (
        '<details class="key"><summary>SSIM, p, bootstrap, median and win rate</summary>'
        f"{html_table(caption, head, rows)}</details>"
    )


def _checks(difference: Difference | None) -> Sequence[str]:
    if difference is None:
        return [""] * len(_MORE)
    found, extra = difference.decision, difference.sensitivity
    _, p = decision_texts(difference)
    mean = found.estimate.mean
    return [
        *(p, p_text(found.p_sign_flip)),
        interval_text(mean, difference.bootstrap) if difference.bootstrap else "",
        *(
            signed(extra.median, decimals_of(extra.median, found.interval)),
            percent_text(extra.win_rate),
        ),
    ]
