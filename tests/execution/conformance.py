"""What every executor must do: classes of tests that each executor's test module inherits from.

See `workbench.execution.executor.Executor` for the contract.
"""

import os
import signal
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import torch

from tests.damage import flip
from tests.processes import trainers
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    TrialEvent,
    TrialFailed,
    TrialFinished,
    TrialProgressed,
    TrialValidated,
    WorkerDied,
)
from workbench.execution.executor import Executor, Task, WorkerLostError
from workbench.results import CurvePoint, TrialResult, TrialState
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.trial.images import open_images
from workbench.trial.run import run_trial

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
Run = Callable[[list[Task], "Recorder"], None]


@dataclass
class Recorder:
    """An emit that keeps events, and may act on each."""

    act: Callable[[TrialEvent], None] = lambda _: None
    events: list[TrialEvent] = field(default_factory=list)

    def __call__(self, event: TrialEvent) -> None:
        self.events.append(event)
        self.act(event)

    def of(self, arm: str) -> list[TrialEvent]:
        return [event for event in self.events if event.arm == arm]

    def results(self) -> dict[str, TrialResult]:
        found = [event for event in self.events if isinstance(event, TrialFinished)]
        return {event.arm: event.result for event in found}

    def errors(self) -> dict[str, WorkbenchError]:
        found = [event for event in self.events if isinstance(event, TrialFailed)]
        return {event.arm: event.error for event in found}

    def curve(self, arm: str) -> list[CurvePoint]:
        return [event.point for event in self.of(arm) if isinstance(event, TrialValidated)]


def endless(config: TrialConfig, seed: int) -> TrialConfig:
    """Return a trial that does not end by itself while a test runs."""
    steps = {
        "stages.0.steps": 1_000_000,
        "validate_every": 1_000_000,
        "checkpoint_every": 1_000_000,
    }
    return apply_overrides(config, {f"training.{k}": v for k, v in steps.items()} | {"seed": seed})


class Conformance:
    """What the tests need to know of an executor."""

    worker_names: tuple[str, ...]
    """What is in the command line of a process that runs a trial."""

    @staticmethod
    @abstractmethod
    def open_executor(store: Path, workers: int) -> AbstractContextManager[Executor]:
        """Return an executor on this store."""

    def workers(self) -> list[psutil.Process]:
        return trainers(self.worker_names)


