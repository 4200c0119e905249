"""The executor of worker processes: the contract of all executors, and what only it promises."""

from pathlib import Path

import pytest

from tests.execution.conformance import Conformance, Recorder, RunConformance, StopConformance
from tests.processes import trainers
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import DataError
from workbench.execution.events import TrialProgressed
from workbench.execution.executor import Task
from workbench.execution.processes import ProcessExecutor
from workbench.store.ledger import Ledger
from workbench.trial.images import open_images

pytestmark = pytest.mark.xdist_group("processes")
WORKER = "spawn_main"


class Processes(Conformance):
    worker_names = (WORKER,)

    @staticmethod
    def open_executor(store: Path, workers: int) -> ProcessExecutor:
        return ProcessExecutor(store, workers)


class TestTrials(Processes, RunConformance):
    pass


class TestStops(Processes, StopConformance):
    pass


def test_every_step_of_a_trial_is_reported(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    open_images(tiny_trial, Ledger(tmp_path))
    recorder = Recorder()
    with ProcessExecutor(tmp_path, 3) as executor:
        executor.run([Task("a", tiny_trial)], recorder)
        assert len(trainers((WORKER,))) == 1, "workers start when they are needed"
    steps = [event.done for event in recorder.events if isinstance(event, TrialProgressed)]
    assert sorted(set(steps)) == list(range(1, 13))
    assert trainers((WORKER,)) == []


def test_a_worker_that_is_killed_while_it_is_idle_is_replaced(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    open_images(tiny_trial, Ledger(tmp_path))
    recorder = Recorder()
    with ProcessExecutor(tmp_path, 1) as executor:
        executor.run([Task("a", tiny_trial)], recorder)
        (worker,) = trainers((WORKER,))
        worker.kill()
        worker.wait(timeout=60)
        executor.run([Task("b", apply_overrides(tiny_trial, {"seed": 5}))], recorder)
    assert recorder.results()["b"].config.seed == 5
    assert recorder.errors() == {}


def test_the_error_of_a_trial_keeps_its_class(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    too_large = apply_overrides(tiny_trial, {"training.stages.0.hr_patch_px": 68})
    recorder = Recorder()
    with ProcessExecutor(tmp_path, 1) as executor:
        executor.run([Task("a", too_large)], recorder)
    assert isinstance(recorder.errors()["a"], DataError)
