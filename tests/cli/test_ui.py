import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tracking.conftest import free_port, make_label, make_result
from workbench.cli.ui import ui
from workbench.errors import StoreError, WorkbenchError
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.study_view import StudyView

pytestmark = pytest.mark.xdist_group("ui")

COMMAND = "import typer; from workbench.cli.ui import ui; typer.run(ui)"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("ui") / "store"
    tracker = MlflowTracker(folder)
    tracker.show(StudyView("lvar study", "", ("Set5",)))
    tracker.trial_ended(make_label(), make_result(make_label()))
    tracker.close()
    return folder


class Served:
    """A running `workbench ui` and what it printed until it was ready."""

    def __init__(self, store: Path, tmp_path: Path) -> None:
        self.port = free_port()
        # A file that would shadow MLflow, in the folder where the user happens to be.
        (tmp_path / "mlflow.py").write_text("raise SystemExit('the wrong mlflow')")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", COMMAND, "--store", str(store), "--port", str(self.port)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith("Ctrl-C"):
                break
        self.processes = family(self.process.pid)

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)


def family(parent: int) -> set[int]:
    """Return the ids of all descendants of a process."""
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            child = int(status.parent.name)
            found |= {child} | family(child)
    return found


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # nobody may be there to bury an orphan


def wait_until_gone(processes: set[int]) -> set[int]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(map(alive, processes)):
        time.sleep(0.1)
    return {process for process in processes if alive(process)}


def listening_hosts(port: int) -> set[str]:
    """Return the hex addresses on which a port is open."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            host, _, hex_port = line.split()[1].partition(":")
            if line.split()[3] == "0A" and int(hex_port, 16) == port:
                found.add(host)
    return found


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def served(store: Path, tmp_path: Path) -> Iterator[Served]:
    running = Served(store, tmp_path)
    yield running
    for process in filter(alive, {running.process.pid} | running.processes):
        os.kill(process, signal.SIGKILL)
    running.process.wait()


@linux_only
def test_it_serves_this_machine_only_and_stops_completely(served: Served, store: Path) -> None:
    address = f"http://127.0.0.1:{served.port}"
    compare = MlflowTracker(store).queries.compare_address("lvar study")
    assert served.lines == [
        "Starting MLflow's server ...",
        f"MLflow: {address}/",
        f"Runs of lvar study: {address}/#/experiments/1/runs?viewStateShareKey=workbench"
        "&workflowType=machine_learning",
        f"Comparison of lvar study: {address}/{compare}",
        "Ctrl-C stops the server.",
    ]
    assert listening_hosts(served.port) == {"0100007F"}
    assert compare is not None
    run_id = compare.partition("%5B%22")[2].partition("%22")[0]
    artifact = f"{address}/get-artifact?run_uuid={run_id}&path=config.yaml"
    with urllib.request.urlopen(artifact, timeout=30) as answer:
        assert b"channels: 8" in answer.read()
    served.end(signal.SIGTERM)
    assert served.process.returncode == 0
    assert wait_until_gone(served.processes) == set()


@linux_only
def test_a_running_server_is_named_not_served_and_kill_9_leaves_nothing_of_it(
    served: Served, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"http://127.0.0.1:{served.port}"
    ui(store=tmp_path / "unused", tracking_uri=f"{address}/")
    assert capsys.readouterr().out.splitlines() == served.lines[1:4]
    assert len(served.processes) >= 2
    served.end(signal.SIGKILL)
    assert wait_until_gone(served.processes) == set()


def test_a_missing_store_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere: no such folder; name the store with --store"):
        ui(store=tmp_path / "nowhere")


def test_a_store_without_a_database_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no MLflow database \(mlflow\.db\)"):
        ui(store=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_busy_port_is_one_line(store: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(WorkbenchError, match=f"port {port} of 127.0.0.1 .*address already in"):
            ui(store=store, port=port)


def test_a_server_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^cannot use MLflow at nonsense://x: "):
        ui(store=tmp_path, port=free_port(), tracking_uri="nonsense://x")


def test_a_server_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^cannot use MLflow at http://127\.0\.0\.1:\d+: Conn"):
        ui(store=tmp_path, tracking_uri=f"http://127.0.0.1:{free_port()}")
