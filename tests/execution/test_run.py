"""Running plans: what is known is not trained, and equal networks are trained once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.builders.executors import InlineExecutor
from tests.builders.variants import variant
from workbench.config.trial import TrialConfig
from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    TrialEmit,
    TrialInterrupted,
    TrialProgressed,
    TrialReused,
    TrialStarted,
    TrialValidated,
    WorkersStarting,
    to_all,
)
from workbench.execution.executor import Task, WorkerLostError
from workbench.execution.lookup import look_up
from workbench.execution.plan import Arm, Plan, make_plan
from workbench.execution.run import by_arm, run_plan, try_plan
from workbench.execution.stream import ArmEnded, run_arms
from workbench.execution.tracked import TrackedTrials
from workbench.results import TrialResult, TrialState
from workbench.store.ledger import Ledger
from workbench.system.events import ignore
from workbench.tracking.tracker import NullTracker, TrialLabel
from workbench.trial.images import open_images
from workbench.trial.run import run_trial


@pytest.fixture
def plan(tiny_trial: TrialConfig, tmp_path: Path) -> Plan:
    """Return a plan of two variants that build the same network; its images are packed."""
    # 0.53 of 12 channels are 6, as 0.5 of 12 are.
    wide, twin = variant("wide", channels=12), variant("twin", channels=12, distilled_fraction=0.53)
    plan = make_plan("study", "tiny", tiny_trial, [wide, twin], [1])
    open_images(tiny_trial, Ledger(tmp_path))
    return plan


@dataclass
class Here(InlineExecutor):
    """An executor of this process with arms that fail, or at whose first step the user stops."""

    store: Path
    failing: tuple[str, ...] = ()
    """Arms whose trials fail."""
    stop_at: str = ""
    """Arm at whose first step the user stops."""
    run_count: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.store)

    def result(self, task: Task, emit: TrialEmit) -> TrialResult:
        self.run_count += 1
        if task.arm == self.stop_at:
            emit(TrialProgressed(task.arm, task.seed, 1, 12, "loss 0.1"))
            self.stop.set()
            raise StoppedByUserError("stopped")
        if task.arm in self.failing:
            emit(TrialProgressed(task.arm, task.seed, 1, 12, "loss 0.1"))
            raise WorkerLostError("its worker process died 2 times")
        return super().result(task, emit)


class NoTraining:
    """An executor for plans that are finished."""

    def run(self, tasks: Sequence[Task], emit: TrialEmit, /) -> None:  # noqa: ARG002
        raise AssertionError(f"finished trials were run: {[task.arm for task in tasks]}")


@dataclass
class Tracked(NullTracker):
    """Keeps what a tracker shows."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    def trial_started(self, label: TrialLabel, config: TrialConfig) -> None:  # noqa: ARG002
        self.seen.append(("started", label.variant))

    def trial_ended(self, label: TrialLabel, result: TrialResult | None) -> None:
        if result is None:
            self.seen.append(("interrupted", label.variant))
            return
        assert label.key == result.key
        assert (label.study, label.seed) == ("study", result.config.seed)
        self.seen.append(("finished", label.variant))


def kinds(events: Iterable[object]) -> list[tuple[str, str]]:
    """Return (class, arm) of the events of trials but those of their progress and validations."""
    return [
        (type(event).__name__, getattr(event, "arm", ""))
        for event in events
        if not isinstance(event, TrialProgressed | TrialValidated)
    ]


def test_equal_networks_are_trained_once_and_known_results_not_again(
    plan: Plan, tmp_path: Path
) -> None:
    events: list[object] = []
    tracker, executor = Tracked(), Here(tmp_path)
    emit = to_all(events.append, TrackedTrials(tracker, plan.study))
    tasks = look_up(plan, tmp_path)
    results = run_plan(tasks, store=tmp_path, executor=executor, emit=emit)
    assert results["twin", 1] == results["wide", 1]
    assert results["wide", 1] != results["tiny", 1]
    assert kinds(events) == [
        ("WorkersStarting", ""),
        ("TrialStarted", "tiny"),
        ("TrialFinished", "tiny"),
        ("TrialStarted", "wide"),
        ("TrialFinished", "wide"),
        ("TrialReused", "twin"),
    ]
    assert events[0] == WorkersStarting(2)
    assert tracker.seen == [
        ("started", "tiny"),
        ("finished", "tiny"),
        ("started", "wide"),
        ("finished", "wide"),
        ("finished", "twin"),
    ]
    assert len(list(Ledger(tmp_path).results())) == executor.run_count == 2
    again: list[object] = []
    tasks = look_up(plan, tmp_path)
    assert [task.result for task in tasks] == [results[task.arm, 1] for task in tasks]
    emit = again.append
    assert run_plan(tasks, store=tmp_path, executor=NoTraining(), emit=emit) == results
    assert kinds(again) == [("TrialReused", name) for name in ("tiny", "wide", "twin")]
    assert {name: len(found) for name, found in by_arm(plan, results).items()} == {
        "tiny": 1,
        "twin": 1,
        "wide": 1,
    }


