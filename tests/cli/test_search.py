"""`workbench search` with real trainings of small networks on real photographs."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.builders.spaces import SMALL, SPACE
from tests.cli.conftest import Command
from workbench.cli.verdict_text import verdict_text
from workbench.system.numbers import difference_text, p_text
from workbench.system.time_limit import TimeLimit


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "search_spaces" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(SPACE)
    return path


def argv(photos: Path, *more: str) -> list[str]:
    images = ("--data", str(photos), "--benchmark", f"Photos={photos}", "--validation", str(photos))
    return [
        *("search", "mine", "--trials", "5", "--study", "s", "--allow-overlap"),
        *images,
        *SMALL,
        *more,
    ]


def test_a_search_runs_goes_on_and_ends_in_a_tested_claim(
    command: Command, photos: Path, tmp_path: Path, space: Path
) -> None:
    first = command(*argv(photos))
    assert first.code == 0, first.err
    assert "t0000" in first.out
    assert "5 networks scored" in first.out
    trained_on = "Photos: TRAINED ON 4 of these images and 4 validation images"
    assert trained_on in first.out
    again = command(*argv(photos))
    assert again.out == first.out
    assert "search s resumes: 5 trials proposed" in again.err
    results = list((tmp_path / "mlflow_runs" / "trials").glob("*/result.json"))
    assert len(results) == 5
    longer = command(*argv(photos, "--trials", "6"))
    assert "6 networks scored" in longer.out
    plain = command("search", "status", "s", "--json").json()
    assert len(plain["trials"]) == 6
    assert plain["overlap"] == [trained_on]
    assert trained_on in command("search", "best", "s").out
    assert len(plain["front"]) == 1
    for trial in plain["trials"][1:]:
        assert set(trial["overrides"]) == {"model.channels", "model.blocks"}
    for trial in plain["trials"]:
        built = trial["overrides"].get("model.channels", 8), trial["cost"]["parameters"]
        assert built[1] > 100 * built[0]
    assert "torch" not in imported_by(tmp_path, "search", "status", "s")
    written = command("search", "report", "s", "--out", "s.html")
    assert (written.code, written.err) == (0, "written to s.html\n")
    assert " - s</title>" in (tmp_path / "s.html").read_text()  # its question, then its name
    assert command("search", "optuna", "s").code == 0
    twice = command("search", "optuna", "s")
    assert (twice.code, twice.err.count("\n")) == (2, 1)
    assert "s.db exists already" in twice.err
    best = command("search", "best", "s")
    assert plain["front"][0] in best.out
    warm = command(*argv(photos, "--trials", "1", "--study", "t", "--workers", "2"))
    assert "the sampler has the scores of 6 finished networks" in warm.err
    cold = command(*argv(photos, "--trials", "1", "--study", "u", "--no-warm-start"))
    assert "the sampler has" not in cold.err
    assert "idle" not in warm.err
    many = command(*argv(photos, "--trials", "1", "--study", "t", "--workers", "6"))
    assert "--batch 4: 2 of the workers will be idle" in many.err
    other = command(*argv(photos, "--sampler", "random"))
    assert other.code == 2
    assert "search 's' in mlflow_runs has other settings" in other.err


def imported_by(folder: Path, *argv: str) -> set[str]:
    """Return the packages that a command imports."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "workbench", *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in ended.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_resume_begins_nothing_and_writes_nothing(
    command: Command, photos: Path, tmp_path: Path, space: Path
) -> None:
    ended = command(*argv(photos, "--resume"))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: --resume: there is no search 's' in mlflow_runs\n"
    assert not (tmp_path / "mlflow_runs").exists()


def test_retry_begins_nothing_and_is_no_beginning_anew(
    command: Command, photos: Path, tmp_path: Path, space: Path
) -> None:
    ended = command(*argv(photos, "--retry", "failed"))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: --retry failed: there is no search 's' in mlflow_runs\n"
    both = command(*argv(photos, "--retry", "failed", "--fresh"))
    assert (both.code, both.err) == (2, "error: --retry and --fresh exclude each other\n")
    assert not (tmp_path / "mlflow_runs").exists()


