"""Results are those of their version: a change of results needs a new `RESULTS_VERSION`."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.pinned import make, measure
from workbench.data.bicubic import downscale
from workbench.store.versions import MARKS, RESULTS_VERSION
from workbench.trial.crops import crop_samplers

pytestmark = pytest.mark.xdist_group("pinned")


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return make.read_values()


def test_the_stored_values_are_of_this_version(stored: dict[str, Any]) -> None:
    assert stored["results_version"] == RESULTS_VERSION == max(MARKS)
    assert stored["sections"].keys() == measure.SECTIONS.keys()


@pytest.mark.parametrize("section", measure.SECTIONS)
def test_results_are_those_of_their_version(
    section: str, stored: dict[str, Any], tmp_path: Path
) -> None:
    measured = measure.measure(section, tmp_path)
    # New or missing names: run `python -m tests.pinned.make`.
    assert measured.keys() == stored["sections"][section].keys()
    # Changed values: undo the change, or raise RESULTS_VERSION and run `tests.pinned.make`.
    assert measure.changes(section, stored["sections"][section], measured) == []


def other_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.models.factory._stream", lambda seed, _path: seed)


def other_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.crops._PLACE", 2)


def other_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = crop_samplers

    def without_first(config: Any, images: Any) -> Any:
        stages = [s.model_copy(update={"sources": None}) for s in config.training.stages]
        training = config.training.model_copy(update={"stages": tuple(stages)})
        return whole(config.model_copy(update={"training": training}), images)

    monkeypatch.setattr(measure, "crop_samplers", without_first)


def other_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = downscale

    def darker(*arguments: Any, **options: Any) -> Any:
        return exact(*arguments, **options) // 2

    monkeypatch.setattr("workbench.data.pairs.downscale", darker)


def other_decay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "ema_decay", lambda _config, _step: 0.5)


def other_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "workbench.training.steps.LOSSES",
        dict.fromkeys(("l1", "charbonnier"), torch.nn.functional.mse_loss),
    )


def other_average(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.training.state.ema_decay", lambda _config, _step: 0.5)


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("initial weights", other_stream),
        ("images", other_rounding),
        ("crops", other_crops),
        ("crops", other_sources),
        ("schedule", other_decay),
        ("gradients", other_loss),
        ("training", other_average),
    ],
)
def test_a_change_of_results_is_noticed(
    section: str,
    change: Any,
    stored: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change(monkeypatch)
    measured = measure.measure(section, tmp_path)
    assert measure.changes(section, stored["sections"][section], measured)


def test_a_score_that_changes_by_a_tenth_of_a_thousandth_is_noticed(
    stored: dict[str, Any],
) -> None:
    scores = stored["sections"]["scores"]
    psnr, *others = scores["trial"]
    assert measure.changes("scores", scores, scores | {"trial": [psnr * 1.0001, *others]}) == [
        "trial"
    ]
    assert measure.changes("scores", scores, scores | {"trial": [psnr * 1.000001, *others]}) == []


SMALL = {"results_version": 1, "sections": {"crops": {"step 0": [1, 2]}, "scores": {"a": [20.0]}}}


def test_changed_values_of_one_version_are_refused() -> None:
    with pytest.raises(make.UnchangedVersionError, match=r"'crops: step 0', and RESULTS_VERSION"):
        make.updated(SMALL, {"crops": {"step 0": [1, 3]}, "scores": {"a": [20.0]}}, 1)


def test_a_new_version_has_values_of_its_own() -> None:
    content = make.updated(SMALL, {"crops": {"step 0": [1, 3]}, "scores": {"a": [21.0]}}, 2)
    assert json.loads(content) == {
        "results_version": 2,
        "sections": {"crops": {"step 0": [1, 3]}, "scores": {"a": [21.0]}},
    }


def test_new_names_are_added_and_rounding_changes_no_digit() -> None:
    measured: dict[str, measure.Values] = {
        "crops": {"step 0": [1, 2], "step 1": [3]},
        "scores": {"a": [20.0000001]},
    }
    content = json.loads(make.updated(SMALL, measured, 1))
    assert content["sections"] == {
        "crops": {"step 0": [1, 2], "step 1": [3]},
        "scores": {"a": [20.0]},
    }


def test_the_generator_writes_nothing_when_it_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "values.json"
    file.write_text(json.dumps({"results_version": 1, "sections": {"schedule": {"x": 1}}}))
    before = file.read_bytes()
    monkeypatch.setattr(make, "FILE", file)
    monkeypatch.setattr(make, "SECTIONS", ("schedule",))
    monkeypatch.setattr(make, "measure", lambda _section, _folder: {"x": 2})
    assert make.main() == 2
    assert "'schedule: x'" in capsys.readouterr().err
    assert file.read_bytes() == before
