"""Worker processes: one that dies or fails costs its own trial and no other."""

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import DataError, StoppedByUserError
from workbench.ledger import CHECKPOINT, Ledger
from workbench.results import CurvePoint, TrialResult, TrialState
from workbench.workers import Advance, Message, WorkerLostError, run_trials


def children() -> list[int]:
    """Return the processes that this one started as workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = stat.with_name("cmdline").read_bytes()
        except OSError:
            continue
        is_worker = int(fields[1]) == os.getpid() and b"spawn_main" in command
        if is_worker and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@dataclass
class Listener:
    """Keeps the news, and may act on the first step of a trial."""

    signals: dict[int, signal.Signals] = field(default_factory=dict)
    """By index of a trial: what to send at its first step, to the workers or to this process."""
    messages: list[tuple[int, Message]] = field(default_factory=list)
    results: dict[int, TrialResult] = field(default_factory=dict)

    def news(self, index: int, message: Message) -> None:
        self.messages.append((index, message))
        number = self.signals.pop(index, None)
        if number is signal.SIGKILL:
            os.kill(children()[0], number)
        elif number is not None:
            os.kill(os.getpid(), number)

    def finished(self, index: int, result: TrialResult) -> None:
        self.results[index] = result


def long(config: TrialConfig, seed: int) -> TrialConfig:
    """Return a trial that does not end by itself while a test runs."""
    return apply_overrides(
        config,
        {
            "training.stages.0.steps": 1_000_000,
            "training.validate_every": 1_000_000,
            "training.checkpoint_every": 1_000_000,
            "seed": seed,
        },
    )


def test_trials_give_their_news_before_their_result(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    listener = Listener()
    run_trials([tiny_trial], store=tmp_path, workers=3, listener=listener)
    assert listener.results[0].state is TrialState.COMPLETE
    points = [message for _, message in listener.messages if isinstance(message, CurvePoint)]
    assert tuple(points) == listener.results[0].curve
    steps = [message.done for _, message in listener.messages if isinstance(message, Advance)]
    assert (steps[0], steps[-1]) == (1, 12)
    assert Ledger(tmp_path).result(listener.results[0].key) == listener.results[0]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_a_killed_worker_is_one_clear_line_and_what_is_finished_is_kept(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    # The short trial comes first; the kill comes when one of the endless two is at work.
    configs = [tiny_trial, long(tiny_trial, 2), long(tiny_trial, 3)]
    listener = Listener({2: signal.SIGKILL})
    with pytest.raises(WorkerLostError, match="a worker process died") as lost:
        run_trials(configs, store=tmp_path, workers=2, listener=listener)
    assert "finished trials are kept, use fewer --workers" in str(lost.value)
    assert "\n" not in str(lost.value)
    assert list(listener.results) == [0]
    assert Ledger(tmp_path).result(listener.results[0].key) == listener.results[0]
    assert children() == []


def test_a_bug_in_the_driver_does_not_wait_for_the_trials(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    class Broken(Listener):
        def news(self, index: int, message: Message) -> None:
            raise RuntimeError(f"a bug with {index}: {message}")

    configs = [long(tiny_trial, 1), long(tiny_trial, 2), long(tiny_trial, 3)]
    with pytest.raises(RuntimeError, match="a bug with 0"):
        run_trials(configs, store=tmp_path, workers=1, listener=Broken())
    # The pool hands a worker one trial ahead, which then stops at its first step.
    assert 1 <= len(list(tmp_path.glob(f"trainings/*/{CHECKPOINT}"))) <= 2


def test_an_error_of_one_trial_comes_after_the_others_have_finished(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    too_large = apply_overrides(tiny_trial, {"training.stages.0.hr_patch_px": 68})
    listener = Listener()
    with pytest.raises(DataError, match="64x64 px, but at least 68x68 px are needed"):
        run_trials([too_large, tiny_trial], store=tmp_path, workers=1, listener=listener)
    assert list(listener.results) == [1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_writes_checkpoints_and_begins_nothing_more(
    number: signal.Signals, tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    listener = Listener({0: number})
    configs = [long(tiny_trial, 1), long(tiny_trial, 2), long(tiny_trial, 3)]
    with pytest.raises(StoppedByUserError, match="the same command goes on from here"):
        run_trials(configs, store=tmp_path, workers=1, listener=listener)
    assert listener.results == {}
    # The pool hands a worker one trial ahead, which then stops at its first step.
    assert 1 <= len(list(tmp_path.glob(f"trainings/*/{CHECKPOINT}"))) <= 2
    assert 2 not in {index for index, _ in listener.messages}
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
