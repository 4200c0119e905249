"""How trials of other versions are counted is said once, and a read-only store is no error."""

from pathlib import Path

import pytest

from tests.tracking.conftest import make_label, make_result
from workbench.errors import StoreError
from workbench.store import notice
from workbench.store.ledger import Ledger
from workbench.store.notice import say_how_trials_count
from workbench.store.store import Store
from workbench.store.versions import RESULTS_VERSION, SOURCE_HASH_0_1


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(notice, "say", texts.append)
    return texts


def record(store: Path, seed: int, *, version: int | None, source: str = "") -> None:
    result = make_result(make_label(seed=seed))
    update = {"results_version": version, "code_hash": source}
    environment = result.environment.model_copy(update=update)
    Ledger(store).record(result.model_copy(update={"environment": environment}))


def test_trials_of_0_1_0_and_of_other_source_code_are_counted_apart_once(
    tmp_path: Path, said: list[str]
) -> None:
    record(tmp_path, 1, version=None, source=SOURCE_HASH_0_1)
    record(tmp_path, 2, version=None, source=SOURCE_HASH_0_1)
    record(tmp_path, 3, version=None, source="c0de")
    record(tmp_path, 4, version=RESULTS_VERSION)
    say_how_trials_count(tmp_path)
    assert said == [
        f"{tmp_path}: 2 trials of version 0.1.0: counted as results version 1; "
        "1 trial of other source code than version 0.1.0: kept, shown by reports, "
        "and trained again when requested"
    ]
    say_how_trials_count(tmp_path)
    assert len(said) == 1


def test_nothing_is_said_of_a_store_of_this_version(tmp_path: Path, said: list[str]) -> None:
    record(tmp_path, 1, version=RESULTS_VERSION)
    say_how_trials_count(tmp_path)
    assert said == []
    assert Store(tmp_path).version_notice.exists()


def test_a_store_without_trials_stays_as_it_is(tmp_path: Path, said: list[str]) -> None:
    say_how_trials_count(tmp_path / "store")
    assert said == []
    assert not (tmp_path / "store").exists()


def test_a_new_version_of_results_is_said_again(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, 1, version=1)
    say_how_trials_count(tmp_path)
    monkeypatch.setattr(notice, "RESULTS_VERSION", 2)
    say_how_trials_count(tmp_path)
    assert said == [
        f"{tmp_path}: 1 trial of another results version than 2: kept, shown by reports, "
        "and run again when requested"
    ]


def test_a_store_that_cannot_be_written_says_it_and_is_no_error(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, content: bytes, *, store: Path) -> None:
        raise StoreError(f"cannot write to the store {store}")

    record(tmp_path, 1, version=None, source="c0de")
    monkeypatch.setattr(notice, "write_atomically", refuse)
    say_how_trials_count(tmp_path)
    say_how_trials_count(tmp_path)
    assert len(said) == 2


def test_a_damaged_notice_is_written_again(tmp_path: Path, said: list[str]) -> None:
    record(tmp_path, 1, version=None, source=SOURCE_HASH_0_1)
    Store(tmp_path).version_notice.write_text("{")
    say_how_trials_count(tmp_path)
    say_how_trials_count(tmp_path)
    assert len(said) == 1
