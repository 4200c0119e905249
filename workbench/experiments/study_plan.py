"""From what is requested to a plan of trials. No torch, no numpy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.ablation.contrasts import fraction_text
from workbench.ablation.designs import design_plan
from workbench.ablation.factors import Factor, NetworkChange, field_factor, variant_factor
from workbench.ablation.fraction import smallest_fraction
from workbench.ablation.path import AblationPath, make_path, path_plan
from workbench.ablation.shapley import ShapleyPlan, shapley_plan
from workbench.ablation.variant import Variant, find_variants, local_variants
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import Change, Plan
from workbench.experiments.defaults import DEFAULT_BUDGET, DEFAULT_STORE
from workbench.experiments.pretrained import SourceWeights, open_source, start_from, with_taken
from workbench.experiments.seeds import Seeds
from workbench.experiments.space_sample import sampled_changes
from workbench.experiments.study_names import former_name, requested_name
from workbench.experiments.study_spec import StudySpec
from workbench.experiments.trial_spec import trial_config
from workbench.statistics.decision_rule import DEFAULT_RULE, DecisionRule
from workbench.system.events import Emit, Note, ignore


@dataclass(frozen=True)
class PlannedStudy:
    """What is run, and what its report is about."""

    plan: Plan
    rule: DecisionRule = DEFAULT_RULE
    path: AblationPath | None = None
    shapley: ShapleyPlan | None = None
    match: bool = False
    """Add baselines scaled to each variant's number of parameters."""
    retune: bool = False
    """Choose a learning rate for each network first."""
    allow_overlap: bool = False
    """Train also on images that are scored."""
    former_name: str = ""
    """What version 0.1 called it; empty if the user named it."""
    source: SourceWeights | None = None
    """Trained weights that all networks start from; the store must have them before the trials."""


def plan_study(spec: StudySpec, emit: Emit = ignore, store: Path = DEFAULT_STORE) -> PlannedStudy:
    """Return what is to run.

    Args:
        spec: What is requested.
        emit: Gets a note of each variant that is a file of the user's own, the path, and what each
            network takes from trained weights.
        store: Has the trial whose weights all start from, if `spec` names one; it may be absent.

    Raises:
        ConfigError: If options contradict each other, or if a network cannot be built, trained or
            compared. It names the file that `spec` was read from.
        CheckpointError: If weights to start from cannot be used.
    """
    try:
        spec.check()
        if spec.weights_from is not None:
            study = _from_weights(spec, spec.weights_from, emit, store)
        elif spec.path is None:
            study = _designed(spec, _trials(spec), emit)
        else:
            study = _path(spec, _trials(spec), emit)
    except ConfigError as error:
        raise ConfigError(f"{spec.origin}: {error}" if spec.origin else str(error)) from None
    plan = replace(study.plan, looks=spec.seeds.looks, question=spec.question)
    return replace(
        study,
        plan=plan,
        rule=spec.rule,
        match=spec.match,
        retune=spec.retune,
        allow_overlap=spec.allow_overlap,
    )


def _trials(spec: StudySpec) -> list[TrialConfig]:
    return [trial_config(name, spec.trial) for name in spec.networks()]


def _from_weights(spec: StudySpec, weights: str, emit: Emit, store: Path) -> PlannedStudy:
    """Plan a study whose networks start from trained weights. Imports torch."""
    source = open_source(weights, store)
    trial = spec.trial if spec.heal is None else replace(spec.trial, recipe=spec.heal)
    seeds = Seeds((1,)) if spec.heal is None else spec.seeds
    network = source.weights.config if spec.base is None else spec.base
    base = start_from(trial_config(network, trial), source, heal=spec.heal is not None)
    named = replace(spec, base=spec.base or source.network, trial=trial, seeds=seeds)
    study = _designed(named, [base], emit)
    plan = replace(with_taken(study.plan, source, emit), seeds=seeds.seeds)
    return replace(study, plan=plan, source=source, former_name="")


def matched(study: PlannedStudy, store: Path, emit: Emit = ignore) -> PlannedStudy:
    """Add the baselines of equal size, if requested, and name the study as the store has it.

    Args:
        study: As planned.
        store: The store; it may be absent.
        emit: Gets a note of how near each size is.

    Raises:
        ConfigError: If the plan compares with anything but its base.
    """
    if study.match:
        from workbench.ablation.matching import with_matched  # counts networks

        plan, remarks = with_matched(study.plan)
        for remark in remarks:
            emit(Note(remark))
        study = replace(study, plan=plan)
    return _found_again(study, store)


def _found_again(study: PlannedStudy, store: Path) -> PlannedStudy:
    """Return the study under the name of version 0.1 if the store has exactly it.

    It keeps its declaration then, which was made before its trials were run.

    Raises:
        ConfigError: If that study's file is damaged.
    """
    if not study.former_name:
        return study
    from workbench.experiments.declaration import last_declaration  # opens the store's modules

    before = last_declaration(store, study.former_name)
    if before is None or not before.declares(study.plan, study.rule):
        return study
    return replace(study, plan=replace(study.plan, study=study.former_name))


def _designed(spec: StudySpec, trials: Sequence[TrialConfig], emit: Emit) -> PlannedStudy:
    base = trials[0]
    variants = find_variants(list(spec.variants))
    for local in local_variants(variants):
        emit(Note(f"variant {local.name} comes from {local.path}"))
    factors = [*_sampled(spec, base), *map(variant_factor, variants)]
    factors += [field_factor(key, values, base) for key, values in spec.factors.items()]
    plan = design_plan(
        spec.design or "leave-one-out",
        _name(spec, variants, trials, ()),
        spec.networks()[0].rpartition(":")[2],  # of a module of one's own its class
        base,
        factors,
        spec.seeds.seeds,
    )
    if spec.design == "fractional-factorial":
        text = fraction_text([one.name for one in factors], smallest_fraction(len(factors)))
        emit(Note(f"design: {text}"))
    return PlannedStudy(plan, former_name=_former(spec, trials, ()))


def _sampled(spec: StudySpec, base: TrialConfig) -> list[Factor]:
    """Return the sampled and the named networks of a plan, each as a factor of its own."""
    changes: list[Change] = [*sampled_changes(spec.sample, base)] if spec.sample else []
    changes += [
        NetworkChange(name, network.preset, network.set, spec.origin)
        for name, network in spec.networks_of_plan.items()
    ]
    return [Factor(change.name, (change,)) for change in changes]


def _path(spec: StudySpec, trials: Sequence[TrialConfig], emit: Emit) -> PlannedStudy:
    start, end = spec.networks()
    path = make_path((start, end), trials[0], trials[1], spec.order)
    name, former = _name(spec, (), trials, path.order), _former(spec, trials, path.order)
    if not spec.shapley:
        plan = path_plan(path, name, spec.seeds.seeds)
        emit(Note(f"path: {' -> '.join([start, *(f'+{n}' for n in path.order)])} = {end}"))
        return PlannedStudy(plan, path=path, former_name=former)
    budget = spec.budget or DEFAULT_BUDGET
    orders = shapley_plan(path, name, spec.seeds.seeds, budget)
    emit(Note(orders.describe(budget)))
    return PlannedStudy(orders.plan, path=path, shapley=orders, former_name=former)


def _name(
    spec: StudySpec,
    variants: Sequence[Variant],
    trials: Sequence[TrialConfig],
    order: Sequence[str],
) -> str:
    return spec.name or requested_name(spec, [one.name for one in variants], trials, order)


def _former(spec: StudySpec, trials: Sequence[TrialConfig], order: Sequence[str]) -> str:
    return "" if spec.name else former_name(spec, trials, order)
