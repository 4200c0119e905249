"""Run a plan: trials that are finished are taken from the ledger, the others run in workers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.execution.events import TrialFailed, TrialFinished, TrialReused
from workbench.execution.executor import Executor, Task
from workbench.execution.plan import Plan
from workbench.execution.stream import run_tasks
from workbench.results import TrialResult
from workbench.system.events import Emit

Results = dict[tuple[str, int], TrialResult]
"""Results by (name of the arm, seed)."""
Failures = dict[tuple[str, int], WorkbenchError]
"""What kept trials from ending, by (name of the arm, seed)."""


def run_plan(tasks: Sequence[Task], *, store: Path, executor: Executor, emit: Emit) -> Results:
    """Run what is not finished and return all results.

    Args:
        tasks: The plan's trials, as `look_up` returns them; the images are packed.
        store: The store that holds the ledger.
        executor: Runs what the ledger does not have.
        emit: Gets the events of all trials, the reused ones as well.

    Raises:
        StoppedByUserError: After a signal or a time limit; the same plan resumes.
        WorkbenchError: If a trial failed; the others are finished first.
    """
    results, failures = try_plan(tasks, store=store, executor=executor, emit=emit)
    if failures:
        raise _failed(failures)
    return results


def try_plan(
    tasks: Sequence[Task], *, store: Path, executor: Executor, emit: Emit
) -> tuple[Results, Failures]:
    """Run what is not finished, and return what failed beside the results; see `run_plan`.

    Results of trials that stop for now have the state `PRUNED`.

    Raises:
        StoppedByUserError: After a signal or a time limit; the same plan resumes.
    """
    results: Results = {}
    failures: Failures = {}

    def collect(event: object) -> None:
        match event:
            case TrialReused(arm, seed, result) | TrialFinished(arm, seed, result):
                results[arm, seed] = result
            case TrialFailed(arm, seed, error):
                failures[arm, seed] = error
        emit(event)

    run_tasks(tasks, lambda _: (), store=store, executor=executor, emit=collect)
    return results, failures


def _failed(failures: Failures) -> WorkbenchError:
    """Name the first trial that failed, and say how to run all of them again."""
    (arm, seed), error = next(iter(failures.items()))
    others = f" (and {len(failures) - 1} more failed)" if len(failures) > 1 else ""
    return WorkbenchError(
        f"{arm} seed {seed} failed{others}: {error}; finished trials are kept, rerun the same "
        "command to run what failed again"
    )


def by_arm(
    plan: Plan, results: Mapping[tuple[str, int], TrialResult]
) -> dict[str, list[TrialResult]]:
    """Return the results of each arm in the order of the seeds."""
    return {
        arm.name: [results[arm.name, s] for s in plan.seeds if (arm.name, s) in results]
        for arm in plan.arms
    }
