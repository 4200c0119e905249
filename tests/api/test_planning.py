"""`wb.plan`: how many seeds a study needs, from Python."""

import json
from pathlib import Path

import pytest

import workbench as wb

PATCH = {"training.stages.0.hr_patch_px": 60}


def test_the_function_returns_what_the_command_prints(photos: Path, tmp_path: Path) -> None:
    found = wb.plan(
        "no-lvar",
        effect_db=0.5,
        base="tiny",
        data={"own": photos},
        validation=photos,
        benchmarks={"P": photos},
        overrides=PATCH,
        allow_overlap=True,
        store=tmp_path / "store",
        workers=2,
        progress=False,
        seed_sd_db=0.05,
        image_sd_db=0.05,
        rest_sd_db=0.05,
    )
    assert isinstance(found, wb.PowerPlan)
    (dataset,) = found.datasets
    assert (dataset.dataset, dataset.images, dataset.pairs) == ("P", 4, 0)
    assert found.seeds == dataset.seeds
    assert found.running is not None
    assert found.running.trials == 2 * (found.seeds or 0)
    assert found.running.workers == "with 2 workers"
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain | {"variants": ["no-lvar"]}


def test_errors_name_the_arguments(tmp_path: Path) -> None:
    with pytest.raises(wb.WorkbenchError, match="effect_db must be above 0 dB, got 0"):
        wb.plan(["no-lvar"], effect_db=0)
    missing = r"state seed_sd_db, image_sd_db, rest_sd_db"
    with pytest.raises(wb.WorkbenchError, match=missing):
        wb.plan(["no-lvar"], store=tmp_path / "empty", recipe="smoke", progress=False)
