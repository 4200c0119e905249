"""Tables that several processes write to."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.builders.curves import declare
from tests.builders.ranking import ranked
from tests.builders.tables import table_of
from workbench.errors import ConfigError
from workbench.experiments.table import TableSpec, make_table
from workbench.system.events import Note
from workbench.tables.files import read_table, table_lock, write_table

FIRST = ranked("first", [0.0, 0.1])
MORE = {arm: trials for arm, trials in ranked("more", [0.0] * 4).items() if arm > "v01"}


def test_a_second_writer_waits_and_adds_to_what_the_first_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.system.locks._POLL_S", 0.01)
    declare(tmp_path / "store", "more", MORE)
    out, waits, said = tmp_path / "bench", threading.Event(), list[str]()

    def emit(event: object) -> None:
        if isinstance(event, Note):
            said.append(event.text)
            waits.set()

    with ThreadPoolExecutor(1) as threads:
        with table_lock(out, lambda: pytest.fail("the first writer waits")):
            second = threads.submit(make_table, TableSpec(["more"]), tmp_path / "store", out, emit)
            assert waits.wait(60)
            assert not out.exists()
            write_table(table_of(FIRST), out)
        written = second.result(60)
    assert (written.kept, written.added) == (4, 4)
    assert set(read_table(out).arms) == {"v00", "v01", "v02", "v03"}
    assert said[0] == f"another process is writing the table {out}; waiting until it is done"
    assert len([text for text in said if "another process" in text]) == 1


def test_what_is_refused_leaves_no_lock(tmp_path: Path) -> None:
    declare(tmp_path / "store", "more", MORE)
    with pytest.raises(ConfigError, match="unknown study or search 'less'"):
        make_table(TableSpec(["less"]), tmp_path / "store", tmp_path / "a" / "bench")
    assert not (tmp_path / "a").exists()


def test_a_table_without_a_place_for_its_lock_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    declare(tmp_path / "store", "more", MORE)
    monkeypatch.setattr("workbench.system.locks.FileLock", refused)
    written = make_table(TableSpec(["more"]), tmp_path / "store", tmp_path / "bench")
    assert len(written.table.results) == 4
