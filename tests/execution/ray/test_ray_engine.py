"""Real Ray: on this machine, and on a cluster of two nodes of which one is lost."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.builders.spaces import GREEDY, SMALL, SPACE
from tests.processes import LOOPBACK, MARK, commands, listening_on, marked

pytestmark = [
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc"),
    pytest.mark.timeout(400),
]
LOCAL = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}
MEMORY_KIB = 3 * 2**20
"""That a trial may have more of than at its beginning."""
RUNGS = "fidelity:\n  rungs: [0.5]\n"


@dataclass
class Place:
    """A folder with a search space, and the photographs."""

    folder: Path
    photos: Path

    def start(self, *more: str, mark: str = "", steps: int = 6) -> "subprocess.Popen[str]":
        """Start a search of five networks."""
        images = ("--data", str(self.photos), "--benchmark", f"P={self.photos}")
        small = [text.replace("steps=6", f"steps={steps}") for text in SMALL]
        argv = ["search", "mine", "--trials", "5", "--study", "s", *images, *small, *more]
        argv.append("--allow-overlap")
        return subprocess.Popen(
            [sys.executable, "-m", "workbench", *argv, "--validation", str(self.photos)],
            cwd=self.folder,
            env={**os.environ, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *more: str, steps: int = 6) -> tuple[str, str]:
        """Run it to its end; return what it printed."""
        driver = self.start(*more, steps=steps)
        out, err = driver.communicate()
        assert driver.returncode == 0, err
        return out, err

    def promoted(self, *more: str) -> Any:
        """Promote its best network to two seeds; return what is printed, as JSON."""
        argv = ["search", "promote", "s", "--top", "1", "--seeds", "2", "--json", *more]
        argv.append("--allow-overlap")
        ended = subprocess.run(
            [sys.executable, "-m", "workbench", *argv],
            cwd=self.folder,
            capture_output=True,
            check=True,
        )
        return json.loads(ended.stdout)

    def record(self, store: str) -> str:
        """Return what a search has proposed and decided."""
        return (self.folder / store / "searches" / "s.jsonl").read_text()

    def finished(self, store: str) -> dict[str, list[object]]:
        """Return scores and weights of the finished trials, by key."""
        paths = (self.folder / store).glob("trials/*/result.json")
        records = [json.loads(path.read_text()) for path in paths]
        return {r["key"]: [r["scores"], r["weights_hash"]] for r in records}


def made(folder: Path, photos: Path) -> Place:
    """Return a folder with the search space in it."""
    (folder / "search_spaces").mkdir()
    (folder / "search_spaces" / "mine.yaml").write_text(SPACE + RUNGS)
    return Place(folder, photos)


@pytest.fixture
def place(tmp_path: Path, photos: Path) -> Place:
    return made(tmp_path, photos)


@dataclass
class Calm:
    """What the local engine gives, undisturbed."""

    table: str
    record: str
    finished: dict[str, list[object]]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Callable[[int], Calm]:
    """Return a function that runs the search without Ray, once for each number of steps."""

    @cache
    def run(steps: int) -> Calm:
        place = made(tmp_path_factory.mktemp("local"), photos)
        out, _ = place.run(steps=steps)
        return Calm(out, place.record("mlflow_runs"), place.finished("mlflow_runs"))

    return run


def wait_for(what: str, seen: Path, driver: "subprocess.Popen[str]") -> None:
    """Wait until a pattern of files is there."""
    while not list(seen.glob(what)):
        assert driver.poll() is None, driver.communicate()
        time.sleep(0.1)


def test_ray_proposes_and_trains_what_the_local_engine_does_and_listens_to_nobody_else(
    place: Place, local: Callable[[int], Calm]
) -> None:
    expected = local(6)
    mark = uuid.uuid4().hex
    driver = place.start("--engine", "ray", "--workers", "2", mark=mark)
    wait_for("trials/*/result.json", place.folder / "mlflow_runs", driver)
    listens = listening_on(mark)
    out, err = driver.communicate()
    assert driver.returncode == 0, err
    assert listens
    assert listens <= LOOPBACK, "Ray is open to the network"
    assert out == expected.table
    assert place.record("mlflow_runs") == expected.record
    assert place.finished("mlflow_runs") == expected.finished
    assert commands(mark) == []
    judged = place.promoted("--engine", "ray", "--workers", "2")
    assert [arm["seeds"] for arm in judged["arms"]] == [[1, 2], [1, 2]]
    assert len(place.finished("mlflow_runs")) == len(expected.finished) + 2, "a second seed each"


def test_stopped_or_killed_with_ray_nothing_stays_and_nothing_is_lost(
    place: Place, local: Callable[[int], Calm]
) -> None:
    expected = local(6)
    mark = uuid.uuid4().hex
    driver = place.start("--engine", "ray", "--workers", "1", mark=mark)
    wait_for("trainings/*/checkpoint.pt", place.folder / "mlflow_runs", driver)
    driver.send_signal(signal.SIGINT)
    out, err = driver.communicate()
    assert (driver.returncode, out) == (130, "")
    assert err.endswith("stopped; rerun the same command to resume\n")
    assert "failed" not in err
    assert commands(mark) == []
    driver = place.start("--engine", "ray", "--workers", "1", mark=mark)
    wait_for("trials/*/result.json", place.folder / "mlflow_runs", driver)
    driver.kill()
    time.sleep(5)
    assert commands(mark) == []
    driver.communicate()
    out, _ = place.run("--engine", "ray", "--workers", "1", "--resume")
    assert out == expected.table
    assert place.record("mlflow_runs") == expected.record


def test_a_trial_whose_process_is_killed_again_and_again_goes_on(
    place: Place, local: Callable[[int], Calm]
) -> None:
    expected = local(60)
    mark = uuid.uuid4().hex
    driver = place.start("--engine", "ray", "--workers", "1", mark=mark, steps=60)
    killed = set[int]()
    while len(killed) < 2:
        assert driver.poll() is None, driver.communicate()
        checkpoints = list((place.folder / "mlflow_runs").glob("trainings/*"))
        found = [folder for folder in marked(mark) if is_trial(folder)]
        if checkpoints and found and int(found[0].name) not in killed:
            time.sleep(1.0)
            os.kill(int(found[0].name), signal.SIGKILL)
            killed.add(int(found[0].name))
        time.sleep(0.1)
    out, err = driver.communicate()
    assert driver.returncode == 0, err
    assert out == expected.table
    assert "its worker died; another one resumes it" in err
    assert place.finished("mlflow_runs") == expected.finished


def test_memory_that_runs_out_and_divergence_are_results_under_ray(place: Place) -> None:
    (place.folder / "search_spaces" / "mine.yaml").write_text(GREEDY)
    mark = uuid.uuid4().hex
    more = ("--sampler", "grid", "--asynchronous")  # which Ray runs, too
    driver = place.start("--engine", "ray", "--workers", "1", *more, mark=mark)
    while not (found := [folder for folder in marked(mark) if is_trial(folder)]):
        assert driver.poll() is None, driver.communicate()
        time.sleep(0.05)
    status = (found[0] / "status").read_text()
    virtual_kib = int(status.partition("VmSize:")[2].split()[0])
    most = (virtual_kib + MEMORY_KIB) * 1024
    resource.prlimit(int(found[0].name), resource.RLIMIT_AS, (most, most))
    out, err = driver.communicate()
    assert driver.returncode == 0, err
    told = " ".join(out.split())
    assert "out of memory: " in told
    assert "diverged: " in told
    assert "3 failed" in told or "4 failed" in told


def is_trial(folder: Path) -> bool:
    """Tell whether a process runs trials for Tune; while one runs it has another title."""
    try:
        title = (folder / "cmdline").read_text()
        return title.startswith(("ray::TuneTrial", "ray::ResourceTrainable"))
    except OSError:
        return False


@dataclass
class TwoNodes:
    """A cluster on this machine."""

    address: str
    process: "subprocess.Popen[str]"

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
    for name, value in {**LOCAL, "RAY_AUTH_MODE": "disabled"}.items():
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


def test_a_cluster_of_two_nodes_gives_the_same_study_also_when_one_is_lost(
    place: Place, cluster: TwoNodes, local: Callable[[int], Calm]
) -> None:
    expected = local(60)
    driver = place.start("--engine", "ray", "--address", cluster.address, steps=60)
    wait_for("trials/*/result.json", place.folder / "mlflow_runs", driver)
    time.sleep(4)  # both nodes are at work on the second batch
    cluster.lose_one()
    out, err = driver.communicate()
    assert driver.returncode == 0, err
    assert out == expected.table
    assert place.record("mlflow_runs") == expected.record
    assert place.finished("mlflow_runs") == expected.finished
