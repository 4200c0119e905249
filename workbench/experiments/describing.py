"""What MLflow's page of a study says of it. No torch, no mlflow."""

from workbench.experiments.declaration import Declaration, Study
from workbench.reporting.evidence_texts import weights_text
from workbench.system.text import code_block, markdown
from workbench.tracking.study_view import StudyView


def study_view(study: Study) -> StudyView:
    """Return how MLflow presents a study: by its last declaration."""
    declared = study.declarations[-1]
    benchmarks = declared.arms[0].config.evaluation.benchmarks
    return StudyView(
        study=study.study,
        note=_note(declared),
        datasets=tuple(benchmark.name for benchmark in benchmarks),
        judged=len(declared.arms) > 1,
    )


def _note(declared: Declaration) -> str:
    base, *others = declared.arms
    # MLflow shows the first line, and the others when the note is unfolded.
    questions = [arm.question for arm in others]
    questions += [effect.question for effect in declared.effects]
    question = declared.question or " ".join(questions)
    lines = [f"**{markdown(question)}**", ""] if question else []
    if others:
        lines += [f"Compared with **{markdown(base.name)}**:", ""]
        for arm in others:
            against = (
                f" (against {markdown(arm.against)})" if arm.against not in ("", base.name) else ""
            )
            question = f": {markdown(arm.question)}" if arm.question else ""
            lines.append(f"- **{markdown(arm.name)}**{against}{question}")
    else:
        lines.append(f"**{markdown(base.name)}** alone.")
    lines += [f"- {markdown(e.name)}: {markdown(e.question)}" for e in declared.effects]
    seeds = ", ".join(map(str, declared.seeds))
    lines += [
        "",
        f"{_trained(declared, seeds)}; differences within ±{declared.margin_db:g} dB are "
        f"equivalent; error rate {declared.alpha:g} for the whole family.",
    ]
    if declared.command:
        lines += ["", code_block(declared.command)]
    return "\n".join(lines)


def _trained(declared: Declaration, seeds: str) -> str:
    """Return what is trained, from which weights: `Seeds 1, 2, 3; 1,200 steps each`."""
    config = declared.arms[0].config
    start = config.pretrained
    if start is None:
        return f"Seeds {seeds}; {config.steps:,} steps each"
    weights = markdown(weights_text(declared.weights_name, start.hash))
    if config.is_lesion:
        return f"Lesion of {weights}, nothing trained: a screen, no claim about the design"
    return f"Seeds {seeds}; healed: {config.steps:,} steps each from {weights}"
