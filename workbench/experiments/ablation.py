"""What `workbench ablate` does: run a network and variants of it, and compare them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.ablation.path import AblationPath
from workbench.ablation.retuning import retuned, tuning_plan
from workbench.ablation.shapley import ShapleyPlan
from workbench.analysis.attribution import Attribution, attribute
from workbench.analysis.comparison import Comparison, compare
from workbench.execution.lookup import look_up
from workbench.execution.plan import Plan
from workbench.experiments.early_stop import TrialsWatched, stopped_early
from workbench.experiments.run_context import RunContext
from workbench.experiments.running import Prepared, Trained, announce, prepare, train
from workbench.experiments.study_plan import PlannedStudy, matched, plan_study
from workbench.experiments.study_spec import StudySpec
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.system.events import Emit, Note, ignore
from workbench.trial.images import open_images
from workbench.trial.overlap import check_tuning_images

Results = Mapping[str, Sequence[TrialResult]]
"""By arm, in the order of the seeds."""


@dataclass(frozen=True)
class AblationOutcome:
    """What a study found."""

    plan: Plan
    """As it was run, with the learning rates that were chosen."""
    results: Results
    comparison: Comparison
    """Variants with the baseline; of a path its steps, and the end with the start in the last row;
    of a Shapley attribution the end with the start."""
    declaration: int
    """Number of the plan's declaration among those of the study, the oldest being 1."""
    reused: int
    """Trials that were finished before."""
    in_mlflow: bool
    """Whether MLflow shows the trials."""
    path: AblationPath | None = None
    shapley: ShapleyPlan | None = None
    attribution: Attribution | None = None
    """What each component of the path brings in the mean over orders, with `shapley`."""
    networks: Comparison | None = None
    """All networks of a path, without differences."""

    @property
    def study(self) -> str:
        """Name of the study in the store and in MLflow."""
        return self.plan.study

    @property
    def declared_comparison(self) -> Comparison | None:
        """The comparison that reports of the study make; None if this one differs from it."""
        # A path has one more row here; with looks, the store may have more seeds than were needed.
        return self.comparison if self.path is None and not self.plan.looks else None

    @property
    def trials(self) -> int:
        """Trials that have ended."""
        return sum(len(results) for results in self.results.values())


def ablate(spec: StudySpec, context: RunContext, emit: Emit = ignore) -> AblationOutcome:
    """Run what is not finished of a study, and compare its networks.

    Args:
        spec: What is requested.
        context: Where and how it is run.
        emit: Gets the events of the trials, notes and cautions.

    Raises:
        StoppedByUserError: After Ctrl-C; the same call resumes.
        StoppedEarlyError: After SIGTERM, SIGUSR1 or the time limit; the same call resumes.
        WorkbenchError: For anything that the user can fix; what is finished is kept.
    """
    return run_study(plan_study(spec, emit, context.store), context, emit)


def run_study(study: PlannedStudy, context: RunContext, emit: Emit = ignore) -> AblationOutcome:
    """Run what is not finished of a planned study, and compare its networks.

    Raises:
        StoppedByUserError: After Ctrl-C; the same call resumes.
        StoppedEarlyError: After SIGTERM, SIGUSR1 or the time limit; the same call resumes.
        WorkbenchError: For anything that the user can fix; what is finished is kept.
    """
    study = matched(study, context.store, emit)
    if study.source is not None:
        from workbench.trial.pretrained import keep_pretrained  # torch

        keep_pretrained(study.source.weights, context.store)
    context = context.on(study.plan.base.config.training.device)
    if study.allow_overlap:
        context = replace(context, allow_overlap=True)
    with stopped_early(context, emit) as watched:
        ready = prepare(study.plan, context, emit)
        watched.plan(len(ready.trials))
        if study.retune:
            ready = _retuned(study, ready, context, watched)
        else:
            announce([ready], context, emit)
        watched.study = ready.plan.study
        trained = train(ready, context, study.rule, watched.emit)
    return _compared(replace(study, plan=ready.plan), trained)


def _retuned(
    study: PlannedStudy, ready: Prepared, context: RunContext, watched: TrialsWatched
) -> Prepared:
    """Give each network the learning rate that is best for it.

    Raises:
        DataError: If the validation images are scored, too, and that is not allowed.
    """
    if not context.allow_overlap:
        base = ready.plan.base.config
        check_tuning_images(base, open_images(base, Ledger(context.store), check=False))
    tuning = prepare(tuning_plan(ready.plan), context, watched.emit)
    watched.plan(len(tuning.trials))
    announce([tuning, ready], context, watched.emit)
    tried = train(tuning, context, study.rule, watched.emit)
    plan, remarks = retuned(ready.plan, tried.results)
    for remark in remarks:
        watched.emit(Note(remark))
    # Its images are packed: learning rates change the keys only.
    return Prepared(plan, tuple(look_up(plan, context.store)))


def _compared(study: PlannedStudy, trained: Trained) -> AblationOutcome:
    plan, path, results = replace(study.plan, effects=trained.effects), study.path, trained.results
    rule = trained.rule
    questions = {arm.name: arm.question for arm in plan.arms}
    attribution = networks = None
    if path is None:
        comparison = compare(
            results,
            questions,
            plan.against,
            rule,
            plan.effects,
            question=plan.question,
            weights_name=plan.weights_name,
        )
    elif study.shapley is None:
        # One more comparison of the same family: what all steps bring together.
        total = total_name(path)
        every = {**results, total: results[path.end_name]}
        against = plan.against | {total: path.start_name}
        comparison = compare(every, questions, against, rule, question=plan.question)
    else:
        ends = {name: results[name] for name in (path.start_name, path.end_name)}
        comparison = compare(ends, {}, rule=rule, question=plan.question)
        attribution = attribute(results, study.shapley.steps, rule, drawn=not study.shapley.exact)
    if path is not None:
        networks = compare(results, {}, {}, rule)
    return AblationOutcome(
        plan=plan,
        results=results,
        comparison=comparison,
        declaration=trained.declaration,
        reused=trained.reused,
        in_mlflow=trained.in_mlflow,
        path=path,
        shapley=study.shapley,
        attribution=attribution,
        networks=networks,
    )


def total_name(path: AblationPath) -> str:
    """Return the name of the comparison of a path's ends."""
    return f"{path.end_name} - {path.start_name}"
