"""`workbench export` and `workbench import`: a study on two machines."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders.stores import STUDY, files_of, make_store
from tests.cli.conftest import Command
from tests.damage import change_digit
from workbench.store.store import WEIGHTS


def runs(store: Path) -> list[tuple[str, str, str]]:
    """Return study, state and key of every run in MLflow."""
    sql = (
        "SELECT e.name, r.status, t.value FROM runs r JOIN experiments e USING (experiment_id) "
        "JOIN tags t USING (run_uuid) WHERE t.key = 'workbench.key' ORDER BY t.value"
    )
    with closing(sqlite3.connect(store / "mlflow.db")) as connection:
        return connection.execute(sql).fetchall()


def test_a_study_is_taken_to_another_machine_and_shown_there(
    command: Command, tmp_path: Path
) -> None:
    make_store(tmp_path / "theirs")
    written = command("export", STUDY, "--out", "out", "--store", "theirs")
    assert written.code == 0, written.err
    assert written.out.startswith(f"out: study {STUDY}, 3 finished trials, weights of 3 trainings")
    assert written.err.splitlines() == [
        "1 declared trial not finished, so not in it",
        "on the other machine: workbench import out",
    ]

    first = command("import", "out", "--store", "ours")
    assert first.code == 0, first.err
    assert first.out == (
        "study lvar study: 1 declaration came, 0 were there; 3 trials came, 0 were there; "
        "3 weights files came, 0 were there\n"
    )
    assert first.err == "compare in MLflow: workbench ui --store ours\n"
    keys = ("no-lvar-1-0f3a", "tiny-1-0f3a", "tiny-2-0f3a")
    assert runs(tmp_path / "ours") == [(STUDY, "FINISHED", key) for key in keys]

    def kept() -> dict[str, bytes]:
        files = files_of(tmp_path / "ours")
        return {name: content for name, content in files.items() if "mlflow.db-" not in name}

    before = kept()
    again = command("import", "out", "--store", "ours")
    assert again.code == 0, again.err
    assert "0 trials came, 3 were there" in again.out
    assert "nothing changed: ours has all of it" in again.err
    assert kept() == before
    report = command("report", STUDY, "--store", "ours", "--format", "json").json()
    assert [arm["name"] for arm in report["arms"]] == ["tiny", "no-lvar"]


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (
            ("export", "lvar studdy", "--out", "x"),
            "unknown study 'lvar studdy' in theirs; did you mean",
        ),
        (("export", STUDY, "--out", "theirs"), "--out must be a folder, absent or empty"),
        (("import", "x"), "x: not an exported study: it has no export.json"),
        (("import", "theirs"), "theirs: not an exported study"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_said_in_one_line(
    command: Command, tmp_path: Path, argv: tuple[str, ...], reason: str
) -> None:
    before = files_of(make_store(tmp_path / "theirs"))
    ended = command(*argv, "--store", "theirs")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
    assert files_of(tmp_path) == {f"theirs/{name}": content for name, content in before.items()}


def test_a_damaged_export_writes_nothing(command: Command, tmp_path: Path) -> None:
    make_store(tmp_path / "theirs")
    command("export", STUDY, "--out", "out", "--store", "theirs")
    (tmp_path / "out" / "trainings" / "training-tiny-2-0f3a" / WEIGHTS).write_text("cut off")
    ended = command("import", "out")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"training-tiny-2-0f3a/{WEIGHTS}: is damaged" in ended.err
    assert not (tmp_path / "mlflow_runs").exists()


def test_a_report_names_a_damaged_result_in_one_line_and_does_without(
    command: Command, tmp_path: Path
) -> None:
    make_store(tmp_path / "theirs")
    path = Path("theirs", "trials", "tiny-2-0f3a", "result.json")
    change_digit(tmp_path / path, '"psnr_rgb_db": ')
    report = command("report", STUDY, "--store", "theirs", "--format", "json")
    assert report.code == 0, report.err
    named = [line for line in report.err.splitlines() if "damaged" in line]
    assert len(named) == 1
    assert named[0].startswith(f"{tmp_path / path}: damaged (its SHA-256 must be ")
    assert [len(arm["seeds"]) for arm in report.json()["arms"]] == [1, 1]
