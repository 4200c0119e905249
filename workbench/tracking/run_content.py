"""What an MLflow run shows of a trial beside numbers, as plain values. No mlflow.

Every value depends on the config or the result alone, never on the time of writing: showing a
trial twice writes the same rows, which MLflow stores once.
"""

import csv
import io
import json
from collections.abc import Sequence

from workbench.config.overrides import flat
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import write_yaml
from workbench.provenance import Environment
from workbench.results import SCORE_NAMES, DatasetScores, TrialResult, TrialState, WeightsRecord
from workbench.system.text import csv_cell, markdown, printable
from workbench.tracking.metric_names import SEED_TAG, VARIANT_TAG, safe_name
from workbench.tracking.tracker import TrialLabel

PARAM_LIMIT = 6_000
TAG_LIMIT = 8_000
"""Characters that MLflow 3 accepts in a param and in a tag."""

LAYOUT = "2"
"""Of names and values of metrics. MLflow cannot take a metric back, so a run of another layout is
replaced by a new one."""
LAYOUT_TAG = "workbench.layout"

FAILED_STATES = (TrialState.DIVERGED, TrialState.OUT_OF_MEMORY)


def run_name(label: TrialLabel) -> str:
    """Return how a run is called in lists and legends."""
    if label.is_summary:
        return f"{label.variant} · all seeds"
    how = "external checkpoint" if label.seed is None else f"seed {label.seed}"
    return f"{label.variant} · {how}"


def label_tags(label: TrialLabel) -> dict[str, str]:
    """Return the tags by which a trial's run is found."""
    return {
        "workbench.study": label.study,
        "workbench.variant": label.variant,
        "workbench.seed": label.seed_text,
        "workbench.key": label.key,
        "workbench.kind": "summary" if label.is_summary else "trial",
        LAYOUT_TAG: LAYOUT,
        VARIANT_TAG: label.variant,
        SEED_TAG: "all" if label.is_summary else label.seed_text,
        "mlflow.source.name": "workbench",
        "mlflow.source.type": "LOCAL",
    }


def config_params(config: TrialConfig) -> dict[str, str]:
    """Return a config with the dotted keys that `--set` takes, and YAML values.

    Of a lesion without its recipe, which is not run.
    """
    fields = flat(config.plain())
    if config.is_lesion:
        fields = ((k, v) for k, v in fields if not k.startswith(("training.stages", "data.")))
    return {key: cut(_yaml(value), PARAM_LIMIT) for key, value in fields}


def evidence_tags(config: TrialConfig) -> dict[str, str]:
    """Return the kind of evidence, and the hash of the weights to start from if there are any."""
    start = {} if config.pretrained is None else {"workbench.pretrained": config.pretrained.hash}
    return {"workbench.evidence": config.evidence} | start


def result_tags(label: TrialLabel, result: TrialResult) -> dict[str, str]:
    """Return all that a result has beside numbers, so that no number stands alone."""
    cost = result.cost
    tags = {
        "workbench.state": result.state.value,
        "workbench.reason": result.reason,
        "workbench.steps": str(result.steps),
        "workbench.sessions": str(result.sessions),
        "workbench.weights_hash": result.weights_hash,
        "workbench.training_key": result.training_key,
        "workbench.cost_input": f"LR {cost.lr_width_px}x{cost.lr_height_px} px",
        "mlflow.note.content": result_note(label, result),
    }
    tags |= evidence_tags(result.config)
    tags |= _protocol_tags(result.scores) | _environment_tags(result.environment)
    return {name: cut(value, TAG_LIMIT) for name, value in tags.items()}


def weights_params(record: WeightsRecord) -> dict[str, str]:
    """Return what an external checkpoint is, in place of a config."""
    params = {"weights.file": record.file or "none", "weights.origin": record.origin}
    return {name: cut(value, PARAM_LIMIT) for name, value in params.items()}


def weights_tags(label: TrialLabel, record: WeightsRecord) -> dict[str, str]:
    """Return the tags of an external checkpoint's run."""
    variant, study = markdown(label.variant), markdown(label.study)
    lines = [
        f"**{variant}**: external checkpoint ({markdown(record.origin)}), scored in the study "
        f"**{study}**. They say something about these weights, not about the design.",
        *_score_lines(record.scores),
    ]
    tags = {
        "workbench.state": TrialState.COMPLETE.value,
        "workbench.weights_hash": record.weights_hash,
        "mlflow.note.content": "\n".join(lines),
    }
    tags |= _protocol_tags(record.scores) | _environment_tags(record.environment)
    return {name: cut(value, TAG_LIMIT) for name, value in tags.items()}


def weights_files(record: WeightsRecord) -> dict[str, bytes]:
    """Return the artifacts of an external checkpoint, by file name."""
    return {
        "scores.json": json.dumps(record.plain(), indent=1, ensure_ascii=False).encode(),
        "per_image_scores.csv": _score_table(record.scores),
    }


def result_note(label: TrialLabel, result: TrialResult) -> str:
    """Return the run's description in the UI, in Markdown."""
    reason = f" ({markdown(result.reason)})" if result.reason else ""
    cost = result.cost
    lines = [
        f"{_title(label)}: {result.state.value}{reason} after {result.steps} steps.",
        "",
        f"{cost.parameters:,} parameters, {cost.multiply_adds:,} multiply-adds at LR "
        f"{cost.lr_width_px}x{cost.lr_height_px} px. Ledger key `{label.key}`.",
    ]
    return "\n".join(lines + _score_lines(result.scores))


def started_note(label: TrialLabel) -> str:
    """Return the description of a run that has no result yet."""
    return (
        f"{_title(label)}: not finished; "
        f"rerun the same command to resume. Ledger key `{label.key}`."
    )


def _title(label: TrialLabel) -> str:
    variant, study = markdown(label.variant), markdown(label.study)
    return f"**{variant}**, seed {label.seed}, of the study **{study}**"


def config_files(config: TrialConfig) -> dict[str, bytes]:
    """Return the artifacts of a trial that has only begun, by file name.

    MLflow's comparison shows an error where one of the runs has no artifacts.
    """
    return {"config.yaml": write_yaml(config).encode()}


def result_files(result: TrialResult) -> dict[str, bytes]:
    """Return the artifacts of a result, by file name."""
    files = config_files(result.config) | {
        "result.json": json.dumps(result.plain(), indent=1, ensure_ascii=False).encode(),
        "per_image_scores.csv": _score_table(result.scores),
    }
    if result.environment.git_dirty_diff:
        files["git_dirty.diff"] = result.environment.git_dirty_diff.encode()
    return files


def _yaml(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _environment_tags(environment: Environment) -> dict[str, str]:
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    tags = {
        "workbench.hardware": environment.hardware,
        "workbench.device": environment.device,
        "workbench.threads": str(environment.threads),
        "workbench.python": environment.python,
        "workbench.packages": packages,
        "workbench.results_version": str(environment.results_version or ""),
    }
    if environment.git_commit:
        tags["mlflow.source.git.commit"] = environment.git_commit
        tags["workbench.git_dirty"] = "true" if environment.git_dirty_diff else "false"
    return tags


def _protocol_tags(scores: Sequence[DatasetScores]) -> dict[str, str]:
    return {
        f"workbench.protocol.{safe_name(one.dataset)}": one.protocol.describe() for one in scores
    }


def _score_lines(scores: Sequence[DatasetScores]) -> list[str]:
    """Return the mean scores as the lines of a table in Markdown."""
    lines = []
    if scores:
        lines = ["", f"| data set | {' | '.join(SCORE_NAMES)} | protocol |", "|---" * 6 + "|"]
    for one in scores:
        means = one.mean().plain()
        cells = " | ".join(f"{means[name]:.4f}" for name in SCORE_NAMES)
        lines.append(f"| {markdown(one.dataset)} | {cells} | {one.protocol.describe()} |")
    return lines


def _score_table(all_scores: Sequence[DatasetScores]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["dataset", "image", *SCORE_NAMES, "protocol"])
    for scores in all_scores:
        for image in scores.images:
            values = [getattr(image, name) for name in SCORE_NAMES]
            names = [csv_cell(printable(name)) for name in (scores.dataset, image.name)]
            writer.writerow([*names, *values, scores.protocol.describe()])
    return text.getvalue().encode()


def cut(text: str, limit: int) -> str:
    """Return a text that MLflow accepts."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
