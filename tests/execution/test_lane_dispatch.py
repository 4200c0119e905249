"""Which trial runs when, in lanes whose process is played: deaths, memory, settings, several GPUs.

Nothing trains here; `test_lanes.py` runs real processes.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.builders.comparisons import BASE
from tests.execution.conformance import Recorder
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import StoppedByUserError
from workbench.execution import lanes
from workbench.execution.events import TrialFinished, WorkerDied
from workbench.execution.executor import MemoryRanOutError, Task, WorkerLostError
from workbench.execution.lane_count import LaneCount
from workbench.execution.lane_messages import (
    Ended,
    EndProcess,
    Message,
    Request,
    RunTrial,
    StopTrials,
)
from workbench.execution.lane_process import LaneProcess
from workbench.execution.lanes import LanesExecutor
from workbench.results import TrialResult, TrialState

COMPLETE = BASE[0]
OUT_OF_MEMORY = COMPLETE.model_copy(update={"state": TrialState.OUT_OF_MEMORY})
Ending = TrialResult | MemoryRanOutError | None
Behave = Callable[[list[str]], dict[str, Ending]]
"""From the names of the trials that run to those that end now; None for one that kills."""


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "POLL_S", 0.0)
    monkeypatch.setattr(lanes, "SIGNAL_S", 0.0)


class Played(LaneProcess):
    """A process whose trials end in scripted rounds."""

    def __init__(self, count: LaneCount, behave: Behave) -> None:
        super().__init__(Path("store"), count, "")
        self.behave = behave
        self.alive = self.started = False
        self.rounds: list[list[str]] = []
        """Names of the trials that ran in each round in which the process had any."""
        self.starts = 0

    @property
    def is_started(self) -> bool:
        return self.started

    def is_alive(self) -> bool:
        return self.alive

    def messages(self) -> Iterator[Message]:
        tickets = {lane.task.arm: ticket for ticket, lane in self.lanes.items()}
        if not tickets or not self.alive:
            return
        self.rounds.append(list(tickets))
        for arm, ending in self.behave(list(tickets)).items():
            if ending is None:
                self.alive = False
                return
            yield Ended(tickets[arm], ending)

    def forget_process(self) -> None:
        super().forget_process()
        self.alive = self.started = False

    def _start_process(self) -> None:
        self.alive = self.started = True
        self.starts += 1

    def _send(self, request: Request) -> None:
        if isinstance(request, EndProcess):
            self.alive = False
        else:
            assert isinstance(request, RunTrial | StopTrials)


def play(
    names: Sequence[str],
    tiny_trial: TrialConfig,
    *processes: Played,
    threads: Sequence[int] = (),
    recorder: Recorder | None = None,
) -> Recorder:
    """Run trials of these names, and return what was emitted."""
    recorder = Recorder() if recorder is None else recorder
    configs = [
        apply_overrides(tiny_trial, {"training.threads": number})
        for number in threads or [1] * len(names)
    ]
    executor = LanesExecutor(Path("store"), [])
    executor._processes = list(processes)
    with executor:
        executor.run([Task(n, c) for n, c in zip(names, configs, strict=True)], recorder)
    ended = [event.arm for event in recorder.events if not isinstance(event, WorkerDied)]
    assert sorted(ended) == sorted(names), "each trial ends once"
    return recorder


def first_ends(running: list[str]) -> dict[str, Ending]:
    return {running[0]: COMPLETE}


def test_a_trial_that_kills_its_process_fails_alone_and_the_lanes_are_as_before(
    tiny_trial: TrialConfig,
) -> None:
    def behave(running: list[str]) -> dict[str, Ending]:
        return {"bad": None} if "bad" in running else {running[0]: COMPLETE}

    process = Played(LaneCount(4), behave)
    recorder = play(["a", "b", "bad", "c", *"defgh"], tiny_trial, process)
    assert recorder.results().keys() == set("abcdefgh")
    lost = recorder.errors()["bad"]
    assert isinstance(lost, WorkerLostError)
    assert "died 2 times while it ran no other trial" in str(lost)
    # Half as many after a death, and only the trials that a process died with.
    assert process.rounds[:3] == [["a", "b", "bad", "c"], ["a", "b"], ["b", "bad"]]
    assert process.rounds[3:6] == [["b"], ["bad"], ["bad"]]
    assert process.rounds[6] == ["c"], "c may be another one that kills"
    assert process.rounds[7] == list("defg")
    died = [event.arm for event in recorder.events if isinstance(event, WorkerDied)]
    assert died == ["a", "b", "bad", "c", "b", "bad", "bad"]


def test_a_death_of_a_process_that_was_killed_once_costs_no_trial(tiny_trial: TrialConfig) -> None:
    deaths = deque([True])

    def behave(running: list[str]) -> dict[str, Ending]:
        return {running[0]: None} if deaths and deaths.pop() else {running[0]: COMPLETE}

    process = Played(LaneCount(3), behave)
    recorder = play("abcdef", tiny_trial, process)
    assert recorder.results().keys() == set("abcdef")
    assert process.rounds[:5] == [list("abc"), ["a"], ["b"], ["c"], list("def")]


def test_a_process_that_ends_during_a_stop_is_no_death(tiny_trial: TrialConfig) -> None:
    """SIGTERM to all processes of a job ends the process of lanes, too."""

    def stop_and_die(running: list[str]) -> dict[str, Ending]:
        os.kill(os.getpid(), signal.SIGTERM)
        return {running[0]: None}

    process = Played(LaneCount(2), stop_and_die)
    with pytest.raises(StoppedByUserError, match="rerun the same command to resume"):
        play("ab", tiny_trial, process, recorder=(recorder := Recorder()))
    assert recorder.events == []


def test_a_process_that_dies_just_before_the_signal_comes_is_no_death(
    tiny_trial: TrialConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM to all processes of a job, which reaches the worker first."""
    monkeypatch.setattr(lanes, "SIGNAL_S", 10.0)

    class Terminated(Played):
        def is_alive(self) -> bool:
            if self.alive and self.lanes:
                self.alive = False
                threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
            return self.alive

    process = Terminated(LaneCount(2), first_ends)
    with pytest.raises(StoppedByUserError, match="rerun the same command to resume"):
        play("ab", tiny_trial, process, recorder=(recorder := Recorder()))
    assert recorder.events == []


def test_out_of_memory_beside_others_waits_and_lowers_the_number_of_lanes(
    tiny_trial: TrialConfig, caplog: pytest.LogCaptureFixture
) -> None:
    def behave(running: list[str]) -> dict[str, Ending]:
        if "big" in running and len(running) > 2:
            return {"big": OUT_OF_MEMORY}
        return {running[0]: COMPLETE}

    process = Played(LaneCount(4), behave)
    recorder = play(["a", "big", *"bcdefg"], tiny_trial, process)
    assert {result.state for result in recorder.results().values()} == {TrialState.COMPLETE}
    assert [len(one) for one in process.rounds[:3]] == [4, 3, 3]
    assert max(map(len, process.rounds[3:])) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "big seed 1: out of memory beside 3 other trials; it runs again later, with at most 3 at a "
        "time",
        "big seed 1: out of memory beside 2 other trials; it runs again later, with at most 2 at a "
        "time",
    ]


def test_out_of_memory_alone_is_the_result_and_the_lanes_are_as_before(
    tiny_trial: TrialConfig,
) -> None:
    def behave(running: list[str]) -> dict[str, Ending]:
        return {"huge": OUT_OF_MEMORY} if "huge" in running else {running[0]: COMPLETE}

    process = Played(LaneCount(3), behave)
    recorder = play(["a", "huge", *"bcdefg"], tiny_trial, process)
    states = {arm: result.state for arm, result in recorder.results().items()}
    assert states.pop("huge") is TrialState.OUT_OF_MEMORY
    assert set(states.values()) == {TrialState.COMPLETE}
    alone = process.rounds.index(["huge"])
    assert len(process.rounds[alone + 1]) == 3


def test_a_process_whose_memory_ran_out_outside_of_training_is_not_used_again(
    tiny_trial: TrialConfig,
) -> None:
    failures = deque([MemoryRanOutError("out of memory: an import")])

    def behave(running: list[str]) -> dict[str, Ending]:
        return {running[0]: failures.pop()} if failures else {running[-1]: COMPLETE}

    process = Played(LaneCount(3), behave)
    recorder = play("abcdef", tiny_trial, process)
    assert recorder.results().keys() == set("abcdef")
    assert process.starts == 2
    # No trial starts before those of the first process have ended.
    assert process.rounds[:4] == [list("abc"), list("bc"), ["b"], ["a", "d"]]


def test_a_trial_with_other_settings_of_the_process_waits_until_it_is_empty(
    tiny_trial: TrialConfig,
) -> None:
    process = Played(LaneCount(3), first_ends)
    play("abcde", tiny_trial, process, threads=[1, 1, 2, 1, 1])
    assert process.rounds == [["a", "b"], ["b"], ["c"], ["d", "e"], ["e"]]


def test_trials_are_spread_over_the_processes_in_their_order(tiny_trial: TrialConfig) -> None:
    one, two = Played(LaneCount(2), first_ends), Played(LaneCount(2), first_ends)
    recorder = play("abcde", tiny_trial, one, two)
    assert (one.rounds[0], two.rounds[0]) == (["a", "c"], ["b", "d"])
    assert sum(isinstance(event, TrialFinished) for event in recorder.events) == 5
