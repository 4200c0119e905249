"""The executor of Ray on this machine: the contract of all executors, with three starts of Ray."""

import gc
import itertools
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.execution.conformance import (
    Conformance,
    Recorder,
    RunConformance,
    StopConformance,
)
from tests.processes import RAY_WORKERS, trainers
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.execution.events import TrialEvent, TrialProgressed, WorkerDied
from workbench.execution.executor import Task
from workbench.execution.ray import executor as ray_executor
from workbench.execution.ray.connection import Connection
from workbench.execution.ray.executor import RayExecutor, _Run
from workbench.execution.ray.feed import Feed
from workbench.execution.ray.home import Bug, StoreServer
from workbench.execution.ray.tuning import Resources
from workbench.store.ledger import Ledger
from workbench.system.events import ignore
from workbench.trial.images import open_images
from workbench.trial.run import run_trial

pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="workers are found by their titles"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module", autouse=True)
def _fewer_losses() -> Iterator[None]:
    """Let a trial fail after two losses in place of four, each of which costs a new process."""
    before, ray_executor.MAX_LOSSES = ray_executor.MAX_LOSSES, 1
    yield
    ray_executor.MAX_LOSSES = before


class OnRay(Conformance):
    worker_names = RAY_WORKERS

    @staticmethod
    @contextmanager
    def open_executor(store: Path, workers: int) -> Iterator[RayExecutor]:
        with RayExecutor(store, workers, None, Resources()) as executor:
            yield executor
        # Ray does not wait for the processes that it ends; Python warns of that in later tests.
        for found in gc.get_objects():
            if issubclass(type(found), subprocess.Popen):
                found.poll()


class TestTrials(OnRay, RunConformance):
    pass


class TestStops(OnRay, StopConformance):
    pass


def test_an_actor_runs_trials_in_lanes_and_a_lost_one_is_replaced(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    configs = {f"a{seed}": apply_overrides(tiny_trial, {"seed": seed}) for seed in (1, 2, 3)}
    store = tmp_path / "lanes"
    open_images(tiny_trial, Ledger(store))
    killed: list[int] = []

    def kill(event: TrialEvent) -> None:
        if isinstance(event, TrialProgressed) and not killed:
            (process,) = trainers(("ray::LaneActor",))
            process.kill()
            killed.append(process.pid)

    recorder = Recorder(kill)
    with RayExecutor(store, 2, None, Resources(), lanes=2) as executor:
        executor.run([Task(arm, config) for arm, config in configs.items()], recorder)
    assert recorder.errors() == {}
    assert any(isinstance(event, WorkerDied) for event in recorder.events)
    found = {arm: result.weights_hash for arm, result in recorder.results().items()}
    alone = {a: run_trial(c, store=tmp_path / "alone").weights_hash for a, c in configs.items()}
    assert found == alone


class Remote:
    """A method of an actor that is called here."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.remote = call


def test_a_bug_of_a_trial_is_raised_with_its_traceback_and_stops_the_others(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    server, ray = StoreServer(tmp_path), SimpleNamespace(get=lambda value: value)
    ray.exceptions = SimpleNamespace(RayError=ConnectionError)
    handle = SimpleNamespace(take_events=Remote(server.take_events), stop=Remote(server.stop))
    server.add_outcome(1, Bug("Traceback: in loop.py\nValueError: shapes differ"))
    run = _Run(Connection(ray, handle, "", tmp_path), Feed(), tmp_path, ignore, itertools.count(1))
    with pytest.raises(RuntimeError, match=r"a seed 1: Traceback: in loop.py\nValueError: shapes"):
        run.until_all_ended([Task("a", tiny_trial)], threading.Event())
    assert not server.may_start()
