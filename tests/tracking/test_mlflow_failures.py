"""Stores and servers that cannot be used: one line at once, or one warning later."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CreateTables
from tests.tracking.conftest import (
    free_port,
    make_config,
    make_label,
    make_point,
    make_result,
)
from workbench.errors import StoreError
from workbench.tracking import mlflow_connection
from workbench.tracking.mlflow_tracker import MlflowTracker


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, *, spare_bytes: int = 0) -> Path:
    filler = folder / "filler"
    free = os.statvfs(folder)
    filler.write_bytes(bytes(free.f_bavail * free.f_bsize - spare_bytes))
    return filler


def test_a_read_only_store_is_refused_at_once(small_disk: Path, tmp_path: Path) -> None:
    MlflowTracker(small_disk / "store").close()
    copy = tmp_path / "read-only"
    copy.mkdir()
    subprocess.run(["mount", "--bind", str(small_disk), str(copy)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(copy)], check=True)
        with pytest.raises(StoreError, match=r"^cannot write to the store .*read-only file system"):
            MlflowTracker(copy / "store")
    finally:
        subprocess.run(["umount", "--lazy", str(copy)], check=True)


def test_a_full_disk_is_refused_at_once(small_disk: Path) -> None:
    filler = fill(small_disk)
    with pytest.raises(StoreError, match=r"^cannot write to the store .*no space is left"):
        MlflowTracker(small_disk / "store")
    filler.unlink()
    MlflowTracker(small_disk / "store").trial_ended(make_label(), make_result(make_label()))


def test_a_disk_too_small_for_the_database_leaves_no_half_of_one(
    small_disk: Path, create_tables: CreateTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_connection, "create_tables", create_tables)
    filler = fill(small_disk, spare_bytes=300_000)
    with pytest.raises(StoreError, match="database or disk is full"):
        MlflowTracker(small_disk / "store")
    assert not (small_disk / "store" / "mlflow.db").exists()
    filler.unlink()
    MlflowTracker(small_disk / "store").trial_ended(make_label(), make_result(make_label()))


def test_a_disk_that_fills_up_later_gives_one_warning(small_disk: Path) -> None:
    warnings: list[str] = []
    tracker = MlflowTracker(small_disk / "store", on_warning=warnings.append)
    tracker.trial_started(make_label(), make_config())
    filler = fill(small_disk)
    for step in range(1, 200):
        tracker.validated(make_label(), make_point(step))
    curve = tuple(make_point(step) for step in range(1, 400))
    tracker.trial_ended(make_label(), make_result(make_label(), curve=curve))
    tracker.close()
    assert len(warnings) == 1
    assert "MLflow is behind (" in warnings[0]
    filler.unlink()
    repaired = MlflowTracker(small_disk / "store", on_warning=warnings.append)
    repaired.trial_ended(make_label(), make_result(make_label()))
    assert len(warnings) == 1


def test_a_file_in_place_of_the_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StoreError, match="a file stands where a folder is needed"):
        MlflowTracker(tmp_path / "store")


def test_something_else_in_place_of_the_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, but longer than nothing " * 100)
    with pytest.raises(StoreError, match=r"mlflow\.db: file is not a database; .*rebuilds it"):
        MlflowTracker(tmp_path)


@pytest.mark.parametrize("name", ["100%", "what?"])
def test_a_path_that_sqlite_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match=r"must not hold \? or %"):
        MlflowTracker(tmp_path / name)


def test_a_half_made_database_of_a_killed_process_is_made_anew(tmp_path: Path) -> None:
    killed = tmp_path / "mlflow.db.new-a1b2"
    killed.mkdir()
    (killed / "mlflow.db").write_text("killed here")
    MlflowTracker(tmp_path).close()
    assert not list(tmp_path.glob("mlflow.db.new*"))


def test_a_server_that_does_not_answer_is_refused_without_its_password(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://me:secret@127.0.0.1:{port}"
    with pytest.raises(
        StoreError, match=f"^cannot use MLflow at http://127.0.0.1:{port}: Conn"
    ) as e:
        MlflowTracker(tmp_path / "store", address)
    assert "secret" not in str(e.value)
    assert "\n" not in str(e.value)
    assert not (tmp_path / "store").exists()


def test_an_address_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^cannot use MLflow at nonsense://x: "):
        MlflowTracker(tmp_path, "nonsense://x")
