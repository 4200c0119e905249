"""How trials that were stopped are counted, and how long a stop takes by their reports."""

import pytest

from tests.builders.comparisons import BASE
from workbench.errors import WorkbenchError
from workbench.execution.events import (
    TrialFailed,
    TrialFinished,
    TrialInterrupted,
    TrialProgressed,
    TrialReused,
    WorkersStarting,
)
from workbench.execution.unfinished import TrialWatch, Unfinished
from workbench.results import TrialResult, TrialState


def pruned(result: TrialResult) -> TrialResult:
    return result.model_copy(update={"state": TrialState.PRUNED})


def test_trials_are_counted_by_their_endings() -> None:
    watch = TrialWatch(planned=9)
    for event in (
        WorkersStarting(9),
        TrialReused("a", 1, BASE[0]),
        TrialFinished("a", 2, BASE[0]),
        TrialFinished("b", 1, pruned(BASE[0])),
        TrialFailed("b", 2, WorkbenchError("its worker died")),
        TrialInterrupted("b", 3),
        "an event of another kind",
    ):
        watch(event)
    left = watch.left("SIGTERM")
    assert left.text() == (
        "stopped by SIGTERM: 2 of 9 trials finished, 1 stopped at a checkpoint, 1 failed, 5 not "
        "started; rerun the same command to resume"
    )
    assert left.to_dict()["not_started"] == 5


def test_only_a_time_limit_is_in_time() -> None:
    assert Unfinished("the time limit of 9m").in_time
    assert not Unfinished("SIGUSR1").in_time
    assert Unfinished("SIGTERM").text() == "stopped by SIGTERM; rerun the same command to resume"


def test_the_longest_silence_of_a_trial_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, moment = TrialWatch(), [100.0]
    monkeypatch.setattr("workbench.execution.unfinished.time.monotonic", lambda: moment[0])

    def after(seconds: float, event: object) -> None:
        moment[0] += seconds
        watch(event)

    after(0, WorkersStarting(2))
    after(6, TrialProgressed("a", 1, 1, 9, ""))
    assert (watch.starting_s, watch.longest_s) == (6, 0)
    after(1, TrialProgressed("b", 1, 1, 9, ""))
    after(2, TrialProgressed("a", 1, 2, 9, ""))
    assert watch.longest_s == 3
    after(0, TrialFinished("a", 1, BASE[0]))
    # Between two runs of a trial no report is due.
    after(50, TrialProgressed("a", 1, 1, 9, ""))
    assert (watch.starting_s, watch.longest_s) == (6, 3)
