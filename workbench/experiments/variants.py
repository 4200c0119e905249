"""What `workbench variants` lists: each variant's question and what its network costs."""

from dataclasses import dataclass
from pathlib import Path

from workbench.ablation.cost_table import known_cost
from workbench.ablation.variant import Variant, find_variants, local_variants
from workbench.config.network import Network, named_network
from workbench.config.presets import RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import same_run
from workbench.experiments.defaults import DEFAULT_BASE
from workbench.results import Cost
from workbench.system.events import Caution, Emit, Note, ignore


@dataclass(frozen=True)
class ListedVariant:
    """A variant, or the baseline, of a list."""

    name: str
    question: str
    """What it answers, in one line."""
    cost: Cost | None = None
    """At 256 x 256 LR px; None if it cannot be used on this baseline."""
    refused: str = ""
    """Why it cannot be used, with file and line."""
    path: Path | None = None
    """YAML file; None for the baseline."""


def list_variants(base: str = DEFAULT_BASE, emit: Emit = ignore) -> list[ListedVariant]:
    """Return the baseline and all variants of it. Loads torch only to count unknown networks.

    Args:
        base: Name of the baseline preset.
        emit: Gets a note of each variant that is a file of the user's own, and a caution for each
            file that cannot be used.

    Raises:
        ConfigError: For an unknown preset, with the nearest.
    """
    found = find_variants(["all"], on_unusable=lambda text: emit(Caution(f"left out: {text}")))
    for local in local_variants(found):
        emit(Note(f"variant {local.name} comes from {local.path}"))
    trial = TrialConfig(model=named_network(base), training=RECIPES["smoke"])
    baseline = ListedVariant(base, "the base itself", _cost(trial.model))
    return [baseline, *(_listed(variant, base, trial) for variant in found)]


def _listed(variant: Variant, base: str, trial: TrialConfig) -> ListedVariant:
    reason = f"{variant.path}: changes nothing on {base}"
    try:
        changed = variant.apply(trial)
    except ConfigError as error:
        changed, reason = trial, str(error)
    if same_run(changed, trial):
        return ListedVariant(variant.name, variant.question, None, reason, variant.path)
    return ListedVariant(variant.name, variant.question, _cost(changed.model), path=variant.path)


def _cost(model: Network) -> Cost:
    known = known_cost(model)
    if known is not None:
        return known
    # Only networks that are not in the shipped table pay for importing torch.
    from workbench.models.complexity import count

    return count(model).cost
