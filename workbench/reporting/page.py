"""One self-contained HTML page of a study: it loads nothing from anywhere."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.config.overrides import flat
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import write_yaml
from workbench.reporting import figures
from workbench.reporting.comparison import ArmRow, Comparison
from workbench.reporting.crops_section import STYLE as CROPS_STYLE
from workbench.reporting.crops_section import ShownCrops, crops_section
from workbench.reporting.figures import Figure, Results
from workbench.reporting.judging import Difference
from workbench.reporting.wording import confidence_text, looks_text

MOST_EXTREME = 3
"""Images that are named for gaining and for losing most."""

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem;
       color: #111; background: #fff; }
h1, h2, h3 { line-height: 1.2; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #444; padding-bottom: .3rem; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #ccc;
         white-space: nowrap; }
th:first-child, td:first-child, td.word { text-align: left; }
figure { margin: 1rem 0; }
figcaption { color: #444; }
summary { cursor: pointer; padding: .3rem 0; }
summary:focus-visible, a:focus-visible { outline: 3px solid #0072B2; }
pre { overflow-x: auto; background: #f4f4f4; padding: .6rem; }
@media print { details > *:not(summary) { display: block; }
               details::details-content { content-visibility: visible; }
               figure, table { break-inside: avoid; }
               body { max-width: none; } }
"""

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:"
)
"""The browser itself refuses whatever would leave the machine."""


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
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{_text(header.study)}</title>\n<style>{_STYLE}{CROPS_STYLE}</style>\n"
        f"<script>{_plotly()}</script>\n</head>\n<body>\n{body}\n</body></html>\n"
    )


def _body(
    header: Header, comparison: Comparison, results: Results, crops: Sequence[ShownCrops]
) -> Iterator[str]:
    rules = comparison.rules
    yield f"<h1>{_text(header.study)}</h1>"
    for number, (dataset, protocol) in enumerate(comparison.protocols.items()):
        yield f"<h2>{_text(dataset)}</h2><p>{_text(protocol.describe())}</p>"
        yield _figure(
            figures.effects(comparison, dataset),
            f"effects-{number}",
            "Difference to what each is compared with: mean and interval "
            f"({confidence_text(rules)}) over new seeds and new images. Shaded: within "
            f"±{rules.margin_db:g} dB. " + _in_words(comparison, dataset),
        )
        yield _table(comparison, dataset)
        yield _figure(
            figures.costs(comparison, dataset),
            f"costs-{number}",
            "Quality against multiply-adds at the size that costs are counted for.",
        )
        yield from _images(comparison, dataset, number)
    yield from crops_section(crops)
    yield "<h2>Learning curves</h2>"
    yield _figure(
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
    yield f"<h3>Image by image: {_text(dataset)}</h3>"
    yield _figure(
        figures.per_image(comparison, dataset),
        f"ranked-{number}",
        "Difference of every image, mean over seeds, from the image that loses most to the one "
        "that gains most." + _left_out(len(comparison.judged(dataset)) - len(judged)),
    )
    for index, found in enumerate(judged):
        pair = found.difference.pair
        means = sorted(zip(pair.delta.mean(axis=0).tolist(), pair.images, strict=True))
        losing = ", ".join(f"{name} {db:+z.3f}" for db, name in means[:MOST_EXTREME])
        gaining = ", ".join(f"{name} {db:+z.3f}" for db, name in means[: -MOST_EXTREME - 1 : -1])
        against = f" minus {found.against}" if found.against else ""
        yield _figure(
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
    tables = _html_table(caption, head, rows)
    effects = [
        [row.name, f"{row.parameters:+,.0f}", *_delta_cells(row.datasets[dataset])]
        for row in comparison.effects
        if dataset in row.datasets
    ]
    if effects:
        tables += _html_table(
            "Effects over several networks together", ("effect", "parameters", *head[-7:]), effects
        )
    return tables


def _html_table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["".join(f'<th scope="col">{_text(name)}</th>' for name in head)]
    for name, *cells in rows:
        tags = [f"<td>{_text(cell)}</td>" for cell in cells[:-1]]
        word = f'<td class="word">{_text(cells[-1])}</td>'
        lines.append(f'<th scope="row">{_text(name)}</th>' + "".join(tags) + word)
    inner = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><caption>{_text(caption)}</caption>\n{inner}</table></div>'


def _cells(row: ArmRow, dataset: str) -> Sequence[str]:
    score = row.datasets[dataset]
    psnr, ssim = score.scores["psnr_rgb_db"], score.scores["ssim_rgb"]
    spread = "" if psnr.seed_sd is None else f" ± {psnr.seed_sd:.3f}"
    known = [
        *(row.name, row.against, str(len(row.seeds)), f"{row.cost.parameters:,}"),
        *(f"{row.cost.multiply_adds / 1e9:.4f}", f"{psnr.mean:.3f}{spread}", f"{ssim.mean:.4f}"),
    ]
    if score.difference is None:
        return [*known, *[""] * 7]
    return [*known, *_delta_cells(score.difference)]


def _delta_cells(difference: Difference) -> Sequence[str]:
    found, extra = difference.decision, difference.sensitivity
    interval = "" if found.interval is None else "[{:+z.3f}, {:+z.3f}]".format(*found.interval)
    return [
        *(f"{found.estimate.mean:+z.3f}", interval, _p(found.p_holm), _p(found.p_sign_flip)),
        *(f"{extra.median:+z.3f}", f"{100 * extra.win_rate:.0f} %", found.verdict),
    ]


def _background(header: Header, comparison: Comparison, results: Results) -> Iterator[str]:
    yield "<h2>How this came about</h2>"
    yield f"<p>Declared {_text(header.declared)}.</p>"
    if comparison.rules.looks:
        yield f"<p>{_text(looks_text(comparison.rules))}.</p>"
    if header.commands:
        yield f"<pre>{_text(chr(10).join(dict.fromkeys(header.commands)))}</pre>"
    for remark in header.remarks:
        yield f"<p>{_text(remark)}</p>"
    for row in comparison.rows:
        for failure in row.failures:
            yield f"<p>{_text(row.name)} {_text(failure)}; not in the means.</p>"
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
            text = _changes(config, base) if short else write_yaml(config)
            question = f": {row.question}" if row.question else ""
            yield (
                f"<details><summary>{_text(row.name + question)}</summary>"
                f"<pre>{_text(text)}</pre></details>"
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
        yield f"<p>{_text(hardware)}; Python {environment.python}; {_text(versions)}.</p>"


def _in_words(comparison: Comparison, dataset: str) -> str:
    """Say what the figure shows, for readers who do not see it."""
    said = [
        f"{j.name}: {decision.estimate.mean:+z.3f} dB, {decision.verdict}"
        for j in comparison.judged(dataset)
        if (decision := j.difference.decision)
    ]
    return "; ".join(said) + "." if said else "Nothing is compared."


def _figure(figure: Figure, name: str, caption: str) -> str:
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=name,
        config={"responsive": True, "displayModeBar": False},
    )
    label = _text(caption)
    return (
        f'<figure role="group" aria-label="{label}"><div role="img" aria-label="{label}">{drawn}'
        f"</div><figcaption>{label}</figcaption></figure>"
    )


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "<.001" if value < 0.001 else f"{value:.3f}"


def _text(text: str) -> str:
    return html.escape(text, quote=True)