def test_fresh_puts_the_search_aside_and_trains_nothing_that_is_finished(
    command: Command, photos: Path, tmp_path: Path, space: Path
) -> None:
    first = command(*argv(photos, "--trials", "3"))
    store = tmp_path / "mlflow_runs"
    results = {path: path.read_text() for path in store.glob("trials/*/result.json")}
    others = set[str]()
    for _ in range(2):
        fresh = command(*argv(photos, "--trials", "3", "--fresh", "--cold"))
        assert (fresh.code, fresh.out) == (0, first.out)
        others.add(fresh.err.partition("the earlier search is kept as search ")[2].split()[0])
    assert {path: path.read_text() for path in store.glob("trials/*/result.json")} == results
    assert len(others) == 2
    for other in others:
        shown = command("search", "status", other)
        assert f"promote {other} --seeds" in shown.err + shown.out
        assert shown.out.splitlines()[:6] == first.out.splitlines()[:6]
    both = command(*argv(photos, "--fresh", "--resume"))
    assert (both.code, both.err) == (2, "error: --resume and --fresh exclude each other\n")


def test_when_the_time_is_up_the_same_command_goes_on(
    command: Command,
    photos: Path,
    tmp_path: Path,
    space: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = tmp_path / "mlflow_runs"

    def left_s(_limit: TimeLimit) -> float:
        return 10.0 if not list(store.glob("trainings/*/checkpoint.pt")) else 0.0

    long = [text.replace("steps=6", "steps=200") for text in argv(photos, "--trials", "1")]
    with monkeypatch.context() as patch:
        patch.setattr(TimeLimit, "left_s", left_s)
        stopped = command(*long, "--timeout", "0.5")
    assert stopped.code == 0
    assert (
        "stopped by the time limit of 0.5 min: 0 of 1 networks finished, 1 stopped at a "
        "checkpoint, 0 not started; rerun the same command to resume"
    ) in stopped.err
    assert finished(store) == 0
    ended = command(*long)
    assert "1 networks scored" in ended.out
    (result,) = (json.loads(p.read_text()) for p in store.glob("trials/*/result.json"))
    assert result["sessions"] == 2, "it goes on from the checkpoint"


def test_promoting_judges_the_best_against_the_canonical_network(
    command: Command, photos: Path, space: Path
) -> None:
    assert command(*argv(photos, "--trials", "3")).code == 0
    argv_of_it = ("search", "promote", "s", "--top", "1", "--seeds", "2")
    refused = command(*argv_of_it)
    assert (refused.code, refused.out) == (2, "")
    assert "error: training images are also scored: 4 of training " in refused.err
    ended = command(*argv_of_it, "--allow-overlap")
    assert ended.code == 0, ended.err
    judged = command("report", "s-promoted", "--format", "json").json()
    assert judged["arms"][0]["name"] == "tiny"
    best = judged["arms"][1]
    delta = best["datasets"]["Photos"]["delta_psnr_rgb_db"]
    interval = difference_text(delta["mean"], (delta["low"], delta["high"]))
    verdict = f"{p_text(delta['p_holm'])} {verdict_text(delta['verdict'])}"
    row = next(line for line in ended.out.splitlines() if interval in line)
    assert row.split()[0] == best["name"]
    assert " ".join(row.split()).endswith(f"{interval} {verdict}")


def test_without_batches_a_killed_search_goes_on_and_trains_nothing_twice(
    command: Command, photos: Path, tmp_path: Path, space: Path, store: Path
) -> None:
    space.write_text(SPACE + "fidelity:\n  rungs: [0.5]\n")
    asked = argv(photos, "--asynchronous", "--batch", "2", "--lanes", "2")
    kill_when(lambda: finished(store) > 0, tmp_path, asked)
    before = {p: p.read_text() for p in store.glob("trials/*/result.json")}
    ended = command(*asked)
    assert ended.code == 0, ended.err
    assert {path: path.read_text() for path in before} == before
    plain = command("search", "status", "s", "--json").json()
    values = {t["name"]: (t["values"], t["ending"]) for t in plain["trials"]}
    assert len(values) == 5
    assert all(scored or ending.startswith("stopped at 3") for scored, ending in values.values())
    assert sum(bool(scored) for scored, _ in values.values()) == finished(store) >= 2
    assert command(*asked).out == ended.out
    population = command(*argv(photos, "--asynchronous", "--sampler", "pbt"))
    assert population.code == 2
    assert "--asynchronous and --sampler pbt exclude each other" in population.err


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Path:
    """Return a store whose database is there: making one takes 1.5 s of a core."""
    return Path(shutil.copytree(empty_store, tmp_path / "mlflow_runs"))


def kill_when(happened: Callable[[], bool], folder: Path, command: list[str]) -> None:
    """Start a command, kill it when something has happened, and wait until its workers are gone."""
    driver = psutil.Popen(
        [sys.executable, "-m", "workbench", *command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not happened():
        assert driver.poll() is None, "it ended before"
        time.sleep(0.02)
    workers = driver.children(recursive=True)
    driver.kill()
    driver.wait()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive


def finished(store: Path) -> int:
    return len(list(store.glob("trials/*/result.json")))


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("space")
def test_killed_at_any_moment_lanes_end_with_the_table_and_record_of_processes(
    command: Command, photos: Path, tmp_path: Path, store: Path
) -> None:
    undisturbed = command(*argv(photos, "--store", "undisturbed"))
    assert undisturbed.code == 0, undisturbed.err
    for happened in (
        lambda: any(store.glob("trainings/*/lock")),
        lambda: finished(store) > 0,
    ):
        kill_when(happened, tmp_path, argv(photos, "--lanes", "2"))
    assert 1 <= finished(store) < 5
    ended = command(*argv(photos, "--lanes", "2"))
    assert ended.code == 0, ended.err
    assert ended.out == undisturbed.out
    files = [tmp_path / store / "searches" / "s.jsonl" for store in ("undisturbed", "mlflow_runs")]
    assert files[0].read_text() == files[1].read_text()
    assert finished(tmp_path / "mlflow_runs") == finished(tmp_path / "undisturbed") == 5


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["search", "mdrn-sise"], "unknown search space 'mdrn-sise'; did you mean 'mdrn-size'?"),
        (["search", "status"], "Missing argument 'NAME'"),
        (["search", "best", "nope"], "unknown search 'nope' in mlflow_runs; there are none"),
        (["search", "mdrn-size", "x"], "Got unexpected extra argument(s) (x)"),
        (["search", "mdrn-size", "--objective", "psnr"], "unknown objective 'psnr'; did you mean"),
        (["search", "mdrn-size", "--limit", "params<=5"], "unknown limit 'params'"),
        (
            ["search", "mdrn-size", "--limit", "parameters=5"],
            "a limit is an upper bound, written 'parameters<=5'",
        ),
        (["search", "mdrn-size", "--limit", "parameters<=few"], "--limit must be NAME<=VALUE"),
        (["search", "mdrn-size", "--limit", "parameters<=0"], "--limit: parameters: should be"),
        (["search", "training", "--sampler", "grid"], "needs a finite space"),
        (["search", "mdrn-size", "--sampler", "tpa"], "'tpa' is not one of"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    command: Command, tmp_path: Path, more: list[str], reason: str
) -> None:
    ended = command(*more)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
    assert not list(tmp_path.iterdir())


LEVELS = """question: Which?
dimensions:
  model.spatial_attention.levels: {kind: subset, of: [3, 31], at_least: 1}
  model.spatial_attention.lvar: {kind: subset, of: [31], within: model.spatial_attention.levels}
"""
HEAD = "question: Which?\nbase: tiny\n"
CHANNELS = "dimensions:\n  model.channels: {kind: integers, low: 4, high: 8}\n"


@pytest.mark.parametrize(
    ("text", "more", "reason"),
    [
        (LEVELS, [], "mine.yaml:4: model.spatial_attention.lvar [31]: training.stages.0.hr_patch_"),
        (f"{HEAD}{CHANNELS}limits:\n  parameters: 9\n", [], "mine.yaml:6: limits.parameters: no "),
        (HEAD + CHANNELS, ["--limit", "parameters<=9"], "--limit parameters: limits.parameters: "),
        (HEAD + CHANNELS, ["--limit", "parameters<=nan"], "--limit must be NAME<=VALUE"),
        (f"{HEAD}objectives: [psnr]\n{CHANNELS}", [], "mine.yaml:3: unknown objective 'psnr'"),
    ],
    ids=["levels", "limit", "typed", "nan", "objective"],
)
def test_a_space_without_anything_to_search_is_refused(
    command: Command, space: Path, text: str, more: list[str], reason: str
) -> None:
    space.write_text(text)
    ended = command("search", "mine", *more)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
    assert [path.name for path in Path().iterdir()] == ["search_spaces"]


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (("promote", "s", "--trials", "3"), "No such option: --trials"),
        (("front", "s", "--set", "model.channels=8"), "No such option: --set"),
        (("mdrn-size", "--top", "2"), "No such option: --top"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(
    command: Command, typed: tuple[str, ...], complaint: str
) -> None:
    ran = command("search", *typed)
    assert ran.code == 2
    assert complaint in ran.err
