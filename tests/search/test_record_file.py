"""The file of a search: damage, older versions, searches that are put aside."""

import json
import re
from pathlib import Path

import pytest

from tests.builders.searches import (
    Fake,
    run,
    settings,
)
from tests.damage import change_digit, flip
from workbench.errors import ConfigError
from workbench.search.record import SearchRecord
from workbench.search.record_file import add_line, find_record, put_aside, start_record


def test_searches_that_are_put_aside_within_a_second_are_both_kept(tmp_path: Path) -> None:
    records = [SearchRecord(name="s", settings=settings(seed=seed)) for seed in (1, 2)]
    names = []
    for record in records:
        start_record(record, tmp_path)
        names.append(put_aside(tmp_path, "s"))
    kept = [find_record(tmp_path, name or "") for name in names]
    assert [record.settings.seed for record in kept] == [1, 2]
    assert [record.name for record in kept] == names
    assert put_aside(tmp_path, "s") is None


def write_search(store: Path) -> Path:
    record = SearchRecord(name="s", settings=settings())
    start_record(record, store)
    run(settings(), 12, Fake(), keep=lambda line: add_line(line, store, "s"))
    return store / "searches" / "s.jsonl"


@pytest.mark.parametrize("at", [0.02, 0.3, 0.6, 0.95])
def test_a_damaged_record_is_refused_and_left_alone(tmp_path: Path, at: float) -> None:
    path = write_search(tmp_path)
    flip(path, at)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"s\.jsonl: damaged \(line \d+: its SHA-256 must be .*"):
        find_record(tmp_path, "s")
    assert path.read_bytes() == before


def test_a_digit_of_a_record_is_noticed(tmp_path: Path) -> None:
    path = write_search(tmp_path)
    change_digit(path, '"seed": ')
    with pytest.raises(ConfigError, match=r"damaged \(line 1: .*; restore it from a copy, or move"):
        find_record(tmp_path, "s")


def test_a_record_of_an_older_workbench_has_no_digests_and_is_read(tmp_path: Path) -> None:
    path = write_search(tmp_path)
    record = find_record(tmp_path, "s")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(line.pop("sha256") for line in lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert find_record(tmp_path, "s") == record


@pytest.mark.parametrize("number", ["NaN", "1e309", "-1.5"])
def test_an_impossible_number_of_a_record_is_refused(tmp_path: Path, number: str) -> None:
    path = write_search(tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        del line["sha256"]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(re.sub(r'"latency_ms": null', f'"latency_ms": {number}', text, count=1))
    with pytest.raises(ConfigError, match=r"s\.jsonl: no search of this version; move it away"):
        find_record(tmp_path, "s")
