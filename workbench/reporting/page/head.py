"""The top of a study's page: its question, and the facts of the study."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.analysis.comparison import Comparison
from workbench.config.overrides import flat
from workbench.config.presets import RECIPES
from workbench.config.training import TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.reporting.evidence_texts import evidence_line
from workbench.reporting.html_parts import facts, whole
from workbench.reporting.verdict_texts import error_rate_text
from workbench.reporting.wording import listed, short_value
from workbench.system.text import counted

_FEW = 6
"""Fields in which a recipe may differ from a shipped one and still be called by its name."""


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
    question: str = ""
    """What the study is to answer; empty if only its variants have questions."""
    taken: Mapping[str, str] = field(default_factory=dict)
    """By arm, what it takes from trained weights; empty without any."""


def title(header: Header, comparison: Comparison) -> str:
    """Return the question that the page answers."""
    if header.question:
        return header.question
    base, *variants = comparison.rows
    if len(variants) == 1 and variants[0].question:
        return variants[0].question
    if not variants:
        return f"How good is {base.name}?"
    if len(variants) > _FEW:
        return f"What do {len(variants)} variants of {base.name} change?"
    return f"What {_do(variants)} {listed(row.name for row in variants)} change in {base.name}?"


def _do(many: Sequence[object]) -> str:
    return "does" if len(many) == 1 else "do"


def head(header: Header, comparison: Comparison) -> Iterator[str]:
    """Yield the title and the facts of the study."""
    yield f"<h1>{whole(title(header, comparison))}</h1>"
    yield facts(dict(_facts(header, comparison)))


def _facts(header: Header, comparison: Comparison) -> Iterator[tuple[str, str]]:
    base = comparison.rows[0]
    config = header.configs[base.name]
    yield "Baseline", f"{base.name}, {base.cost.parameters:,} parameters"
    yield "Evidence", evidence_line(comparison)
    if not config.is_lesion:
        yield "Recipe", recipe_text(config.training)
        yield "Trained on", ", ".join(source.name for source in config.data.training)
    yield "Benchmarks", "; ".join(_benchmark(comparison, name) for name in comparison.protocols)
    if not config.is_lesion:
        yield "Seeds", _seeds(comparison)
    rule = comparison.rule
    yield (
        "Judged by",
        f"equivalence margin ±{rule.margin_db:g} dB; {error_rate_text(comparison)}",
    )
    yield "Study", f"{header.study}, declared {header.declared}"


def _seeds(comparison: Comparison) -> str:
    seeds = sorted({seed for row in comparison.rows for seed in row.seeds})
    most = f"{len(seeds)} ({', '.join(map(str, seeds))})"
    fewer = min(len(row.seeds) for row in comparison.rows)
    return most if fewer == len(seeds) else f"{most}; some networks have {fewer}"


def _benchmark(comparison: Comparison, dataset: str) -> str:
    images = max((len(j.difference.images) for j in comparison.judged(dataset)), default=0)
    count = f"{counted(images, 'image')}, " if images else ""
    return f"{dataset} ({count}{comparison.protocols[dataset].describe()})"


def recipe_text(training: TrainingConfig) -> str:
    """Return a recipe's name and steps; a changed one with its differences from a shipped one."""
    steps = f"{training.total_steps():,} steps"
    fields = dict(flat(training.plain()))
    changes = {}
    for name, shipped in RECIPES.items():
        known = dict(flat(shipped.plain()))
        changes[name] = [key for key in known | fields if known.get(key) != fields.get(key)]
    nearest = min(changes, key=lambda name: len(changes[name]))
    changed = changes[nearest]
    if not changed:
        return f"{nearest}, {steps}"
    if len(changed) > _FEW:
        return f"{steps} of a recipe of its own"
    values = (f"{_short(key)}={short_value(fields.get(key))}" for key in changed)
    return f"{steps}; {nearest} with {', '.join(values)}"


def _short(key: str) -> str:
    return key.replace("stages.0.", "")
