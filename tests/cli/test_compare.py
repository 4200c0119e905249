"""`workbench compare`, and what an ablation leaves in MLflow and in the store besides its table."""

import json
import re
import sqlite3
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command, study_command


@pytest.fixture
def ablate(command: Command, photos: Path, finished: Path) -> Callable[..., None]:
    """Return a function that runs the study's command, whose trials are finished already."""

    def run(*more: str) -> None:
        ended = command(*study_command(photos), *more)
        assert ended.code == 0, ended.err

    return run


def runs_in(address: str) -> list[str]:
    query = urllib.parse.parse_qs(address.partition("?")[2])
    found: list[str] = json.loads(query["runs"][0])
    return found


def tags_of(run: str) -> dict[str, str]:
    with sqlite3.connect("mlflow_runs/mlflow.db") as database:
        rows = database.execute("SELECT key, value FROM tags WHERE run_uuid = ?", [run])
        return dict(rows.fetchall())


def test_a_study_is_compared_here_and_in_mlflow(
    command: Command, ablate: Callable[..., None]
) -> None:
    ablate()
    ablate("--study", "other", "--seeds", "1")
    ended = command("compare", "mine")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("mine\n" + command("report", "mine").out[:200])
    trials, variants = re.findall(r"http://127\.0\.0\.1:5000/#/compare-runs\S+", ended.out)
    tags = [tags_of(run) for run in runs_in(trials)]
    assert sorted((t["workbench.variant"], t["workbench.seed"]) for t in tags) == [
        *(("no-lvar", "1"), ("no-lvar", "2"), ("tiny", "1"), ("tiny", "2")),
    ]
    assert {t["workbench.study"] for t in tags} == {"mine"}
    assert {t["workbench.kind"] for t in tags} == {"trial"}
    tags = [tags_of(run) for run in runs_in(variants)]
    assert [t["workbench.kind"] for t in tags] == ["summary", "summary"]
    verdict = next(t["verdict/Photos"] for t in tags if t["workbench.variant"] == "no-lvar")
    arm = command("report", "mine", "--format", "json").json()["arms"][1]
    assert verdict == arm["datasets"]["Photos"]["delta_psnr_rgb_db"]["verdict"]
    assert str(verdict) in ended.out
    both = command("compare", "mine", "other", "--json").json()
    assert list(both["comparisons"]) == ["mine", "other"]
    assert len(both["mlflow"]) == 4


def test_a_run_for_each_variant_holds_figures_and_report(
    ablate: Callable[..., None], tmp_path: Path
) -> None:
    ablate()
    files = sorted(
        path.name for path in tmp_path.glob("mlflow_runs/mlflow_artifacts/**/effects.png")
    )
    assert len(files) == 2
    pages = list(tmp_path.glob("mlflow_runs/mlflow_artifacts/**/report.html"))
    assert len(pages) == 2
    assert "Image crops" in pages[0].read_text()
    written = [path.stat().st_mtime_ns for path in pages]
    ablate()  # nothing new, so nothing is written
    assert [path.stat().st_mtime_ns for path in pages] == written
    with sqlite3.connect(tmp_path / "mlflow_runs" / "mlflow.db") as database:
        names = dict(
            database.execute(
                "SELECT m.key, m.value FROM latest_metrics m JOIN runs r USING (run_uuid) "
                "WHERE r.name = 'no-lvar · all seeds'"
            ).fetchall()
        )
    for name in ("psnr", "psnr_seed_sd", "delta", "delta_low", "over_bicubic"):
        assert f"{name}/Photos" in names
    assert (names["seeds"], names["images/Photos"]) == (2, 4)
    assert names["parameters"] > 1_000
    ablate("--margin", "0.5")  # another declaration, another summary in the same run
    assert len(list(tmp_path.glob("mlflow_runs/mlflow_artifacts/**/report.html"))) == 2
    assert [path.stat().st_mtime_ns for path in pages] != written


def test_single_trials_are_grouped_into_networks(
    command: Command, ablate: Callable[..., None], finished: Path
) -> None:
    ablate()
    study = json.loads((finished / "studies" / "mine.json").read_text())
    keys = study["declarations"][-1]["keys"]
    names = [key[:8] for key in (*keys["no-lvar"], *keys["tiny"])]
    plain = command("compare", *names, "--json").json()
    arms = plain["comparisons"]["trials"]["arms"]
    assert [(arm["name"], arm["against"], arm["seeds"]) for arm in arms] == [
        *(("no-lvar", "", [1, 2]), ("tiny", "no-lvar", [1, 2])),
    ]
    (address,) = plain["mlflow"].values()
    assert [tags_of(run)["workbench.key"][:8] for run in runs_in(address)] == names
    assert command("compare", *runs_in(address), "--json").json() == plain  # by MLflow's own ids
    unknown = command("compare", "0" * 32)
    assert unknown.code == 2
    assert "unknown study or trial" in unknown.err


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ([], "Missing argument"),
        (["nope"], "unknown study or trial 'nope' in mlflow_runs; there are none"),
        (["0123456789"], "unknown study or trial '0123456789'"),
        (["../x*"], "unknown study or trial '../x*'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    command: Command, tmp_path: Path, argv: list[str], reason: str
) -> None:
    ended = command("compare", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
    assert not list(tmp_path.iterdir())


def test_without_a_server_the_browser_is_not_opened(
    command: Command, ablate: Callable[..., None]
) -> None:
    ablate()
    ended = command("compare", "mine", "--open", "--port", "1")
    assert ended.code == 2
    assert "no MLflow server answers at http://127.0.0.1:1; start it with workbench ui" in ended.err
    assert "'mine' is a study; compare studies, or trials" in command("compare", "mine", "no").err
