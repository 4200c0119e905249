"""The ledger: records come back as they were, damaged ones are named, one trains at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tracking.conftest import make_label, make_result
from workbench.errors import StoreError
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.store.store import Store

HOLD = """
import sys
from pathlib import Path
from workbench.store.store import Store
with Store(Path(sys.argv[1])).training_lock("feed"):
    print("held", flush=True)
    sys.stdin.read()
"""


def result(seed: int = 1) -> TrialResult:
    return make_result(make_label(seed=seed))


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    ledger, recorded = Ledger(tmp_path), result()
    assert ledger.result(recorded.key) is None
    ledger.record(recorded)
    assert ledger.result(recorded.key) == recorded
    assert list(Ledger(tmp_path).results()) == [recorded]


def test_results_come_in_the_order_of_their_keys(tmp_path: Path) -> None:
    for seed in (3, 1, 2):
        Ledger(tmp_path).record(result(seed))
    assert [found.config.seed for found in Ledger(tmp_path).results()] == [1, 2, 3]


def test_looking_makes_no_folder(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "store")
    assert (ledger.result("beef"), list(ledger.results())) == (None, [])
    assert not ledger.store.exists()


def record_of(content: bytes, store: Path) -> Path:
    path = store / "trials" / "beef" / "result.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b'"\xe9"'], ids=repr)
def test_a_damaged_record_is_named_and_counts_as_none(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = record_of(content, tmp_path)
    for _ in range(2):
        assert Ledger(tmp_path).result("beef") is None
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{path}: damaged (no JSON: ")
    assert line.endswith("); treated as if it were absent")
    assert "\n" not in line


@pytest.mark.parametrize("content", [b"[]", b'{"key": "beef"}'], ids=repr)
def test_a_record_that_cannot_be_used_is_named(content: bytes, tmp_path: Path) -> None:
    path = record_of(content, tmp_path)
    with pytest.raises(StoreError, match="this record cannot be read") as refused:
        Ledger(tmp_path).result("beef")
    assert str(refused.value).startswith(f"{path}: ")
    assert str(refused.value).endswith("move it away and the trial is evaluated again")
    assert "\n" not in str(refused.value)


def test_a_second_process_waits_for_the_lock_and_may_give_up(tmp_path: Path) -> None:
    class GivenUpError(Exception):
        pass

    calls: list[int] = []

    def wait() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise GivenUpError("waited enough")

    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        store = Store(tmp_path)
        with (
            pytest.raises(GivenUpError, match="waited enough"),
            store.training_lock("feed", wait),
        ):
            pytest.fail("two processes hold one lock")
        holder.kill()  # the system frees the lock of a process that dies
        holder.wait()
        entered = False
        with store.training_lock("feed", wait):
            entered = True
    assert entered
    assert len(calls) == 2


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        raise AssertionError("the lock is still held")

    with pytest.raises(RuntimeError, match="inside"), Store(tmp_path).training_lock("feed"):
        raise RuntimeError("inside")
    entered = False
    with Store(tmp_path).training_lock("feed", fail):
        entered = True
    assert entered
    assert (tmp_path / "trainings" / "feed" / "lock").exists()


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    ledger = Ledger(tmp_path / "store")
    with pytest.raises(StoreError, match=r"cannot write to the store .*store: a file stands"):
        ledger.record(result())
    with (
        pytest.raises(StoreError, match=r"cannot write to the store .*store: a file stands"),
        ledger.paths.training_lock("feed"),
    ):
        pytest.fail("a lock without a folder")
