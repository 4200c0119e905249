"""The end of a study's page: what a reader needs who wants to reproduce it."""

from collections.abc import Iterator

from workbench.analysis.comparison import Comparison
from workbench.analysis.selection import MOST_DRAWN
from workbench.config.overrides import flat
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import write_yaml
from workbench.reporting.figures import Results
from workbench.reporting.html_parts import text
from workbench.reporting.page.head import Header
from workbench.reporting.verdict_texts import looks_text


def background(header: Header, comparison: Comparison, results: Results) -> Iterator[str]:
    """Yield commands, machines and configs."""
    yield f"<p>Study {text(header.study)}, declared {text(header.declared)}.</p>"
    if comparison.rule.looks:
        yield f"<p>{text(looks_text(comparison.rule))}.</p>"
    if header.commands:
        yield f"<pre>{text(chr(10).join(dict.fromkeys(header.commands)))}</pre>"
    if header.taken:
        lines = "\n".join(f"{name}: {what}" for name, what in header.taken.items())
        yield f"<p>From the weights that all networks start from:</p><pre>{text(lines)}</pre>"
    yield from _machines(results)
    yield from _configs(header, comparison)


def remarks(header: Header, comparison: Comparison) -> Iterator[str]:
    """Yield what a reader must know before the numbers: what is missing, failed or was added."""
    for remark in header.remarks:
        yield f'<p class="warning">{text(remark)}</p>'
    for row in comparison.rows:
        for failure in row.failures:
            yield f'<p class="warning">{text(row.name)} {text(failure)}; not in the means.</p>'


def _configs(header: Header, comparison: Comparison) -> Iterator[str]:
    """Yield the config of each arm; of many arms, what differs from the base's."""
    base = header.configs[comparison.rows[0].name]
    many = len(comparison.rows) > MOST_DRAWN
    yield '<details class="config"><summary>Configs as YAML</summary>'
    for row in comparison.rows:
        config = header.configs.get(row.name)
        if config is not None:
            short = many and config is not base
            shown = _changes(config, base) if short else write_yaml(config)
            yield (
                f'<details class="config"><summary>{text(row.name)}</summary>'
                f"<pre>{text(shown)}</pre></details>"
            )
    yield "</details>"


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
