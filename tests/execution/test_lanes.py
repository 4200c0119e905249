"""The executor of lanes: the contract of all executors, and what only it promises."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.execution.conformance import (
    Conformance,
    Recorder,
    RunConformance,
    StopConformance,
    endless,
)
from tests.processes import trainers
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import StoppedByUserError
from workbench.execution.events import TrialEvent, TrialProgressed, WorkerDied
from workbench.execution.executor import Task
from workbench.execution.lane_count import LaneCount
from workbench.execution.lanes import LanesExecutor
from workbench.results import TrialState
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT
from workbench.trial.images import open_images
from workbench.trial.run import run_trial

pytestmark = pytest.mark.xdist_group("lanes")
WORKER = "spawn_main"


class Lanes(Conformance):
    worker_names = (WORKER,)

    @staticmethod
    def open_executor(store: Path, workers: int) -> LanesExecutor:
        return LanesExecutor(store, [LaneCount(workers)])


class TestTrials(Lanes, RunConformance):
    pass


class TestStops(Lanes, StopConformance):
    pass


def test_trials_in_lanes_give_the_weights_that_each_gives_alone(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    """One diverges, one stops at a step, two are the same, and their process is killed once."""
    configs = {f"a{seed}": apply_overrides(tiny_trial, {"seed": seed}) for seed in (1, 2, 3)}
    configs["stops"] = apply_overrides(tiny_trial, {"seed": 4})
    wild = {"training.stages.0.learning_rate": 1e30, "training.stages.0.loss": "l2"}
    configs["diverges"] = apply_overrides(tiny_trial, wild)
    until = {"stops": tiny_trial.training.validate_every}
    alone = {
        arm: run_trial(config, store=tmp_path / "alone", until=until.get(arm))
        for arm, config in configs.items()
    }
    store = tmp_path / "lanes"
    open_images(tiny_trial, Ledger(store))
    killed: list[int] = []

    def kill(event: TrialEvent) -> None:
        if isinstance(event, TrialProgressed) and event.arm == "a2" and not killed:
            (process,) = trainers((WORKER,))
            process.kill()
            killed.append(process.pid)

    recorder = Recorder(kill)
    tasks = [Task(arm, config, until=until.get(arm)) for arm, config in configs.items()]
    tasks.insert(1, Task("twin", configs["a1"]))
    with LanesExecutor(store, [LaneCount(3)]) as executor:
        executor.run(tasks, recorder)
    assert recorder.errors() == {}
    results = recorder.results()
    assert results.pop("twin") == results["a1"], "one of the two waits for the other one's result"
    found = {arm: (one.state, one.steps, one.weights_hash) for arm, one in results.items()}
    assert found == {arm: (one.state, one.steps, one.weights_hash) for arm, one in alone.items()}
    assert results["diverges"].state is TrialState.DIVERGED
    assert results["stops"].state is TrialState.PRUNED
    died = [event.arm for event in recorder.events if isinstance(event, WorkerDied)]
    assert died == ["a1", "twin", "a2"]


def test_a_process_that_is_told_to_end_writes_the_checkpoints_of_all_lanes(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    open_images(tiny_trial, Ledger(tmp_path))
    begun: set[str] = set()
    told: list[int] = []

    def act(event: TrialEvent) -> None:
        begun.add(event.arm)
        if isinstance(event, WorkerDied) and len(told) == 1:
            told.append(os.getpid())
            os.kill(os.getpid(), signal.SIGTERM)
        elif len(begun) == 2 and not told:
            (process,) = trainers((WORKER,))
            process.terminate()
            told.append(process.pid)

    tasks = [Task(f"a{seed}", endless(tiny_trial, seed)) for seed in (1, 2)]
    recorder = Recorder(act)
    with (
        LanesExecutor(tmp_path, [LaneCount(2)]) as executor,
        pytest.raises(StoppedByUserError, match="rerun the same command to resume"),
    ):
        executor.run(tasks, recorder)
    # The driver's stop comes when the process is gone already.
    assert len(list(tmp_path.glob(f"trainings/*/{CHECKPOINT}"))) == 2
    assert [event.arm for event in recorder.events if isinstance(event, WorkerDied)] == ["a1", "a2"]


DRIVER = """
import json, sys
from pathlib import Path
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.execution.executor import Task
from workbench.execution.lane_count import LaneCount
from workbench.execution.lanes import LanesExecutor
store, config = Path(sys.argv[1]), TrialConfig.parse(json.loads(sys.argv[2]))
tasks = [Task(f"a{seed}", apply_overrides(config, {"seed": seed})) for seed in (1, 2, 3)]
with LanesExecutor(store, [LaneCount(3)]) as executor:
    executor.run(tasks, lambda event: print(event.arm, getattr(event, "done", 0), flush=True))
"""


def test_a_driver_that_is_killed_takes_its_lanes_with_it_and_the_next_one_resumes(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    config = apply_overrides(
        tiny_trial, {"training.stages.0.steps": 30, "training.checkpoint_every": 2}
    )
    alone = run_trial(apply_overrides(config, {"seed": 2}), store=tmp_path / "alone")
    store = tmp_path / "lanes"
    open_images(config, Ledger(store))
    driver = psutil.Popen(
        [sys.executable, "-c", DRIVER, str(store), json.dumps(config.plain())],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in driver.stdout:
        if int(line.split()[1]) >= 6:
            break
    workers = driver.children(recursive=True)
    driver.kill()
    driver.communicate()
    assert workers
    assert not psutil.wait_procs(workers, timeout=60)[1]
    recorder = Recorder()
    with LanesExecutor(store, [LaneCount(3)]) as executor:
        tasks = [Task(f"a{seed}", apply_overrides(config, {"seed": seed})) for seed in (1, 2, 3)]
        executor.run(tasks, recorder)
    result = recorder.results()["a2"]
    assert result.weights_hash == alone.weights_hash
    assert max(one.sessions for one in recorder.results().values()) >= 2