class RunConformance(Conformance):
    """Tests of trials that run to their ends; they share one executor."""

    @pytest.fixture(scope="class")
    @classmethod
    def shared(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Executor, Path]]:
        """Return an executor of two workers and its store, which the tests of a class share."""
        store = tmp_path_factory.mktemp("shared")
        with cls.open_executor(store, 2) as executor:
            yield executor, store

    @pytest.fixture
    def run(self, shared: tuple[Executor, Path], tiny_trial: TrialConfig) -> Run:
        """Return a function that runs tasks in the shared executor."""
        executor, store = shared
        open_images(tiny_trial, Ledger(store))
        return lambda tasks, recorder: executor.run(tasks, recorder)

    @pytest.fixture
    def store(self, shared: tuple[Executor, Path]) -> Path:
        return shared[1]

    def test_reports_come_in_order_and_one_ending_is_the_last_event(
        self,
        run: Run,
        store: Path,
        tiny_trial: TrialConfig,
        tmp_path: Path,
    ) -> None:
        configs = {f"a{seed}": apply_overrides(tiny_trial, {"seed": seed}) for seed in (1, 2, 3)}
        recorder = Recorder()
        run([Task(arm, config) for arm, config in configs.items()], recorder)
        assert recorder.results().keys() == configs.keys()
        for arm, config in configs.items():
            *reports, ending = recorder.of(arm)
            assert isinstance(ending, TrialFinished)
            assert all(event.seed == config.seed for event in (*reports, ending))
            assert not any(isinstance(event, TrialFinished | TrialFailed) for event in reports)
            assert recorder.curve(arm) == list(ending.result.curve)
            steps = [event.done for event in reports if isinstance(event, TrialProgressed)]
            assert steps
            assert steps == sorted(steps)
            assert Ledger(store).result(ending.result.key) == ending.result
        here = run_trial(configs["a2"], store=tmp_path)
        there = recorder.results()["a2"]
        assert (there.key, there.weights_hash) == (here.key, here.weights_hash)
        assert there.scores == here.scores

    def test_what_is_appended_while_trials_run_is_run_and_stored_results_are_emitted(
        self, run: Run, tiny_trial: TrialConfig
    ) -> None:
        tasks = [Task("first", apply_overrides(tiny_trial, {"seed": 1}))]

        def append(event: TrialEvent) -> None:
            if isinstance(event, TrialFinished) and event.arm == "first":
                # Under another name: the ledger has it, and it is not trained again.
                tasks.append(Task("again", tasks[0].config))
                tasks.append(Task("new", apply_overrides(tiny_trial, {"seed": 4})))

        recorder = Recorder(append)
        run(tasks, recorder)
        results = recorder.results()
        assert results.keys() == {"first", "again", "new"}
        assert results["again"] == results["first"]
        assert recorder.curve("again") == []
        assert results["new"].config.seed == 4

    def test_a_trial_stops_at_a_step_and_resumes_from_there(
        self, run: Run, tiny_trial: TrialConfig, tmp_path: Path
    ) -> None:
        config = apply_overrides(tiny_trial, {"seed": 5})
        first = config.training.validate_every
        stopped, ended = Recorder(), Recorder()
        run([Task("a", config, until=first)], stopped)
        result = stopped.results()["a"]
        assert (result.state, result.steps) == (TrialState.PRUNED, first)
        run([Task("a", config)], ended)
        result = ended.results()["a"]
        assert (result.state, result.sessions) == (TrialState.COMPLETE, 2)
        assert [point.step for point in ended.curve("a")] == [2 * first]
        assert result.weights_hash == run_trial(config, store=tmp_path).weights_hash

    @pytest.mark.skipif(torch.cuda.is_available(), reason="a trial must lack its device")
    def test_an_error_of_one_trial_leaves_the_others_alone(
        self, run: Run, tiny_trial: TrialConfig
    ) -> None:
        no_device = apply_overrides(tiny_trial, {"training.device": "cuda"})
        recorder = Recorder()
        run(
            [Task("cuda", no_device), Task("a", apply_overrides(tiny_trial, {"seed": 6}))],
            recorder,
        )
        assert recorder.results().keys() == {"a"}
        error = recorder.errors()["cuda"]
        assert isinstance(error, WorkbenchError)
        assert "cuda" in str(error)

    def test_a_trial_whose_process_is_killed_is_resumed_in_another(
        self, run: Run, tiny_trial: TrialConfig, tmp_path: Path
    ) -> None:
        config = apply_overrides(tiny_trial, {"training.stages.0.steps": 120, "seed": 7})
        killed: list[int] = []

        def kill(event: TrialEvent) -> None:
            if isinstance(event, TrialProgressed) and not killed:
                for process in self.workers():
                    process.kill()
                    killed.append(process.pid)

        recorder = Recorder(kill)
        run([Task("a", config)], recorder)
        assert killed
        assert sum(isinstance(event, WorkerDied) for event in recorder.events) == 1
        assert recorder.errors() == {}
        result = recorder.results()["a"]
        assert result.weights_hash == run_trial(config, store=tmp_path).weights_hash

    def test_a_trial_whose_processes_die_has_failed_and_the_others_end(
        self, run: Run, tiny_trial: TrialConfig
    ) -> None:
        def kill(event: TrialEvent) -> None:
            if isinstance(event, TrialProgressed) and event.arm == "victim":
                for process in self.workers():
                    process.kill()

        recorder = Recorder(kill)
        tasks = [Task("victim", endless(tiny_trial, 8))]
        run(tasks, recorder)
        tasks = [Task("other", apply_overrides(tiny_trial, {"seed": 9}))]
        run(tasks, recorder)
        assert recorder.results().keys() == {"other"}
        lost = recorder.errors()["victim"]
        assert isinstance(lost, WorkerLostError)
        assert "2 times" in str(lost)
        assert "\n" not in str(lost)

    def test_memory_that_runs_out_is_a_result(self, run: Run, tiny_trial: TrialConfig) -> None:
        greedy = apply_overrides(
            tiny_trial, {"training.stages.0.batch_size": 4_096, "seed": 10, "model.channels": 64}
        )
        limited: list[psutil.Process] = []

        tasks = [Task("first", apply_overrides(tiny_trial, {"seed": 11}))]

        def limit(event: TrialEvent) -> None:
            if isinstance(event, TrialFinished) and event.arm == "first":
                for process in self.workers():
                    most = process.memory_info().vms + 2**30
                    process.rlimit(psutil.RLIMIT_AS, (most, psutil.RLIM_INFINITY))
                    limited.append(process)
                tasks.append(Task("greedy", greedy))

        recorder = Recorder(limit)
        run(tasks, recorder)
        for process in limited:
            if process.is_running():
                process.kill()
        assert recorder.results()["first"].state is TrialState.COMPLETE
        assert recorder.errors() == {}
        assert recorder.results()["greedy"].state is TrialState.OUT_OF_MEMORY

    def test_a_file_that_a_worker_finds_damaged_is_named_once_by_the_driver(
        self,
        run: Run,
        store: Path,
        tiny_trial: TrialConfig,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        config = apply_overrides(tiny_trial, {"seed": 12})
        whole = run_trial(config, store=store)
        (store / "trials" / whole.key / "result.json").unlink()
        training = store / "trainings" / whole.training_key
        (training / WEIGHTS).unlink()
        flip(training / CHECKPOINT)
        recorder = Recorder()
        caplog.clear()
        run([Task("a", config)], recorder)
        assert recorder.results()["a"].scores == whole.scores
        (line,) = [record.getMessage() for record in caplog.records if "damaged" in record.message]
        assert line.startswith(f"{training / CHECKPOINT}: damaged (its SHA-256 must be ")


class StopConformance(Conformance):
    """Tests of stops; each has an executor of its own, started when no other one runs."""

    def test_a_stop_writes_checkpoints_and_starts_nothing_more(
        self, tiny_trial: TrialConfig, tmp_path: Path
    ) -> None:
        open_images(tiny_trial, Ledger(tmp_path))
        handlers = [signal.getsignal(each) for each in STOPS]

        def stop(event: TrialEvent) -> None:
            if not stopped:
                stopped.append(event)
                # As a scheduler does: to all processes of a job.
                for process in self.workers():
                    process.send_signal(signal.SIGUSR1)
                os.kill(os.getpid(), signal.SIGUSR1)

        stopped: list[TrialEvent] = []
        recorder = Recorder(stop)
        tasks = [Task("a", endless(tiny_trial, seed)) for seed in (1, 2, 3)]
        with (
            self.open_executor(tmp_path, 1) as executor,
            pytest.raises(StoppedByUserError, match="rerun the same command to resume"),
        ):
            executor.run(tasks, recorder)
        assert len(list(tmp_path.glob(f"trainings/*/{CHECKPOINT}"))) == 1
        assert {event.seed for event in recorder.events} == {1}
        assert not recorder.results()
        assert not recorder.errors()
        assert [signal.getsignal(each) for each in STOPS] == handlers
        assert self.workers() == []

    def test_a_bug_in_the_driver_stops_the_trials_and_is_raised(
        self, tiny_trial: TrialConfig, tmp_path: Path
    ) -> None:
        open_images(tiny_trial, Ledger(tmp_path))

        def fail(event: TrialEvent) -> None:
            raise RuntimeError(f"a bug with {event.arm}")

        tasks = [Task("a", endless(tiny_trial, seed)) for seed in (1, 2, 3)]
        with (
            self.open_executor(tmp_path, 1) as executor,
            pytest.raises(RuntimeError, match="a bug with a"),
        ):
            executor.run(tasks, Recorder(fail))
        assert len(list(tmp_path.glob(f"trainings/*/{CHECKPOINT}"))) == 1
        assert self.workers() == []
