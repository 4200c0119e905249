"""What `workbench ablate` does with a request: print it, or run it and print what was found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.ablation.matching import with_matched
from workbench.ablation.retuning import retuned, tuning_plan
from workbench.ablation.sequential import next_look
from workbench.cli.ablate_report import report
from workbench.cli.ablate_request import Request
from workbench.cli.console import OUT, confirmed, note, print_json, table
from workbench.cli.display import AblationDisplay, PackingDisplay, bars, working
from workbench.cli.optional import optional, say_where, tracking
from workbench.cli.so_far import SoFar
from workbench.execution.engines import LOCAL, Engine
from workbench.execution.plan import Plan
from workbench.execution.run import PlannedTrial, by_arm, look_up, run_plan
from workbench.execution.speed import duration_text, seconds_left
from workbench.experiments.changes import change_text
from workbench.experiments.declaration import Declared, declare, read_study
from workbench.experiments.describing import study_view
from workbench.experiments.study import declared_text
from workbench.results import TrialResult, TrialState
from workbench.statistics.decision_rule import DEFAULT_RULE, DecisionRule
from workbench.store.ledger import Ledger
from workbench.trial.images import open_images
from workbench.trial.overlap import Overlap, check_overlaps, check_same, find_overlaps

LONG_S = 3600.0
"""A study that takes longer is not started without asking."""

Results = dict[tuple[str, int], TrialResult]


@dataclass(frozen=True)
class Place:
    """Where and how a study is run; nothing of it changes a result."""

    store: Path
    workers: int
    """Trials at a time."""
    tracking_uri: str | None = None
    """MLflow of the user's own."""
    command: str = ""
    """What was typed."""
    engine: Engine = LOCAL
    """What runs the trials."""
    allow_overlap: bool = False
    """Train also on images that networks are scored on; the scores then say so."""

    @property
    def at_once(self) -> int | None:
        """Trials at a time; None for as many as a cluster holds."""
        return None if self.engine.address else self.workers


def print_plan(request: Request, store: Path, *, as_json: bool) -> None:
    """Print every trial of a plan and whether the store has it.

    Raises:
        WorkbenchError: If a folder cannot be used.
    """
    plan = _matched(request)
    trials = look_up(plan, store)
    finished = sum(trial.result is not None for trial in trials)
    if as_json:
        print_json({"study": plan.study, "trials": [_plain(trial) for trial in trials]})
        return
    made = table("variant", "seed", "steps", "key", "in the store")
    for trial in trials:
        steps = f"{trial.arm.config.training.total_steps():,}"
        state = trial.result.state if trial.result else "-"
        made.add_row(trial.arm.name, str(trial.seed), steps, (trial.key or "?")[:12], state)
    OUT.print(made)
    OUT.print(
        f"{len(trials)} trials, {finished} finished in {store}, {len(trials) - finished} to run\n"
        f"study {plan.study}",
        soft_wrap=True,
    )
    for effect in plan.effects:
        OUT.print(f"asks: {effect.name}", soft_wrap=True)
    if plan.looks:
        note(f"looks after {', '.join(map(str, plan.looks))} seeds; settled variants stop")
    if request.retune:
        note(f"before them: {len(tuning_plan(plan).trials())} short trials choose learning rates")
    if any(trial.key is None for trial in trials):
        note("?: the images are not packed yet, so the ledger's keys are not known")


def _plain(trial: PlannedTrial) -> dict[str, object]:
    return {
        "variant": trial.arm.name,
        "seed": trial.seed,
        "key": trial.key,
        "finished": trial.result is not None,
    }


def run(request: Request, place: Place, *, yes: bool, as_json: bool) -> None:
    """Run what is not finished, and print the comparison.

    Args:
        request: What.
        place: Where.
        yes: Do not ask before a long study.
        as_json: Print JSON, and nothing else on stdout.

    Raises:
        WorkbenchError: For anything that the user can mend; what is finished is kept.
    """
    plan = _matched(request)
    if request.retune:
        tuning = tuning_plan(plan)
        _announce([tuning, plan], place, yes=yes)
        tried = train(tuning, place, request.levels, quiet=True)
        plan, remarks = retuned(plan, tried)
        for remark in remarks:
            note(remark)
    else:
        _announce([plan], place, yes=yes)
    results = train(plan, place, request.levels, quiet=as_json)
    rule = replace(request.levels, looks=plan.seeds_at_looks)
    report(replace(request, plan=plan), results, rule, as_json=as_json)


