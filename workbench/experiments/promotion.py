"""What `workbench search promote` does: train a search's best networks again and judge them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench.config.overrides import apply_overrides
from workbench.config.presets import recipe
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, WorkbenchError
from workbench.execution.plan import Arm, Plan
from workbench.experiments.ablation import AblationOutcome, run_study
from workbench.experiments.fresh import fresh_seeds, seen_benchmarks
from workbench.experiments.run_context import RunContext
from workbench.experiments.seeds import Seeds
from workbench.experiments.stored_search import objectives_of, stored_search
from workbench.experiments.study_plan import PlannedStudy
from workbench.experiments.trial_spec import lengthened, overridden
from workbench.reporting.search_texts import proposal_text
from workbench.search.proposals import Proposal
from workbench.search.ranking import ranked
from workbench.search.state import BASELINE, SearchState
from workbench.statistics.decision_rule import DEFAULT_RULE, DecisionRule
from workbench.system.events import Emit, Note, ignore


@dataclass(frozen=True)
class PromotionSpec:
    """How a search's best networks are trained again."""

    search: str
    """Name of the search."""
    top: int = 3
    """How many networks."""
    seeds: Seeds = Seeds((1,))  # noqa: RUF009 (frozen)
    recipe: str | None = None
    """Name of a recipe; None for the search's."""
    steps: int | None = None
    """Steps of all stages together, to which the recipe is scaled; None for the recipe's own."""
    overrides: Mapping[str, object] = field(default_factory=dict)
    """Dotted key of the trial -> value."""
    name: str | None = None
    """Name of the study; None for the search's with `-promoted`."""


def promote(spec: PromotionSpec, context: RunContext, emit: Emit = ignore) -> AblationOutcome:
    """Train a search's best networks again and compare them with the canonical one.

    Args:
        spec: Which networks, and how they are trained.
        context: Where and how the trials are run; its store has the search.
        emit: Gets the events of the trials, notes and cautions.

    Raises:
        StoppedByUserError: After Ctrl-C; the same call resumes.
        StoppedEarlyError: After SIGTERM, SIGUSR1 or the time limit; the same call resumes.
        WorkbenchError: If the search has no finished network besides the baseline, or for
            anything else that the user can fix; what is finished is kept.
    """
    study = plan_promotion(spec, context.store, emit)
    device = study.plan.arms[0].config.training.device
    return run_study(study, context.on(device), emit)


def plan_promotion(spec: PromotionSpec, store: Path, emit: Emit = ignore) -> PlannedStudy:
    """Return the study of a search's best networks.

    They are trained under seeds that the search did not use. If it is scored on a data set that the
    search optimized, every network of the search counts in the family of comparisons.

    Args:
        spec: Which networks, and how they are trained.
        store: Has the search.
        emit: Gets notes of both.

    Raises:
        WorkbenchError: If the search has no finished network besides the baseline.
        ConfigError: If a network cannot be trained with this recipe, or seeds of a list are those
            of the search.
    """
    state = stored_search(spec.search, store)
    chosen = _best(state, spec.top)
    if not chosen:
        raise WorkbenchError(f"search {spec.search!r} has no finished network besides the baseline")
    base = base_config(state.record.settings.base, spec)
    arms = [Arm(state.record.settings.space.base, "", base)]
    for proposal in state.trained:
        if proposal.name in chosen:
            config = apply_overrides(base, state.record.settings.pinned(proposal.overrides))
            _check_schedule(proposal, config, base)
            arms.append(Arm(proposal.name, proposal_text(proposal), config, arms[0].name))
    name = spec.name or f"{spec.search}-promoted"
    seeds = fresh_seeds(spec.seeds, state.record.settings)
    if seeds != spec.seeds:
        emit(Note(f"seeds {', '.join(map(str, seeds.seeds))}: the search used others"))
    plan = Plan(name, tuple(arms), seeds.seeds, seeds.looks)
    return PlannedStudy(plan, rule=_rule(state, base, len(chosen), emit))


def _rule(state: SearchState, base: TrialConfig, chosen: int, emit: Emit) -> DecisionRule:
    """Return the decision rule: it knows how many networks the search has compared.

    Args:
        state: The search.
        base: The canonical network's trial in the promotion.
        chosen: Networks that are promoted.
        emit: Gets a note if there is anything to correct.
    """
    seen = seen_benchmarks(state.record.settings, base)
    compared = len(_others(state)) + len(state.record.stopped())
    if not seen or compared <= chosen:
        return DEFAULT_RULE
    emit(
        Note(
            f"the search chose the best of {compared} networks by their scores on "
            f"{', '.join(seen)}: all of them count in the family of comparisons"
        )
    )
    return replace(DEFAULT_RULE, passed_over=compared - chosen)


def base_config(base: TrialConfig, spec: PromotionSpec) -> TrialConfig:
    """Return the canonical network's trial as it is trained for a promotion.

    Raises:
        ConfigError: For an unknown recipe or key, or a value that breaks a rule.
    """
    training = recipe(spec.recipe) if spec.recipe else base.training
    training = lengthened(training, spec.steps, spec.overrides)
    return overridden(base.model_copy(update={"training": training}), spec.overrides)


def _check_schedule(proposal: Proposal, config: TrialConfig, base: TrialConfig) -> None:
    """Refuse a schedule that has the length of the search's recipe and not of the requested one.

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
    return ranked(_others(state), objectives_of(state.record.settings))[:top]


def _others(state: SearchState) -> dict[str, tuple[float, ...]]:
    """Return the objectives of all finished networks but the canonical one."""
    values = state.values(objectives_of(state.record.settings))
    return {name: value for name, value in values.items() if name != BASELINE}