def test_what_failed_is_named_and_the_same_command_runs_it_again(
    plan: Plan, tmp_path: Path
) -> None:
    executor, tracker = Here(tmp_path, failing=("tiny", "wide")), Tracked()
    said = r"tiny seed 1 failed \(and 2 more failed\): its worker .* rerun the same command"
    for _ in range(2):
        with pytest.raises(WorkbenchError, match=said):
            run_plan(
                look_up(plan, tmp_path),
                store=tmp_path,
                executor=executor,
                emit=TrackedTrials(tracker, plan.study),
            )
    assert executor.run_count == 4, "the twin of a trial that failed is not run"
    once = [(kind, arm) for arm in ("tiny", "wide") for kind in ("started", "interrupted")]
    assert tracker.seen == 2 * once


def test_what_did_not_fail_is_returned_beside_what_did(plan: Plan, tmp_path: Path) -> None:
    tasks, executor = look_up(plan, tmp_path), Here(tmp_path, failing=("wide",))
    results, failures = try_plan(tasks, store=tmp_path, executor=executor, emit=ignore)
    assert results.keys() == {("tiny", 1)}
    assert failures.keys() == {("wide", 1), ("twin", 1)}


def test_after_a_stop_what_had_started_is_interrupted(plan: Plan, tmp_path: Path) -> None:
    events: list[object] = []
    with pytest.raises(StoppedByUserError, match="stopped"):
        run_plan(
            look_up(plan, tmp_path),
            store=tmp_path,
            executor=Here(tmp_path, stop_at="wide"),
            emit=events.append,
        )
    assert events[-1] == TrialInterrupted("wide", 1)
    assert sum(isinstance(event, TrialInterrupted) for event in events) == 1


def test_keys_are_known_when_the_images_are_packed(plan: Plan, tmp_path: Path) -> None:
    base, wide, twin = look_up(plan, tmp_path)
    assert wide.key == twin.key
    assert base.key not in (None, wide.key)
    assert base.result is None
    assert [task.key for task in look_up(plan, tmp_path / "empty")] == [None] * 3


def test_a_damaged_record_is_named_and_counts_as_absent(
    plan: Plan, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = look_up(plan, tmp_path)[0].key
    path = tmp_path / "trials" / str(key) / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert look_up(plan, tmp_path)[0].result is None
    assert f"{key}/result.json: damaged (no JSON" in caplog.text


def test_arms_follow_from_what_has_ended_and_one_may_come_again(plan: Plan, tmp_path: Path) -> None:
    base, wide, _ = plan.arms
    first = base.config.training.validate_every
    ended: list[tuple[str, list[TrialState]]] = []

    def then(arm: ArmEnded) -> list[Arm]:
        ended.append((arm.name, [result.state for result in arm.results]))
        if len(ended) == 1:
            return [base, wide]  # resumed to its end, and a new one
        return []

    events: list[object] = []
    run_arms(
        [replace(base, until=first)],
        then,
        seeds=(2, 1),
        store=tmp_path,
        executor=Here(tmp_path),
        emit=events.append,
    )
    assert ended == [
        ("tiny", [TrialState.PRUNED] * 2),
        ("tiny", [TrialState.COMPLETE] * 2),
        ("wide", [TrialState.COMPLETE] * 2),
    ]
    started = [event for event in events if isinstance(event, TrialStarted)]
    assert [(event.arm, event.seed) for event in started] == [
        (arm, seed) for arm in ("tiny", "tiny", "wide") for seed in (2, 1)
    ]
    assert all(Ledger(tmp_path).stopped(event.key) for event in started[:2])


def test_a_long_chain_of_finished_arms_needs_no_stack(plan: Plan, tmp_path: Path) -> None:
    base = plan.arms[0]
    run_trial(base.config, store=tmp_path)
    names = iter(range(1, 1_100))

    def then(_: ArmEnded) -> list[Arm]:
        return [replace(base, name=f"a{number}") for number in [next(names, None)] if number]

    events: list[object] = []
    run_arms([base], then, seeds=(1,), store=tmp_path, executor=NoTraining(), emit=events.append)
    assert sum(isinstance(event, TrialReused) for event in events) == 1_100


def test_the_error_of_an_arm_is_what_kept_its_first_trial_from_ending(
    plan: Plan, tmp_path: Path
) -> None:
    ended: list[ArmEnded] = []

    def then(arm: ArmEnded) -> list[Arm]:
        ended.append(arm)
        return []

    run_arms(
        plan.arms[:1],
        then,
        seeds=(1, 2),
        store=tmp_path,
        executor=Here(tmp_path, failing=("tiny",)),
        emit=ignore,
    )
    assert ended == [ArmEnded("tiny", [], "its worker process died 2 times")]
