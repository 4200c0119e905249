"""What `workbench ablate` does with a plan: print it, or run it and print the comparison."""

from pathlib import Path

from workbench.ablation.declaration import declare
from workbench.ablation.plan import Plan
from workbench.ablation.run import by_arm, look_up, run_plan
from workbench.cli.ablate_report import report
from workbench.cli.ablate_request import Request
from workbench.cli.console import OUT, note, print_json, table
from workbench.cli.display import AblationDisplay, PackingDisplay, bars
from workbench.cli.options import DEFAULT_STORE
from workbench.ledger import Ledger
from workbench.reporting.comparison import Rules
from workbench.results import TrialResult
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.trial_images import open_images


def print_plan(plan: Plan, store: Path, *, as_json: bool) -> None:
    """Print every trial of a plan and whether the store has it.

    Raises:
        DataError: If a folder cannot be used.
    """
    trials = look_up(plan, store)
    finished = sum(trial.result is not None for trial in trials)
    if as_json:
        print_json(
            {
                "study": plan.study,
                "trials": [
                    {
                        "variant": trial.arm.name,
                        "seed": trial.seed,
                        "key": trial.key,
                        "finished": trial.result is not None,
                    }
                    for trial in trials
                ],
            }
        )
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
        markup=False,
        soft_wrap=True,
    )
    if any(trial.key is None for trial in trials):
        note("?: the images are not packed yet, so the ledger's keys are not known")


def run(
    request: Request,
    store: Path,
    workers: int,
    tracking_uri: str | None,
    margin_db: float,
    *,
    as_json: bool,
) -> None:
    """Run what is not finished, and print the comparison.

    Raises:
        WorkbenchError: For anything that the user can mend; what is finished is kept.
    """
    results = train(request.plan, store, workers, tracking_uri, margin_db, quiet=as_json)
    report(request, results, Rules(margin_db=margin_db), as_json=as_json)


def train(
    plan: Plan,
    store: Path,
    workers: int,
    tracking_uri: str | None,
    margin_db: float,
    *,
    quiet: bool = False,
) -> dict[str, list[TrialResult]]:
    """Declare a plan, run what is not finished of a plan, and return the results of each arm.

    Args:
        plan: What to run.
        store: The store.
        workers: Trials at a time.
        tracking_uri: MLflow of the user's own.
        margin_db: Of equivalence, which is declared with the plan.
        quiet: Do not say how much was finished before, and where MLflow shows it.

    Raises:
        WorkbenchError: For anything that the user can mend; what is finished is kept.
    """
    _pack(plan, store)
    keys = {(t.arm.name, t.seed): t.key for t in look_up(plan, store) if t.key is not None}
    declare(plan, margin_db, keys, store)
    tracker = MlflowTracker(store, tracking_uri, on_warning=lambda text: note(f"warning: {text}"))
    try:
        with AblationDisplay(len(plan.trials())) as display:
            results = run_plan(plan, store=store, workers=workers, tracker=tracker, display=display)
        address = tracker.compare_address(plan.study)
    finally:
        tracker.close()
    if not quiet:
        note(f"{display.reused_count} of {len(plan.trials())} trials were finished before")
        where = "" if store == DEFAULT_STORE else f" --store {store}"
        uri = f" --tracking-uri {tracking_uri}" if tracking_uri else ""
        if address:
            note(f"compare in MLflow: workbench ui{where}{uri}")
    return by_arm(plan, results)


def _pack(plan: Plan, store: Path) -> None:
    """Pack the images of all arms, and say what was converted on the way."""
    ledger, remarks = Ledger(store), dict[str, None]()
    with bars() as progress:
        for arm in plan.arms:
            images = open_images(arm.config, ledger, PackingDisplay(progress))
            for opened in (*images.training.values(), images.validation, *images.benchmarks):
                remarks |= dict.fromkeys(f"{opened.name}: {text}" for text in opened.notes)
    for remark in remarks:
        note(remark)
