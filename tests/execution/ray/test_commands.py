"""Commands with real Ray: on this machine, and on a cluster of two nodes of which one is lost."""

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.builders.docs import ROOT
from tests.builders.own_modules import ATTENTION
from tests.builders.spaces import SMALL, SPACE
from tests.processes import LOOPBACK, MARK, RAY_WORKERS, commands, listening_on, trainers

pytestmark = [
    pytest.mark.xdist_group("ray-commands"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc"),
    pytest.mark.timeout(900),
]
CLUSTER_SETTINGS = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
}
RUNGS = "fidelity:\n  rungs: [0.5]\n"
OWN = """  model.channel_attention:
    kind: choice
    values: [ecca, {kind: module, path: "my_attention:Gate"}]
"""
"""A dimension of code of the user's own, which travels to the nodes."""
PATIENCE_S = 400.0


@dataclass
class Place:
    """A folder with a search space, and the photographs."""

    folder: Path
    photos: Path
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.folder / "mlflow_runs"

    def start(
        self, *more: str, mark: str = "", module: str = "workbench"
    ) -> "subprocess.Popen[str]":
        """Start a search of five networks; `module` is that of the command."""
        images = ("--data", str(self.photos), "--benchmark", f"P={self.photos}")
        small = [text.replace("steps=6", "steps=36") for text in SMALL]
        argv = ["search", "mine", "--trials", "5", "--study", "s", *images, *small, *more]
        driver = subprocess.Popen(
            [
                *(sys.executable, "-m", module, *argv),
                *("--validation", str(self.photos), "--allow-overlap"),
            ],
            cwd=self.folder,
            env={**os.environ, MARK: mark, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(driver)
        return driver

    def outcome(self, driver: "subprocess.Popen[str]") -> "Outcome":
        """Wait for the end of a search and return what it printed and what it left."""
        out, err = driver.communicate()
        assert driver.returncode == 0, err
        paths = self.store.glob("trials/*/result.json")
        records = [json.loads(path.read_text()) for path in paths]
        record = (self.store / "searches" / "s.jsonl").read_text()
        finished = {r["key"]: [r["scores"], r["weights_hash"]] for r in records}
        return Outcome(out, record, finished)

    def wait_until(self, driver: "subprocess.Popen[str]", happened: Callable[[], bool]) -> None:
        """Wait until something has happened while a search runs."""
        end_s = time.monotonic() + PATIENCE_S
        while not happened():
            assert driver.poll() is None, driver.communicate()
            assert time.monotonic() < end_s, "it did not happen"
            time.sleep(0.1)


@dataclass
class Outcome:
    """What a search printed and left."""

    table: str
    record: str
    """What it has proposed and decided."""
    finished: dict[str, list[object]]
    """Scores and weights of the finished trials, by key."""


def made(folder: Path, photos: Path, empty_store: Path) -> Place:
    """Return a folder with the search space and an empty store in it."""
    shutil.copytree(empty_store, folder / "mlflow_runs")
    (folder / "search_spaces").mkdir()
    space = SPACE.replace("dimensions:\n", f"dimensions:\n{OWN}")
    (folder / "search_spaces" / "mine.yaml").write_text(space + RUNGS)
    (folder / "my_attention.py").write_text(ATTENTION)
    return Place(folder, photos)


@pytest.fixture
def place(tmp_path: Path, photos: Path, empty_store: Path) -> Iterator[Place]:
    place = made(tmp_path, photos, empty_store)
    yield place
    for driver in place.started:
        driver.kill()  # if the test has failed
        driver.communicate()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, photos: Path, empty_store: Path) -> Outcome:
    """Return what the search gives without Ray, in one process."""
    place = made(tmp_path_factory.mktemp("local"), photos, empty_store)
    return place.outcome(place.start(module="tests.builders.inline"))


def test_killed_and_rerun_with_ray_a_search_ends_as_without_it_and_nothing_stays(
    place: Place, local: Outcome
) -> None:
    mark = uuid.uuid4().hex
    driver = place.start("--engine", "ray", "--workers", "2", mark=mark)
    place.wait_until(driver, lambda: any(place.store.glob("trials/*/result.json")))
    listens = listening_on(mark)
    assert listens
    assert listens <= LOOPBACK, "Ray is open to the network"
    driver.kill()
    driver.communicate()
    end_s = time.monotonic() + PATIENCE_S
    while commands(mark):
        assert time.monotonic() < end_s, commands(mark)
        time.sleep(0.2)
    driver = place.start("--engine", "ray", "--workers", "2", "--resume", mark=mark)
    assert place.outcome(driver) == local
    assert commands(mark) == []


@dataclass
class TwoNodes:
    """A cluster on this machine."""

    address: str
    process: "subprocess.Popen[str]"

    def both_nodes_train(self) -> bool:
        """Tell whether two processes run trials; each node has room for one."""
        return len(trainers(RAY_WORKERS, psutil.Process(self.process.pid))) > 1

    def lose_one(self) -> None:
        """Kill the second node."""
        assert self.process.stdin
        self.process.stdin.write("lose\n")
        self.process.stdin.flush()
        assert self.process.stdout
        assert self.process.stdout.readline() == "lost\n"


CLUSTER = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = cluster.add_node(num_cpus=1)
print(cluster.address, flush=True)
for line in sys.stdin:
    cluster.remove_node(second, allow_graceful=False)
    print("lost", flush=True)
cluster.shutdown()
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoNodes]:
    for name, value in CLUSTER_SETTINGS.items():
        monkeypatch.setenv(name, value)
    with (tmp_path / "cluster.err").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", CLUSTER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout
    yield TwoNodes(process.stdout.readline().strip(), process)
    process.communicate()


def test_a_cluster_of_two_nodes_gives_the_same_search_also_when_one_is_lost(
    place: Place, cluster: TwoNodes, local: Outcome
) -> None:
    driver = place.start("--engine", "ray", "--address", cluster.address)
    place.wait_until(driver, cluster.both_nodes_train)
    cluster.lose_one()
    assert place.outcome(driver) == local
