"""No table mixes protocols, whatever it shows."""

from typing import Any

import pytest

from workbench.analysis.protocol_lock import ScoreOrigin, check_one_protocol
from workbench.errors import WorkbenchError
from workbench.results import Protocol

FIELDS: dict[str, Any] = {"scale": 4, "crop_px": 4, "lr_origin": "given", "data_hash": "beef"}
ONE = ScoreOrigin("one", "Set5", "rgb", Protocol(**FIELDS))


def test_equal_protocols_pass_and_are_given_by_data_set() -> None:
    other = ScoreOrigin("two", "Set14", "rgb", Protocol(**FIELDS | {"data_hash": "f00d"}))
    found = check_one_protocol([ONE, other, ONE])
    assert found == {"Set5": ONE.protocol, "Set14": other.protocol}
    assert check_one_protocol([]) == {}


@pytest.mark.parametrize(
    ("change", "left", "right"),
    [
        ({"crop_px": 0}, "x4, uint8, crop 4, LR given", "x4, uint8, crop 0, LR given"),
        ({"scale": 2}, "x4, uint8, crop 4, LR given", "x2, uint8, crop 4, LR given"),
        ({"lr_origin": "bicubic-uint8"}, "LR given", "LR bicubic-uint8"),
        ({"tile_lr_px": 48, "tile_overlap_lr_px": 8}, "LR given", "LR given, tiles 48+8"),
        ({"precision": "bf16"}, "LR given", "LR given, bf16"),
        ({"self_ensemble": True}, "LR given", "LR given, self-ensemble x8"),
        ({"data_hash": "f00d"}, "images beef", "images f00d"),
    ],
)
def test_what_differs_is_named_with_both_runs(
    change: dict[str, Any], left: str, right: str
) -> None:
    two = ScoreOrigin("two", "Set5", "rgb", Protocol(**FIELDS | change))
    with pytest.raises(WorkbenchError, match="two protocols") as refusal:
        check_one_protocol([ONE, two])
    text = str(refusal.value)
    assert text.startswith("Set5 was scored by two protocols, which must not be compared: ")
    assert f"{left} in one, " in text
    assert text.endswith(f"{right} in two")


def test_records_of_fp32_are_written_as_before_there_was_a_choice() -> None:
    assert "precision" not in ONE.protocol.plain()
    assert Protocol.parse(ONE.protocol.plain()).precision == "fp32"
    half = Protocol(**FIELDS, precision="fp16")
    assert half.plain() == ONE.protocol.plain() | {"precision": "fp16"}
    assert Protocol.parse(half.plain()) == half


def test_records_of_one_orientation_are_written_as_before_there_were_eight() -> None:
    assert "self_ensemble" not in ONE.protocol.plain()
    eight = Protocol(**FIELDS, self_ensemble=True)
    assert eight.plain() == ONE.protocol.plain() | {"self_ensemble": True}
    assert Protocol.parse(eight.plain()) == eight


def test_rgb_and_y_are_not_mixed() -> None:
    with pytest.raises(WorkbenchError, match=r"compared: RGB in one, Y in two$"):
        check_one_protocol([ONE, ScoreOrigin("two", "Set5", "y", ONE.protocol)])


LESION = {"evidence": "lesion", "pretrained": "a" * 64}


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ({}, LESION, r"retrained in one, lesion of weights a{8} in two"),
        (LESION, LESION | {"evidence": "healed"}, r"lesion of weights a{8} in one, healed from"),
        (
            LESION,
            LESION | {"pretrained": "b" * 64},
            r"lesion of weights a{8} in one, lesion of weights b{8}",
        ),
    ],
)
@pytest.mark.parametrize("dataset", ["Set5", "Set14"])
def test_kinds_of_evidence_are_never_put_side_by_side(
    one: dict[str, Any], other: dict[str, Any], words: str, dataset: str
) -> None:
    first = ScoreOrigin("one", "Set5", "rgb", Protocol(**FIELDS | one))
    second = ScoreOrigin("two", dataset, "rgb", Protocol(**FIELDS | other))
    with pytest.raises(WorkbenchError, match=f"two kinds of evidence must not be .*: {words}"):
        check_one_protocol([first, second])
    assert check_one_protocol([second])[dataset].describe().endswith(second.protocol.evidence_text)
