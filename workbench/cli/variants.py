"""`workbench variants`: every variant with its question and cost."""

from typing import Any

from workbench.ablation.cost_table import known_cost
from workbench.ablation.variant import Variant, find_variants, local_variants
from workbench.cli.console import OUT, billions, left_out, millions, note, print_json, table
from workbench.cli.options import DEFAULT_BASE, JsonOption, PresetOption
from workbench.config.model import ModelConfig
from workbench.config.presets import RECIPES, preset
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import same_run
from workbench.results import Cost


def variants(base: PresetOption = DEFAULT_BASE, as_json: JsonOption = False) -> None:
    """List all variants with the question each asks and what it costs."""
    found = find_variants(["all"], on_unusable=left_out)
    for local in local_variants(found):
        note(f"variant {local.name} comes from {local.path}")
    trial = TrialConfig(model=preset(base), training=RECIPES["smoke"])
    rows = [_row(base, "the base itself", trial.model)]
    rows += [_variant_row(variant, base, trial) for variant in found]
    if as_json:
        print_json(rows)
        return
    made = table("variant", "parameters", "multiply-\nadds G", "activa-\ntions M", "question")
    made.columns[-1].justify = "left"
    for row in rows:
        made.add_row(row["name"], *_cost_cells(row), _remark(row))
    OUT.print(made)
    note("at 256x256 LR px; use them with `workbench ablate --variant NAME`")


def _variant_row(variant: Variant, base: str, trial: TrialConfig) -> dict[str, Any]:
    try:
        changed = variant.apply(trial)
    except ConfigError as error:
        return {"name": variant.name, "question": variant.question, "refused": str(error)}
    if same_run(changed, trial):
        reason = f"{variant.path}: changes nothing on {base}"
        return {"name": variant.name, "question": variant.question, "refused": reason}
    return _row(variant.name, variant.question, changed.model)


def _remark(row: dict[str, Any]) -> str:
    """Return the question, or why it means nothing on this base, without the file's place."""
    if "refused" in row:
        return "refused: " + str(row["refused"]).partition(": ")[2]
    return str(row["question"])


def _row(name: str, question: str, model: ModelConfig) -> dict[str, Any]:
    return {"name": name, "question": question, **_cost(model).plain()}


def _cost(model: ModelConfig) -> Cost:
    known = known_cost(model)
    if known is not None:
        return known
    # Only networks that are not in the shipped table pay for importing torch.
    from workbench.models.complexity import count

    return count(model).cost


def _cost_cells(row: dict[str, Any]) -> list[str]:
    if "refused" in row:
        return ["-", "-", "-"]
    parameters, macs = row["parameters"], row["multiply_adds"]
    return [f"{parameters:,}", billions(macs), millions(row["activations"])]
