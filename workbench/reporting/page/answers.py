"""The answers of a study: a sentence and a verdict for each variant and data set."""

from collections.abc import Iterator

from workbench.analysis.comparison import ArmRow, Comparison, EffectRow, Judged
from workbench.analysis.judging import Difference
from workbench.analysis.selection import MOST_DRAWN
from workbench.reporting.colours import SIGNS, styles, swatch
from workbench.reporting.html_parts import text, whole
from workbench.reporting.page.head import Header
from workbench.reporting.verdict_texts import can_look, remedy_text, unscored_text
from workbench.statistics.decision_rule import WITHIN_MARGIN, Verdict
from workbench.system.numbers import db_text, p_text
from workbench.system.text import counted


def chip(verdict: Verdict) -> str:
    """Return a verdict as HTML: a word, with a colour and a sign that say the same."""
    return (
        f'<span class="chip {verdict.replace(" ", "-")}">'
        f'<span aria-hidden="true">{SIGNS[verdict]}</span> {verdict}</span>'
    )


def answers(header: Header, comparison: Comparison) -> Iterator[str]:
    """Yield the answer of each variant and effect; of many, those that differ most."""
    members: list[ArmRow | EffectRow] = [row for row in comparison.rows if row.against]
    members += comparison.effects
    shown = _shown(comparison, members)
    if not members:
        yield "<p>Nothing is compared: the study has one network.</p>"
        return
    looks = styles(comparison)
    yield '<ul class="answers">'
    for row in shown:
        name = f"<p><strong>{swatch(looks[row.name])}{whole(row.name)}</strong>"
        question = f' <span class="muted">{text(row.question)}</span>' if row.question else ""
        said = "".join(_said(header, comparison, row.name)) or f"<p>{_unscored(row)}</p>"
        yield f"<li>{name}{question}</p>{said}</li>"
    yield "</ul>"
    left_out = len(members) - len(shown)
    if left_out:
        yield (
            f'<p class="muted">The {len(shown)} that differ most; '
            f"the tables have the {left_out} others, too.</p>"
        )


def _shown(comparison: Comparison, members: list[ArmRow | EffectRow]) -> list[ArmRow | EffectRow]:
    if len(members) <= MOST_DRAWN:
        return members
    sizes: dict[str, float] = {}
    for dataset in comparison.protocols:
        for judged in comparison.judged(dataset):
            size = abs(judged.difference.decision.estimate.mean)
            sizes[judged.name] = max(size, sizes.get(judged.name, 0.0))
    far = set(sorted(sizes, key=lambda name: -sizes[name])[:MOST_DRAWN])
    return [row for row in members if row.name in far]


def _unscored(row: ArmRow | EffectRow) -> str:
    failures = row.failures if isinstance(row, ArmRow) else ()
    return text("; ".join(failures) or "no seed that both networks have") + "."


def _said(header: Header, comparison: Comparison, name: str) -> Iterator[str]:
    """Yield verdict and sentence for each data set."""
    several = len(comparison.protocols) > 1
    for dataset in comparison.protocols:
        for judged in comparison.judged(dataset):
            if judged.name == name:
                where = f"{dataset}: " if several else ""
                sentence = answer_text(
                    judged,
                    comparison.rule.margin_db,
                    _steps(header, name),
                    looks=can_look(comparison),
                )
                missing = unscored_text(comparison, judged)
                sentence += f"; {missing}" if missing else ""
                yield (
                    f'<div class="said">{chip(judged.difference.decision.verdict)}'
                    f"<span>{text(where + sentence)}</span></div>"
                )


def _steps(header: Header, name: str) -> str:
    config = header.configs.get(name) or next(iter(header.configs.values()))
    match config.evidence:
        case "lesion":
            return "in these weights, nothing trained"
        case "healed":
            return f"after {config.steps:,} steps from these weights"
        case "retrained":
            return f"at {config.steps:,} steps"


def answer_text(judged: Judged, margin_db: float, steps: str, *, looks: bool = True) -> str:
    """Return the meaning of a difference as a sentence.

    Args:
        judged: The difference.
        margin_db: Differences within it do not matter.
        steps: After how long a training, such as `at 1,200 steps`.
        looks: Whether such a study could add seeds look by look.
    """
    found = judged.difference.decision
    delta = db_text(found.estimate.mean, found.interval)
    if found.verdict in WITHIN_MARGIN:
        inner = db_text(found.estimate.mean, found.equivalence_interval)
        # The figures beside it show the wider interval of "no difference".
        confidence = f"{100 * (1 - 2 * found.alpha):.3g} % interval"
        within = (
            f"equivalent within ±{margin_db:g} dB, p {p_text(found.p_equivalence_holm)}, {steps}"
        )
        return f"no difference that matters ({inner}, {confidence}; {within})"
    if found.verdict in ("undecided", "unclear"):
        return f"no answer yet ({delta} {steps}); {remedy_text(judged.difference, looks=looks)}"
    if found.verdict == "not testable":
        return f"no claim from {_sample(judged.difference)} ({delta} {steps})"
    if found.verdict in ("used", "better without"):
        falls = "falls" if found.verdict == "used" else "rises"
        return f"PSNR {falls} ({delta}, p {p_text(found.p_holm)}, {steps})"
    raises = "raises" if found.verdict == "better" else "lowers"
    what = f"{found.verdict} than {judged.against}" if judged.against else f"{raises} PSNR"
    return f"{what} ({delta}, p {p_text(found.p_holm)}, {steps})"


def _sample(difference: Difference) -> str:
    if len(difference.seeds) < 2 and not difference.decision.estimate.fixed_weights:
        return "one seed"
    return counted(len(difference.images), "image")
