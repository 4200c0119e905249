"""Numbers that nobody can have measured are refused where a record is read, in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders.stores import STUDY, make_store, rewrite
from tests.tracking.conftest import make_label, make_record, make_result
from workbench.analysis.comparison import compare
from workbench.config.plausible import HIGHEST_DB as HIGHEST_STORED_DB
from workbench.errors import ConfigError, StoreError
from workbench.evaluation.metrics import HIGHEST_DB
from workbench.experiments.exported import open_export
from workbench.experiments.saved_scores import read_saved
from workbench.experiments.transfer import export_study
from workbench.results import DatasetScores, ImageScore, TrialResult, WeightsRecord
from workbench.store.ledger import Ledger

IMPOSSIBLE = [
    ("scores.0.images.0.psnr_rgb_db", 9999.0, "must be within 0..100, got 9999.0"),
    ("scores.0.images.1.psnr_y_db", -0.5, "must be within 0..100, got -0.5"),
    ("scores.1.images.0.ssim_rgb", 1.01, "must be within -1..1, got 1.01"),
    ("scores.1.images.0.ssim_y", -1.01, "must be within -1..1, got -1.01"),
    ("curve.0.score.psnr_rgb_db", 101.0, "must be within 0..100, got 101.0"),
    ("curve.2.step", -1, "must be within 0..1e+18, got -1"),
    ("curve.1.learning_rate", -1e-3, "must be within 0..1e+18, got -0.001"),
    ("cost.parameters", -1, "must be within 0..1e+18, got -1"),
    ("cost.multiply_adds", 10**400, "must be within 0..1e+18, got 1000000"),
    ("cost.lr_height_px", 0, "must be within 1..1e+18, got 0"),
    ("steps", -120, "must be within 0..1e+18, got -120"),
    ("sessions", -1, "must be within 0..1e+18, got -1"),
    ("training_s", -1.0, "must be within 0..1e+18, got -1.0"),
    ("evaluation_s", -1.0, "must be within 0..1e+18, got -1.0"),
    ("started_s", -5.0, "must be within 0..2.53402e+11, got -5.0"),
    ("finished_s", 1e15, "must be within 0..2.53402e+11, got 1000000000000000.0"),
    ("scores.0.protocol.crop_px", -4, "must be within 0..1e+18, got -4"),
    ("scores.0.images", [], "must be at least one image, and no two of one name"),
]
FIELD = r"scores\.0\.images\.0\.psnr_rgb_db: (must be within 0|should be a finite number, got )"
NOT_FINITE = ["NaN", "Infinity", "-Infinity", "1e309"]


def changed(record: Any, path: str, value: object) -> Any:
    """Return plain data with one value changed."""
    node = data = record.plain()
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        node = node[part]
    node[last] = value
    return data


def put(store: Path, content: str) -> Path:
    path = store / "trials" / "beef" / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    return path


@pytest.mark.parametrize(("field", "value", "rule"), IMPOSSIBLE, ids=[one[0] for one in IMPOSSIBLE])
def test_an_impossible_number_of_a_result_is_refused(
    tmp_path: Path, field: str, value: object, rule: str
) -> None:
    data = changed(make_result(make_label()), field, value)
    path = put(tmp_path, json.dumps(data))
    with pytest.raises(StoreError, match="this record cannot be read") as refused:
        Ledger(tmp_path).result("beef")
    text = str(refused.value)
    assert text.startswith(f"{path}: this record cannot be read ({field}: {rule}")
    assert "\n" not in text


@pytest.mark.parametrize("number", NOT_FINITE)
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, number: str) -> None:
    text = json.dumps(make_result(make_label()).plain()).replace("31.0", number, 1)
    path = put(tmp_path, text)
    rule = r"read \(scores\.0\.images\.0\.psnr_rgb_db: should be a finite number, got (nan|-?inf)"
    with pytest.raises(StoreError, match=rule) as refused:
        Ledger(tmp_path).result("beef")
    assert str(refused.value).startswith(f"{path}: ")


@pytest.mark.parametrize("number", [*NOT_FINITE, "9999"])
def test_an_import_refuses_them_before_anything_is_written(tmp_path: Path, number: str) -> None:
    export_study(make_store(tmp_path / "theirs"), STUDY, tmp_path / "exported")
    name = "trials/tiny-1-0f3a/result.json"
    data = json.loads((tmp_path / "exported" / name).read_text())
    del data["sha256"]
    rewrite(tmp_path / "exported", name, json.dumps(data).replace("31.0", number, 1).encode())
    with pytest.raises(ConfigError, match=rf"tiny-1-0f3a/result\.json: {FIELD}"):
        open_export(tmp_path / "exported")


@pytest.mark.parametrize("number", [*NOT_FINITE, "9999"])
def test_saved_scores_of_external_checkpoints_are_checked_likewise(
    tmp_path: Path, number: str
) -> None:
    one = {"record": make_record().plain(), "means": {}, "delta": {}}
    saved = {"format": "mdrn-workbench-scores/1", "channel": "rgb", "networks": [one]}
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(saved))
    assert read_saved(path)
    path.write_text(json.dumps(saved).replace("31.0", number, 1))
    with pytest.raises(ConfigError, match=rf"scores\.json: networks\.0\.record\.{FIELD}"):
        read_saved(path)


def test_a_record_of_external_weights_has_the_same_bounds() -> None:
    data = changed(make_record(), "cost.activations", -1)
    with pytest.raises(ConfigError, match=r"^cost\.activations: must be within 0"):
        WeightsRecord.parse(data)


def test_identical_images_have_a_score_that_every_record_takes() -> None:
    assert HIGHEST_STORED_DB == HIGHEST_DB


def test_perfect_scores_break_no_comparison() -> None:
    def perfect(name: str, seed: int) -> TrialResult:
        result = make_result(make_label(name, seed))
        scores = tuple(
            DatasetScores(
                dataset=one.dataset,
                protocol=one.protocol,
                images=tuple(
                    ImageScore(
                        name=image.name,
                        psnr_rgb_db=HIGHEST_DB,
                        ssim_rgb=1.0,
                        psnr_y_db=HIGHEST_DB,
                        ssim_y=1.0,
                    )
                    for image in one.images
                ),
            )
            for one in result.scores
        )
        return result.model_copy(update={"scores": scores})

    rows = compare({n: [perfect(n, s) for s in (1, 2, 3)] for n in ("tiny", "no-lvar")}, {}).rows
    difference = rows[1].datasets["Set5"].difference
    assert difference is not None
    assert difference.decision.estimate.mean == 0
