import csv
import io
import json
import subprocess
import sys

import pytest

from tests.tracking.conftest import (
    SMALL_COST,
    make_config,
    make_label,
    make_point,
    make_record,
    make_result,
)
from workbench.config.evidence import Pretrained
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.results import TrialState
from workbench.tracking import run_content as content
from workbench.tracking.metric_names import safe_name
from workbench.tracking.run_points import cost_points, curve_points, result_points
from workbench.tracking.tracker import TrialLabel


def test_params_are_the_keys_and_values_that_overrides_take() -> None:
    config = make_config()
    params = content.config_params(config)
    assert params["model.spatial_attention.refinement"] == "true"
    assert params["training.stages.0.sources"] == "null"
    assert params["model.block_overrides"] == "[]"
    values = {
        key: value if key.rpartition(".")[2] in ("kind", "name", "folder") else json.loads(value)
        for key, value in params.items()
        if value.startswith(("[", "-")) or value[0].isdecimal() or value in ("true", "null")
    }
    assert len(values) > 20
    assert apply_overrides(config, values) == config


def test_the_kind_of_evidence_is_a_tag_and_a_lesion_has_no_recipe() -> None:
    retrained = make_config()
    assert content.evidence_tags(retrained) == {"workbench.evidence": "retrained"}
    lesion, healed = (
        retrained.model_copy(update={"pretrained": Pretrained(hash="a" * 64, heal=heal)})
        for heal in (False, True)
    )
    assert content.evidence_tags(lesion) == {
        "workbench.evidence": "lesion",
        "workbench.pretrained": "a" * 64,
    }
    assert content.evidence_tags(healed)["workbench.evidence"] == "healed"
    recipes = [
        [key for key in content.config_params(config) if key.startswith("training.stages")]
        for config in (lesion, healed)
    ]
    assert not recipes[0]
    assert recipes[1]
    assert content.config_params(lesion)["pretrained.hash"] == "a" * 64
    made = make_result(make_label("no-lvar", 1)).model_copy(update={"config": healed})
    assert content.result_tags(make_label("no-lvar", 1), made)["workbench.evidence"] == "healed"


def test_a_part_that_is_left_out_is_null() -> None:
    config = apply_overrides(make_config(), {"model.spatial_attention": None})
    params = content.config_params(config)
    assert params["model.spatial_attention"] == "null"
    assert "model.spatial_attention.kind" not in params


def test_params_and_tags_are_cut_to_what_mlflow_accepts() -> None:
    config = make_config().plain()
    config["data"]["validation"]["folder"] = "x" * 7_000
    long = content.config_params(TrialConfig.parse(config))["data.validation.folder"]
    assert (len(long), long[-2:]) == (content.PARAM_LIMIT, "x…")
    result = make_result(make_label(), TrialState.DIVERGED, reason="y" * 9_000)
    tags = content.result_tags(make_label(), result)
    assert len(tags["workbench.reason"]) == content.TAG_LIMIT


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Set5", "Set5"),
        ("B100 x4-v1.0", "B100 x4-v1.0"),
        ("Köln", "Köln"),
        ("a/b:c(d)", "a_b_c_d_"),
        ("..", "_."),
        ("z" * 300, "z" * 200),
    ],
)
def test_data_set_names_become_names_of_metrics(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_values_do_not_depend_on_the_time_of_writing() -> None:
    points = curve_points(make_point(40)) + cost_points(SMALL_COST)
    assert {point.time_ms for point in points} == {0, 1_795_000_005_250}
    label = make_label()
    assert result_points(make_result(label)) == result_points(make_result(label))


def test_the_score_table_has_a_row_for_each_image() -> None:
    text = content.result_files(make_result(make_label()))["per_image_scores.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["dataset"], row["image"]) for row in rows] == [
        ("Set5", "baby"),
        ("Set5", "bird"),
        ("Urban 100/x", "baby"),
        ("Urban 100/x", "bird"),
    ]
    assert rows[0]["psnr_rgb_db"] == "31.0"
    assert rows[0]["protocol"] == "x4, uint8, crop 4, LR bicubic"


def test_the_protocol_of_a_self_ensemble_is_a_tag_and_a_column() -> None:
    record = make_record()
    (scores,) = record.scores
    protocol = scores.protocol.model_copy(update={"self_ensemble": True})
    record = record.model_copy(
        update={"scores": (scores.model_copy(update={"protocol": protocol}),)}
    )
    said = "x4, uint8, crop 4, LR bicubic, self-ensemble x8"
    assert content.weights_tags(make_label(), record)["workbench.protocol.Set5"] == said
    files = content.weights_files(record)
    assert any(said.encode() in file for file in files.values())


def test_a_clean_checkout_has_no_diff() -> None:
    result = make_result(make_label(), diff=None)
    assert "git_dirty.diff" not in content.result_files(result)
    assert content.result_tags(make_label(), result)["workbench.git_dirty"] == "false"


def test_tracking_loads_without_torch_and_mlflow() -> None:
    script = (
        "import sys, workbench.tracking.mlflow_tracker, workbench.trial.environment, "
        "workbench.cli.ui; print(sorted({'torch', 'mlflow', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_names_in_notes_and_tables_are_text() -> None:
    label = TrialLabel("[red]x", "<script>|`v`", 1, "k")
    result = make_result(label)
    scores = tuple(s.model_copy(update={"dataset": "=cmd|<b>"}) for s in result.scores)
    odd = result.model_copy(update={"scores": scores, "reason": "<img src=x>"})
    note = content.result_note(label, odd)
    assert r"**&lt;script>\|\`v\`**, seed 1, of the study **\[red\]x**" in note
    assert r"| =cmd\|&lt;b> |" in note
    assert "<img" not in note
    assert r"**\[red\]x**" in content.started_note(label)
    table = content.result_files(odd)["per_image_scores.csv"].decode()
    assert all(line.startswith("'=cmd|<b>,") for line in table.splitlines()[1:])
