"""What `search` takes from here until it calls `experiments` itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.config.trial import TrialConfig
from workbench.experiments import trial_spec
from workbench.experiments.defaults import DEFAULT_RECIPE
from workbench.experiments.seeds import Seeds
from workbench.experiments.study_plan import PlannedStudy as Request
from workbench.experiments.trial_spec import TrialSpec, lengthened

__all__ = ["DEFAULT_RECIPE", "Asked", "Choice", "Request", "lengthened", "trial_config"]


@dataclass(frozen=True)
class Choice:
    """What is compared."""

    base: str | None = None


@dataclass(frozen=True)
class Asked:
    """Everything that defines a search's trials."""

    choice: Choice
    seeds: Seeds
    recipe: str = DEFAULT_RECIPE
    steps: int | None = None
    data: Sequence[str] = ()
    validation: str | None = None
    benchmarks: Sequence[str] = ()
    overrides: Mapping[str, object] = field(default_factory=dict)


def trial_config(network: str, asked: Asked) -> TrialConfig:
    """Assemble the trial of a preset."""
    spec = TrialSpec(
        asked.recipe,
        asked.steps,
        asked.data,
        asked.validation,
        asked.benchmarks,
        asked.overrides,
    )
    return trial_spec.trial_config(network, spec)
