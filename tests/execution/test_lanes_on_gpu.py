"""Lanes on a CUDA device; without one these tests are skipped."""

from pathlib import Path

import pytest

from tests.execution.conformance import Recorder
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.execution.executor import Task
from workbench.execution.executors import executor_spec
from workbench.execution.lane_count import LaneCount, MeasuredLaneCount
from workbench.execution.lane_messages import DeviceMemory
from workbench.execution.lane_worker import _device_memory
from workbench.execution.lanes import LanesExecutor
from workbench.results import TrialState
from workbench.store.ledger import Ledger
from workbench.trial.images import open_images
from workbench.trial.run import run_trial

pytestmark = pytest.mark.gpu


@pytest.fixture
def trial(tiny_trial: TrialConfig) -> TrialConfig:
    return apply_overrides(tiny_trial, {"training.device": "cuda", "training.stages.0.steps": 60})


def test_lanes_give_the_weights_that_each_trial_gives_alone(
    trial: TrialConfig, tmp_path: Path
) -> None:
    configs = {f"a{seed}": apply_overrides(trial, {"seed": seed}) for seed in range(1, 6)}
    wild = {"training.stages.0.learning_rate": 1e30, "training.stages.0.loss": "l2"}
    configs["diverges"] = apply_overrides(trial, wild)
    alone = {arm: run_trial(config, store=tmp_path / "alone") for arm, config in configs.items()}
    store = tmp_path / "lanes"
    open_images(trial, Ledger(store))
    recorder = Recorder()
    with LanesExecutor(store, [LaneCount(3)]) as executor:
        executor.run([Task(arm, config) for arm, config in configs.items()], recorder)
    assert recorder.errors() == {}
    found = {arm: one.weights_hash for arm, one in recorder.results().items()}
    assert found == {arm: one.weights_hash for arm, one in alone.items()}
    assert recorder.results()["diverges"].state is TrialState.DIVERGED


def test_the_number_of_lanes_is_measured_unless_it_is_given(
    trial: TrialConfig, tmp_path: Path
) -> None:
    open_images(trial, Ledger(tmp_path))
    spec = executor_spec("local", devices="0").on("cuda", 0)
    executor = spec.build(tmp_path, None)
    assert isinstance(executor, LanesExecutor)
    (process,) = executor._processes
    assert isinstance(process.count, MeasuredLaneCount)
    recorder = Recorder()
    with executor:
        tasks = [Task(f"a{s}", apply_overrides(trial, {"seed": s})) for s in range(1, 7)]
        executor.run(tasks, recorder)
    assert len(recorder.results()) == 6


def test_the_memory_of_the_device_is_reported(trial: TrialConfig, tmp_path: Path) -> None:
    run_trial(trial, store=tmp_path)
    memory = _device_memory(2)
    assert isinstance(memory, DeviceMemory)
    assert 0 < memory.lane_bytes < memory.free_bytes
