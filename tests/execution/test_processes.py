"""The executor of worker processes: the contract of all executors, and what only it promises."""

from pathlib import Path

import pytest

from tests.execution.conformance import (
    Conformance,
    Recorder,
    Run,
    RunConformance,
    StopConformance,
)
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
    def test_the_error_of_a_trial_keeps_its_class(self, run: Run, tiny_trial: TrialConfig) -> None:
        too_large = apply_overrides(tiny_trial, {"training.stages.0.hr_patch_px": 68})
        recorder = Recorder()
        run([Task("a", too_large)], recorder)
        assert isinstance(recorder.errors()["a"], DataError)


class TestStops(Processes, StopConformance):
    pass


def test_a_worker_starts_when_it_is_needed_reports_every_step_and_is_replaced_if_it_dies_idle(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    open_images(tiny_trial, Ledger(tmp_path))
    recorder = Recorder()
    with ProcessExecutor(tmp_path, 3) as executor:
        executor.run([Task("a", tiny_trial)], recorder)
        steps = [event.done for event in recorder.events if isinstance(event, TrialProgressed)]
        assert sorted(set(steps)) == list(range(1, 13))
        (worker,) = trainers((WORKER,))
        worker.kill()
        worker.wait(timeout=60)
        executor.run([Task("b", apply_overrides(tiny_trial, {"seed": 5}))], recorder)
    assert recorder.results()["b"].config.seed == 5
    assert recorder.errors() == {}
    assert trainers((WORKER,)) == []
