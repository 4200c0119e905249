"""MLflow's own comparison, by the addresses that we print, on the server that we start."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Browser, browser, needs_chromium
from tests.browser.conftest import workbench

pytestmark = [pytest.mark.xdist_group("browser"), needs_chromium, pytest.mark.timeout(300)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def port(studied: Path) -> Iterator[int]:
    """Serve the study by `workbench ui`; yields the port."""
    number = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "workbench", "ui", "--port", str(number)],
        cwd=studied,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    for line in server.stdout:
        if line.startswith("Ctrl-C"):
            break
    yield number
    os.kill(server.pid, signal.SIGTERM)
    server.communicate(timeout=60)


@pytest.fixture(scope="module")
def addresses(studied: Path, port: int) -> list[str]:
    """Return the comparisons that `workbench compare` prints: of trials, and of all seeds."""
    printed = workbench(studied, "compare", "mine", "--port", str(port))
    return re.findall(rf"http://127\.0\.0\.1:{port}/#/compare-runs\S+", printed)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.size(1400, 1000)
        yield opened


def listeners(port: int) -> set[str]:
    shown = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True, check=True).stdout
    places = (line.split()[3].rpartition(":") for line in shown.splitlines())
    return {host for host, _, number in places if number == str(port)}


@pytest.mark.parametrize(("which", "count"), [(0, 6), (1, 3)])
def test_the_printed_address_compares_exactly_these_runs(
    addresses: list[str], port: int, seen: Browser, tmp_path: Path, which: int, count: int
) -> None:
    seen.go("about:blank")
    seen.go(addresses[which])
    seen.until(f"document.body.innerText.includes('Comparing {count} Runs')", 120)
    text = seen.ask("document.body.innerText")
    for view in ("Parallel Coordinates", "Scatter", "Box", "Contour"):
        assert view in text
    seen.until("document.querySelectorAll('.js-plotly-plot').length > 0", 120)
    outside = [a for a in seen.requests if not a.startswith(("data:", "blob:", "about:"))]
    assert {a.split("/")[2] for a in outside} == {f"127.0.0.1:{port}"}
    seen.screenshot(tmp_path / "compare.png")
    assert (tmp_path / "compare.png").stat().st_size > 10_000
    assert listeners(port) == {"127.0.0.1"}


def test_the_list_of_runs_names_variant_and_seed(
    addresses: list[str], port: int, seen: Browser
) -> None:
    number = re.search(r"experiments=%5B%22(\d+)", addresses[0])
    assert number is not None
    seen.go("about:blank")
    seen.go(f"http://127.0.0.1:{port}/#/experiments/{number[1]}/runs")
    seen.until("document.body.innerText.includes('relu · all seeds')", 120)
    text = seen.ask("document.body.innerText")
    for variant in ("mdrn-s", "relu", "no-mdsa"):
        assert f"{variant} · seed 1" in text
        assert f"{variant} · all seeds" in text