def _matched(request: Request) -> Plan:
    """Add the bases of equal size, if they are asked for, and say how near they are."""
    if not request.match:
        return request.plan
    plan, remarks = with_matched(request.plan)
    for remark in remarks:
        note(remark)
    return plan


def _announce(plans: Sequence[Plan], place: Place, *, yes: bool) -> None:
    """Say how many trials there are and how long they will take, and ask if that is long.

    Raises:
        ConfigError: If the answer is no, or nobody can answer.
    """
    for plan in plans:
        pack(plan, place)
    trials = [trial for plan in plans for trial in look_up(plan, place.store)]
    waiting = sum(trial.result is None for trial in trials)
    if not waiting:
        return
    with working("timing the networks"):
        seconds = seconds_left(trials, Ledger(place.store), place.workers)
    most = "at most " if any(plan.looks for plan in plans) else ""
    text = (
        f"{len(trials)} trials, {waiting} to run: {most}about {duration_text(seconds)} "
        f"with {place.workers} worker{'s' if place.workers > 1 else ''}"
    )
    note(text)
    if seconds > LONG_S and not yes:
        confirmed(text)


def train(
    plan: Plan, place: Place, levels: DecisionRule = DEFAULT_RULE, *, quiet: bool = False
) -> dict[str, list[TrialResult]]:
    """Declare a plan, run what is not finished of it, and return the results of each arm.

    Args:
        plan: What to run.
        place: Where.
        levels: By what it is judged, which is declared with it.
        quiet: Do not say how much was finished before, and where MLflow shows it.

    Raises:
        WorkbenchError: For anything that the user can mend; what is finished is kept.
    """
    pack(plan, place)
    keys = {(t.arm.name, t.seed): t.key for t in look_up(plan, place.store) if t.key is not None}
    declared = declare(plan, levels, keys, place.store, place.command)
    _say_changed(plan.study, declared)
    results: Results = {}
    so_far = SoFar(plan.against, levels.alpha)
    reused, address = 0, None
    with tracking(place.store, place.tracking_uri) as tracker:
        with optional("MLflow"):
            tracker.study_described(study_view(read_study(place.store, plan.study)))
        part: Plan | None = next_look(plan, {}, levels)
        with place.engine.runs(place.store, place.workers) as trials:
            while part is not None:
                with AblationDisplay(len(part.trials()), place.at_once, so_far) as display:
                    results |= run_plan(
                        part,
                        store=place.store,
                        run=display.announcing(trials),
                        tracker=tracker,
                        display=display,
                    )
                reused += display.reused_count
                part = next_look(plan, results, levels)
        with optional("MLflow"):
            address = tracker.compare_address(plan.study)
    for (arm, seed), result in results.items():
        if result.state is TrialState.OUT_OF_MEMORY:
            note(f"{arm} seed {seed}: memory ran out; rerun the same command to run it again")
    if not quiet:
        _say_where(f"{reused} of {len(results)}", place, there=address is not None)
    return by_arm(plan, results)


def _say_changed(study: str, declared: Declared) -> None:
    """Say that the images, or the code, are no longer those of the last declaration."""
    change = declared.before and change_text(declared.before, declared.now)
    if declared.before and change:
        day = declared_text(declared.before)
        note(f"study {study}: {change} since it was declared {day}; this is another declaration")


def _say_where(reused: str, place: Place, *, there: bool) -> None:
    note(f"{reused} trials were finished before")
    if there:
        say_where(place.store, place.tracking_uri)


def pack(plan: Plan, place: Place) -> None:
    """Pack the images of all arms, and say what was converted on the way.

    Raises:
        DataError: If an image cannot be used, or is both trained on and scored and that is not
            allowed.
        StoreError: If the store cannot be written.
    """
    ledger, remarks = Ledger(place.store), dict[str, None]()
    overlaps: dict[str, tuple[Overlap, ...]] = {}
    with bars() as progress:
        for arm in plan.arms:
            # Their pixels are checked when a trial is about to begin, not for a table alone.
            images = open_images(arm.config, ledger, PackingDisplay(progress), check=False)
            overlaps[arm.name] = find_overlaps(arm.config, images)
            if not place.allow_overlap:
                check_overlaps(arm.config, overlaps[arm.name])
            for opened in (*images.training.values(), images.validation, *images.benchmarks):
                remarks |= dict.fromkeys(f"{opened.name}: {text}" for text in opened.notes)
    check_same(overlaps)
    for remark in remarks:
        note(remark)
