"""Scores of external checkpoints that are kept in the store."""

from pathlib import Path

import pytest

from tests.damage import flip
from tests.tracking.conftest import make_record
from workbench.errors import ConfigError
from workbench.experiments.external_scores import (
    ExternalScores,
    keep_external_scores,
    read_external_scores,
)


def test_a_damaged_file_is_named_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = [
        ExternalScores(study="s", name="n", key=key, record=make_record()) for key in ("a", "b")
    ]
    for one in kept:
        keep_external_scores(one, tmp_path)
    assert list(read_external_scores(tmp_path)) == kept
    path = tmp_path / "given" / "s.a.json"
    flip(path)
    assert list(read_external_scores(tmp_path)) == kept[1:]
    keep_external_scores(kept[0], tmp_path)  # scored again
    assert list(read_external_scores(tmp_path)) == kept
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{path}: damaged (its SHA-256 must be ")


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "given" / "s.a.json"
    path.parent.mkdir()
    path.write_text('{"study": "s"}')
    with pytest.raises(ConfigError, match=r"s\.a\.json: no scores of this version"):
        list(read_external_scores(tmp_path))
