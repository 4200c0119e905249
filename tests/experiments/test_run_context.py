"""Where and how trials are run: workers by device, confirmation of long studies, overlaps."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.comparisons import BASE
from workbench.config.trial import TrialConfig
from workbench.execution.executors import ExecutorSpec
from workbench.execution.plan import Arm, Plan
from workbench.experiments import running
from workbench.experiments.run_context import RunContext, default_workers
from workbench.system.events import Note


def test_workers_that_are_not_given_are_those_of_the_device(tmp_path: Path) -> None:
    context = RunContext(tmp_path)
    assert context.on("cuda").workers == 1
    assert context.on("cpu").workers == default_workers("cpu") >= 1
    assert RunContext(tmp_path, 3).on("cuda").workers == 3


def test_a_cluster_takes_as_many_trials_as_it_holds(tmp_path: Path) -> None:
    assert RunContext(tmp_path, 2).at_once == 2
    cluster = RunContext(tmp_path, 2, executor=ExecutorSpec(ray=True, address="here:1"))
    assert cluster.at_once is None


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
