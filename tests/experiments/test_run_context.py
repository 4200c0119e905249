"""Where and how trials are run: workers by device, confirmation of long studies, overlaps."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.comparisons import BASE
from workbench.config.trial import TrialConfig
from workbench.execution.executors import ExecutorSpec
from workbench.execution.lanes import LanesExecutor
from workbench.execution.plan import Arm, Plan
from workbench.execution.processes import ProcessExecutor
from workbench.experiments import running
from workbench.experiments.run_context import RunContext, default_workers
from workbench.system.events import Note


def test_workers_that_are_not_given_are_those_of_the_device(tmp_path: Path) -> None:
    context = RunContext(tmp_path)
    assert context.on("cpu").workers == default_workers("cpu") >= 1
    assert context.on("cpu").at_once == default_workers("cpu")
    assert RunContext(tmp_path, 3).on("cpu").at_once == 3


@pytest.mark.parametrize(
    ("workers", "lanes", "workers_on_gpu", "at_once", "text"),
    [
        (0, None, 4, None, "in 4 lanes or more"),
        (0, 3, 3, 3, "in 3 lanes"),
        (2, None, 2, 2, "with 2 workers"),
    ],
)
def test_on_a_gpu_trials_run_in_lanes_whose_number_is_given_or_measured(
    tmp_path: Path,
    workers: int,
    lanes: int | None,
    workers_on_gpu: int,
    at_once: int | None,
    text: str,
) -> None:
    context = RunContext(tmp_path, workers, executor=ExecutorSpec(lanes=lanes)).on("cuda")
    assert (context.workers, context.at_once) == (workers_on_gpu, at_once)
    assert context.describe_workers() == text
    assert context.on("cuda") == context, "a promotion asks twice"
    assert isinstance(context.executor.build(tmp_path, context.at_once), LanesExecutor)


def test_what_is_idle_beside_a_batch_is_said(tmp_path: Path) -> None:
    assert RunContext(tmp_path, 3).idle_text(2) == "1 of the workers will be idle"
    assert RunContext(tmp_path, 3).idle_text(3) == ""
    measured = RunContext(tmp_path).on("cuda")
    assert measured.idle_text(4).startswith("at most 4 trials at a time; up to 16 lanes are tried")
    assert measured.idle_text(16) == ""


def test_a_cpu_has_lanes_if_their_number_is_given(tmp_path: Path) -> None:
    context = RunContext(tmp_path, executor=ExecutorSpec(lanes=3)).on("cpu")
    assert context.at_once == 3
    assert context.describe_workers() == "in 3 lanes"
    assert isinstance(context.executor.build(tmp_path, context.at_once), LanesExecutor)
    processes = RunContext(tmp_path).on("cpu").executor
    assert isinstance(processes.build(tmp_path, 1), ProcessExecutor)


def test_a_cluster_takes_as_many_trials_as_it_holds(tmp_path: Path) -> None:
    assert RunContext(tmp_path, 2).at_once == 2
    cluster = RunContext(tmp_path, 2, executor=ExecutorSpec(ray=True, address="here:1"))
    assert cluster.at_once is None
    assert cluster.on("cuda").at_once is None


class RefusedError(Exception):
    """What a caller raises who does not want a long study."""


@pytest.mark.parametrize(
    ("seconds", "workers", "text"),
    [
        (40.0, 1, "1 trial, 1 to run: about 40 s with 1 worker"),
        (7200.0, 2, "1 trial, 1 to run: about 2.0 h with 2 workers"),
    ],
)
def test_a_long_study_is_confirmed_and_a_short_one_is_not(
    tiny_trial: TrialConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    workers: int,
    text: str,
) -> None:
    def refuse(estimate: str) -> None:
        raise RefusedError(estimate)

    monkeypatch.setattr(running, "seconds_left", lambda *_: seconds)
    context = RunContext(tmp_path / "store", workers, allow_overlap=True, confirm=refuse)
    ready = running.prepare(Plan("mine", (Arm("base", "", tiny_trial),), (1,)), context)
    events: list[object] = []
    if seconds > running.LONG_S:
        with pytest.raises(RefusedError, match=text):
            running.announce([ready], context, events.append)
    else:
        running.announce([ready], context, events.append)
    assert Note(text) in events


def test_nothing_is_announced_where_everything_is_finished(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    context = RunContext(tmp_path / "store", 1, allow_overlap=True)
    ready = running.prepare(Plan("mine", (Arm("base", "", tiny_trial),), (1,)), context)
    done = replace(ready, trials=tuple(replace(t, result=BASE[0]) for t in ready.trials))
    events: list[object] = []
    running.announce([done], context, events.append)
    assert not events
