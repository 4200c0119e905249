"""`workbench search promote`: a search's best networks, trained again and judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.cli.ablate_request import Request, lengthened
from workbench.cli.ablate_steps import Place, run
from workbench.cli.options import overridden
from workbench.cli.search_steps import objectives_of, stored_state
from workbench.cli.seeds import Seeds
from workbench.cli.study_views import show_study
from workbench.config.overrides import apply_overrides
from workbench.config.presets import recipe
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, WorkbenchError
from workbench.execution.plan import Arm, Plan
from workbench.reporting.search_texts import proposal_text
from workbench.search.ranking import ranked
from workbench.search.record import Proposal
from workbench.search.state import BASELINE, SearchState


@dataclass(frozen=True)
class Promotion:
    """How a search's best networks are trained again."""

    top: int
    """So many of them."""
    seeds: Seeds
    recipe: str | None = None
    """Another one than the search's."""
    steps: int | None = None
    """Scales the recipe to this many steps in all."""
    overrides: Mapping[str, object] = field(default_factory=dict)
    """What else is other, such as the number of steps."""
    study: str | None = None


def promote(name: str, asked: Promotion, place: Place, *, yes: bool, as_json: bool) -> None:
    """Train a search's best networks again and judge them against the canonical one.

    Raises:
        WorkbenchError: If the search has no finished network besides the canonical one.
    """
    state = stored_state(name, place.store)
    chosen = _best(state, asked.top)
    if not chosen:
        raise WorkbenchError(f"search {name!r} has no finished network besides the canonical one")
    base = _base(state, asked)
    arms = [Arm(state.record.settings.space.base, "", base)]
    for proposal in state.trained:
        if proposal.name in chosen:
            config = apply_overrides(base, proposal.overrides)
            _check_schedule(proposal, config, base)
            arms.append(Arm(proposal.name, proposal_text(proposal), config, arms[0].name))
    study = asked.study or f"{name}-promoted"
    run(
        Request(Plan(study, tuple(arms), asked.seeds.seeds, asked.seeds.looks)),
        place,
        yes=yes,
        as_json=as_json,
    )
    show_study(study, place)


def _base(state: SearchState, asked: Promotion) -> TrialConfig:
    """Return the canonical network's trial with what is asked to be other."""
    base = state.record.settings.base
    training = recipe(asked.recipe) if asked.recipe else base.training
    training = lengthened(training, asked.steps, asked.overrides)
    base = base.model_copy(update={"training": training})
    return overridden(base, asked.overrides)


def _check_schedule(proposal: Proposal, config: TrialConfig, base: TrialConfig) -> None:
    """Refuse a schedule that is as long as the search's recipe and not as the one asked for.

    Raises:
        ConfigError: With both numbers of steps.
    """
    steps, wanted = config.training.total_steps(), base.training.total_steps()
    if proposal.parent is not None and steps != wanted:
        raise ConfigError(
            f"{proposal.name} is a schedule of {steps:,} steps and cannot be trained for "
            f"{wanted:,}; promote it with the recipe of its search, which is the default"
        )


def _best(state: SearchState, top: int) -> tuple[str, ...]:
    """Return the networks to promote, the best first."""
    objectives = objectives_of(state.record.settings)
    values = state.values(objectives)
    others = {name: value for name, value in values.items() if name != BASELINE}
    return ranked(others, objectives)[:top]
