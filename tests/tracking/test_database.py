"""The database file: moved, deleted by halves, read without a trace, replaced in one step."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders.trees import tree
from workbench.errors import StoreError
from workbench.tracking.database import artifacts_path, database_path, prepare_database
from workbench.tracking.known_runs import known_runs
from workbench.tracking.reading import read_rows
from workbench.tracking.replacing import replaced_database

RUN = "4a442a84a3424f8db68d0413321857bd"


def make_database(file: Path, *, artifacts: str = "", run: str = RUN, ours: bool = True) -> None:
    """Write a database with the tables and columns that are read or changed here."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE experiments (artifact_location TEXT)")
        connection.execute("CREATE TABLE runs (run_uuid TEXT, name TEXT, artifact_uri TEXT)")
        connection.execute("CREATE TABLE tags (run_uuid TEXT, key TEXT, value TEXT)")
        connection.execute("INSERT INTO experiments VALUES (?)", [artifacts])
        uri = f"{artifacts}/{run}/artifacts"
        connection.execute("INSERT INTO runs VALUES (?, 'relu · seed 1', ?)", [run, uri])
        if ours:
            connection.execute("INSERT INTO tags VALUES (?, 'workbench.key', 'k')", [run])


def make_store(store: Path, run: str = RUN) -> Path:
    """Write a store with a database and the artifacts of its one run."""
    folder = artifacts_path(store) / run
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("")
    make_database(database_path(store), artifacts=artifacts_path(store).as_uri(), run=run)
    return store


def create_none(address: str, artifacts: str) -> None:
    raise AssertionError("the database is there")


def addresses(store: Path) -> list[str]:
    query = "SELECT artifact_location FROM experiments UNION ALL SELECT artifact_uri FROM runs"
    return [address for (address,) in read_rows(database_path(store), query)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mlflow_artifacts/store", "mlflow_artifacts/other"),
        ("mlflow_artifacts/store", "elsewhere"),
        ("elsewhere", "mlflow_artifacts/mlflow_artifacts/store"),
        ("mlflow_artifacts/x/store", "mlflow_artifacts"),
        ("my_mlflow_artifacts/store", "100 #"),
    ],
)
def test_artifacts_follow_a_store_whatever_the_folders_above_it_are_called(
    tmp_path: Path, before: str, after: str
) -> None:
    old, new = tmp_path / "a" / before, tmp_path / "b" / after
    make_store(old)
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(old, new)
    prepare_database(database_path(new), artifacts_path(new), create_none)
    here = artifacts_path(new).as_uri()
    assert addresses(new) == [here, f"{here}/{RUN}/artifacts"]


def test_artifacts_elsewhere_are_left_where_they_are(tmp_path: Path) -> None:
    make_database(database_path(tmp_path), artifacts="s3://bucket/mlflow_artifacts")
    prepare_database(database_path(tmp_path), artifacts_path(tmp_path), create_none)
    assert addresses(tmp_path)[0] == "s3://bucket/mlflow_artifacts"


KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("CREATE TABLE more (a)")
connection.executemany("INSERT INTO more VALUES (?)", [("x" * 500,)] * 200)
connection.commit()
os._exit(0)
"""


def kill_a_writer(database: Path) -> Path:
    """Leave the log of a process that was killed; returns it."""
    subprocess.run([sys.executable, "-c", KILLED, str(database)], check=True)
    log = database.with_name(f"{database.name}-wal")
    assert log.stat().st_size > 10_000
    return log


def test_a_log_without_its_database_does_not_spoil_the_new_one(tmp_path: Path) -> None:
    database = database_path(make_store(tmp_path / "store"))
    log = kill_a_writer(database)
    database.unlink()

    def create(address: str, artifacts: str) -> None:
        make_database(Path(address.removeprefix("sqlite:///")), artifacts=artifacts)

    prepare_database(database, artifacts_path(tmp_path / "store"), create)
    assert not log.exists()
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
    assert tables == [("experiments",), ("runs",), ("tags",)]


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    database = database_path(make_store(tmp_path / "store"))
    before = tree(tmp_path)
    assert read_rows(database, "SELECT name FROM runs") == [("relu · seed 1",)]
    assert tree(tmp_path) == before


@pytest.mark.parametrize("with_index", [True, False])
def test_what_a_killed_writer_has_committed_is_read(tmp_path: Path, with_index: bool) -> None:
    database = database_path(make_store(tmp_path / "store"))
    kill_a_writer(database)
    if not with_index:  # as in a copy of the store
        database.with_name(f"{database.name}-shm").unlink()
    before = {name for name, _ in tree(tmp_path).items()}
    assert read_rows(database, "SELECT count(*) FROM more") == [(200,)]
    assert {name for name, _ in tree(tmp_path).items()} == before


def test_what_another_process_has_written_is_read_at_once(tmp_path: Path) -> None:
    database = database_path(make_store(tmp_path / "store"))
    with closing(sqlite3.connect(database)) as other:
        other.execute("UPDATE runs SET name = 'changed'")
        other.commit()
        assert read_rows(database, "SELECT name FROM runs") == [("changed",)]


def test_where_sqlite_cannot_write_its_index_a_copy_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = database_path(make_store(tmp_path / "store"))
    kill_a_writer(database)
    connect = sqlite3.connect

    def refuse(address: str, **options: object) -> sqlite3.Connection:
        if "mode=ro" in address:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(address, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr("sqlite3.connect", refuse)
    assert read_rows(database, "SELECT count(*) FROM more") == [(200,)]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    database_path(tmp_path).write_text("not a database, but longer than nothing " * 100)
    with pytest.raises(StoreError, match=r"mlflow\.db: file is not a database"):
        known_runs(database_path(tmp_path))


OTHER = "559d1877e7994a97849ac27ba50901c2"


def replace(store: Path, run: str = OTHER) -> None:
    with replaced_database(store) as new:
        make_database(new, run=run)
        (artifacts_path(store) / run).mkdir()


def runs(store: Path) -> list[str]:
    return [run for (run,) in read_rows(database_path(store), "SELECT run_uuid FROM runs")]


def folders(store: Path) -> list[str]:
    return [path.name for path in artifacts_path(store).iterdir()]


def test_a_new_database_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    store = make_store(tmp_path / "store")
    kill_a_writer(database_path(store))
    replace(store)
    assert runs(store) == folders(store) == [OTHER]
    assert sorted(path.name for path in store.iterdir()) == [
        *("mlflow.db", "mlflow.db.lock", "mlflow_artifacts"),
    ]


@pytest.mark.parametrize("damage", ["absent", "damaged"])
def test_without_a_usable_old_database_there_is_a_new_one(tmp_path: Path, damage: str) -> None:
    store = make_store(tmp_path / "store")
    database_path(store).unlink()
    if damage == "damaged":
        database_path(store).write_text("not a database, but longer than nothing " * 100)
    replace(store)
    assert runs(store) == [OTHER]


def test_a_failure_keeps_the_old_view(tmp_path: Path) -> None:
    store = make_store(tmp_path / "store")

    def fail() -> None:
        with replaced_database(store) as new:
            make_database(new)
            raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="the disk is full"):
        fail()
    assert runs(store) == folders(store) == [RUN]
    assert not list(store.glob("mlflow.db.rebuild-*"))


KILLED_REBUILD = """
import os, sys
from pathlib import Path
from tests.tracking import test_database as tests
from workbench.tracking import replacing

store, when = Path(sys.argv[1]), sys.argv[2]
if when == "before the swap":
    replacing.remove_logs = lambda database: os._exit(9)
elif when == "after the swap":
    replacing._remove_artifacts = lambda database, runs: os._exit(9)
tests.replace(store)
"""


@pytest.mark.parametrize(("when", "left"), [("before the swap", RUN), ("after the swap", OTHER)])
def test_a_killed_rebuild_leaves_the_old_view_or_the_new_one(
    tmp_path: Path, when: str, left: str
) -> None:
    store = make_store(tmp_path / "store")
    argv = [sys.executable, "-c", KILLED_REBUILD, str(store), when]
    assert subprocess.run(argv, check=False, cwd=Path(__file__).parents[2]).returncode == 9
    assert runs(store) == [left]
    assert left in folders(store)
    replace(store, run := "fada62bda6b347cc99e88093f08a92f7")
    assert runs(store) == folders(store) == [run]  # what the killed one had left is gone
    assert not list(store.glob("mlflow.db.rebuild-*"))


def test_a_database_in_use_is_not_replaced(tmp_path: Path) -> None:
    store = make_store(tmp_path / "store")
    with closing(sqlite3.connect(database_path(store))) as server:
        server.execute("SELECT * FROM runs").fetchall()  # idle afterwards, but connected
        with pytest.raises(StoreError, match=r"mlflow\.db is in use by .*; stop it, and run"):
            replace(store)
    assert runs(store) == [RUN]


def test_runs_of_the_users_own_are_not_lost(tmp_path: Path) -> None:
    (store := tmp_path / "store").mkdir()
    make_database(database_path(store), ours=False)
    with pytest.raises(StoreError, match=r"holds runs .* \(1, such as 'relu · seed 1'\)"):
        replace(store)
    assert runs(store) == [RUN]


def test_looking_for_a_database_creates_none(tmp_path: Path) -> None:
    assert known_runs(database_path(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []
