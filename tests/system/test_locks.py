"""Locks between processes: waiting, giving up, and folders that cannot be written."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.errors import StoreError
from workbench.system.locks import LockHeldError, lock_beside, locked

PACKAGE = Path(__file__).parents[2] / "workbench"


def test_no_other_file_makes_locks() -> None:
    found = {path.name for path in PACKAGE.rglob("*.py") if "filelock" in path.read_text()}
    assert found == {"locks.py"}


def test_the_lock_of_a_file_lies_beside_it() -> None:
    assert lock_beside(Path("images/f.partial")) == Path("images/f.partial.lock")


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "lock"
    with pytest.raises(RuntimeError, match="inside"), locked(file):
        raise RuntimeError("inside")
    entered = False
    with locked(file, timeout_s=0):
        entered = True
    assert entered


def test_a_lock_excludes_other_threads_of_the_process(tmp_path: Path) -> None:
    def take() -> None:
        with locked(tmp_path / "lock", timeout_s=0):
            pass

    with ThreadPoolExecutor(1) as threads:
        with locked(tmp_path / "lock"), pytest.raises(LockHeldError, match="lock"):
            threads.submit(take).result()
        threads.submit(take).result()


def test_who_waits_is_called_and_may_give_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.system.locks._POLL_S", 0.01)
    calls: list[int] = []

    def give_up() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise TimeoutError("waited enough")

    file = tmp_path / "lock"
    with (
        locked(file),
        pytest.raises(TimeoutError, match="waited enough"),
        locked(file, waiting=give_up),
    ):
        pytest.fail("two processes hold one lock")
    assert len(calls) == 3


def test_a_lock_that_is_held_is_waited_for_no_longer_than_allowed(tmp_path: Path) -> None:
    file = lock_beside(tmp_path / "packed")
    started = time.monotonic()
    with locked(file), pytest.raises(LockHeldError, match="packed"), locked(file, timeout_s=0.1):
        pytest.fail("two processes hold one lock")
    assert 0.1 <= time.monotonic() - started < 30


def test_a_lock_that_cannot_be_made_names_the_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreError, match=r"cannot write to the store .*file"),
        locked(tmp_path / "file" / "lock", store=tmp_path / "file"),
    ):
        pytest.fail("a lock without a folder")
    with pytest.raises(OSError, match="file"), locked(tmp_path / "file" / "lock"):
        pytest.fail("a lock without a folder")
