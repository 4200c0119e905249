"""Worker processes: one that dies or fails costs its own trial and no other."""

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.damage import flip
from tests.processes import children
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import DataError, StoppedByUserError, WorkbenchError
from workbench.execution.messages import Advance, Lost, Message, Notice, Task, WorkerLostError
from workbench.execution.messages import Listener as Takes
from workbench.execution.processes import Workers
from workbench.results import CurvePoint, TrialResult, TrialState
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.trial.run import run_trial


@dataclass
class Listener:
    """Keeps the news, and may act on the first step of a trial."""

    signals: dict[int, signal.Signals] = field(default_factory=dict)
    """By index of a trial: what to send at its first step, to the workers or to this process."""
    messages: list[tuple[int, Message]] = field(default_factory=list)
    results: dict[int, TrialResult] = field(default_factory=dict)
    errors: dict[int, WorkbenchError] = field(default_factory=dict)

    def news(self, index: int, message: Message) -> None:
        self.messages.append((index, message))
        number = self.signals.pop(index, None)
        if number is signal.SIGKILL:
            os.kill(children(os.getpid(), "spawn_main")[0], number)
        elif number is not None:
            os.kill(os.getpid(), number)

    def finished(self, index: int, result: TrialResult) -> None:
        self.results[index] = result

    def failed(self, index: int, error: WorkbenchError) -> None:
        self.errors[index] = error


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


def run_trials(tasks: list[Task], *, store: Path, workers: int, listener: Takes) -> None:
    """Run trials in workers that end with them."""
    with Workers(store, workers) as pool:
        pool.run(tasks, listener)


def test_trials_give_their_news_before_their_result(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    listener = Listener()
    run_trials([Task(tiny_trial)], store=tmp_path, workers=3, listener=listener)
    assert listener.results[0].state is TrialState.COMPLETE
    points = [message for _, message in listener.messages if isinstance(message, CurvePoint)]
    assert tuple(points) == listener.results[0].curve
    steps = [message.done for _, message in listener.messages if isinstance(message, Advance)]
    assert (steps[0], steps[-1]) == (1, 12)
    assert Ledger(tmp_path).result(listener.results[0].key) == listener.results[0]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_a_trial_whose_worker_is_killed_goes_on_in_another(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    listener = Listener({0: signal.SIGKILL})
    run_trials([Task(tiny_trial)], store=tmp_path, workers=1, listener=listener)
    assert (0, Lost()) in listener.messages
    assert listener.results[0].state is TrialState.COMPLETE
    assert listener.errors == {}
    assert children(os.getpid(), "spawn_main") == []


@dataclass
class Murderer(Listener):
    """Kills the worker of trial 1 whenever it works."""

    def news(self, index: int, message: Message) -> None:
        self.messages.append((index, message))
        if index == 1 and isinstance(message, Advance):
            for child in children(os.getpid(), "spawn_main"):
                os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_a_trial_whose_workers_die_is_given_up_and_the_others_end(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    other = apply_overrides(tiny_trial, {"seed": 5})
    tasks = [Task(tiny_trial), Task(long(tiny_trial, 2)), Task(other)]
    listener = Murderer()
    run_trials(tasks, store=tmp_path, workers=1, listener=listener)
    assert list(listener.results) == [0, 2]
    lost = listener.errors[1]
    assert isinstance(lost, WorkerLostError)
    assert "its worker process died 2 times" in str(lost)
    assert "\n" not in str(lost)
    assert Ledger(tmp_path).result(listener.results[0].key) == listener.results[0]
    assert children(os.getpid(), "spawn_main") == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_a_worker_that_is_killed_while_it_is_idle_is_replaced(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    listener = Listener()
    with Workers(tmp_path, 1) as workers:
        workers.run([Task(tiny_trial)], listener)
        for child in children(os.getpid(), "spawn_main"):
            os.kill(child, signal.SIGKILL)
        while children(os.getpid(), "spawn_main"):
            time.sleep(0.01)
        workers.run([Task(apply_overrides(tiny_trial, {"seed": 5}))], listener)
    assert listener.results[0].config.seed == 5


def test_a_trial_stops_at_a_step_and_goes_on_from_there(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    whole, parts, again = Listener(), Listener(), Listener()
    run_trials([Task(tiny_trial)], store=tmp_path / "whole", workers=1, listener=whole)
    first = tiny_trial.training.validate_every
    with Workers(tmp_path / "parts", 1) as workers:
        for until in (first, first, 2 * first):
            workers.run([Task(tiny_trial, until)], parts)
            stopped = parts.results[0]
            assert (stopped.state, stopped.steps) == (TrialState.PRUNED, until)
            assert stopped.curve[-1].step == until
            assert stopped.reason == f"stopped at step {until}"
        assert not list(Ledger(tmp_path / "parts").results())
        workers.run([Task(tiny_trial)], parts)
        workers.run([Task(tiny_trial, first)], again)
    assert parts.results[0].weights_hash == whole.results[0].weights_hash
    assert parts.results[0].scores == whole.results[0].scores
    messages = [m for _, m in parts.messages if isinstance(m, Advance)]
    trained = [m.done for m in messages if m.what.startswith("loss")]
    assert len(trained) == len(set(trained))  # no step was trained twice
    assert again.results[0].state is TrialState.COMPLETE


def test_a_bug_in_the_driver_does_not_wait_for_the_trials(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    class Broken(Listener):
        def news(self, index: int, message: Message) -> None:
            raise RuntimeError(f"a bug with {index}: {message}")

    tasks = [Task(long(tiny_trial, seed)) for seed in (1, 2, 3)]
    with pytest.raises(RuntimeError, match="a bug with 0"):
        run_trials(tasks, store=tmp_path, workers=1, listener=Broken())
    assert len(list(tmp_path.glob(f"trainings/*/{CHECKPOINT}"))) == 1


def test_an_error_of_one_trial_leaves_the_others_alone(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    too_large = apply_overrides(tiny_trial, {"training.stages.0.hr_patch_px": 68})
    listener = Listener()
    tasks = [Task(too_large), Task(tiny_trial)]
    run_trials(tasks, store=tmp_path, workers=1, listener=listener)
    assert list(listener.results) == [1]
    assert isinstance(listener.errors[0], DataError)
    assert "64x64 px, but at least 68x68 px are needed" in str(listener.errors[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_writes_checkpoints_and_begins_nothing_more(
    number: signal.Signals, tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    listener = Listener({0: number})
    tasks = [Task(long(tiny_trial, seed)) for seed in (1, 2, 3)]
    with pytest.raises(StoppedByUserError, match="stopped; rerun the same command to resume"):
        run_trials(tasks, store=tmp_path, workers=1, listener=listener)
    assert listener.results == {}
    assert len(list(tmp_path.glob(f"trainings/*/{CHECKPOINT}"))) == 1
    assert {index for index, _ in listener.messages} == {0}
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_file_that_a_worker_finds_damaged_is_named_once_by_the_driver(
    tiny_trial: TrialConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = run_trial(tiny_trial, store=tmp_path)
    for file in ("trials/*/result.json", f"trainings/*/{WEIGHTS}"):
        next(tmp_path.glob(file)).unlink()
    (checkpoint,) = tmp_path.glob(f"trainings/*/{CHECKPOINT}")
    flip(checkpoint)
    listener = Listener()
    run_trials([Task(tiny_trial)], store=tmp_path, workers=1, listener=listener)
    assert listener.results[0].scores == whole.scores
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{checkpoint}: damaged (its SHA-256 must be ")
    assert not any(isinstance(message, Notice) for _, message in listener.messages)
