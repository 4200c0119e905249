"""Keys are equal for runs of one result, and differ for all others."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench import keys
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.keys import DataHashes, code_hash, trial_key

CONFIG = apply_overrides(
    TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"]),
    {
        "data.training": [{"name": "A", "folder": "/a"}, {"name": "B", "folder": "/b"}],
        "training.stages.0.sources": [{"name": "A", "first": 9}],
    },
)
HASHES = DataHashes(training={"A": "aa", "B": "bb"}, validation="cc", benchmarks={"Set5": "dd"})
KEY = trial_key(CONFIG, HASHES)

SAME: list[dict[str, Any]] = [
    {"training.checkpoint_every": 7},
    {"data.training.1.folder": "/elsewhere"},
    {"data.validation.name": "another name"},
    {"model.channel_attention.cca.reduction": 8},
    {"model.block_overrides": [{"blocks": [0, -1], "activation": "gelu"}]},
    {"model.distilled_fraction": 0.51},
    {"evaluation.tile_overlap_lr_px": 8},
]
OTHER_TRAINING: list[dict[str, Any]] = [
    {"seed": 2},
    {"model.channels": 12},
    {"model.spatial_attention.lvar": []},
    {"training.stages.0.steps": 200},
    {"training.stages.0.loss": "l2"},
    {"training.stages.0.sources": None},
    {"training.stages.0.sources.0.first": 8},
    {"training.stages.0.sources.0.name": "B"},
    {"training.ema_decay": 0.9},
    {"training.validate_every": 20},
    {"training.threads": 2},
]


@pytest.mark.parametrize("overrides", SAME, ids=str)
def test_what_does_not_change_the_result_does_not_change_the_key(overrides: dict[str, Any]) -> None:
    changed = apply_overrides(CONFIG, overrides)
    assert changed != CONFIG
    assert trial_key(changed, HASHES) == KEY


def test_names_of_training_images_do_not_matter() -> None:
    plain = CONFIG.plain()
    plain["data"]["training"] = [{"name": "X", "folder": "/a"}, {"name": "Y", "folder": "/b"}]
    plain["training"]["stages"][0]["sources"] = [{"name": "X", "first": 9}]
    renamed = replace(HASHES, training={"X": "aa", "Y": "bb"})
    assert trial_key(TrialConfig.parse(plain), renamed) == KEY


@pytest.mark.parametrize("overrides", OTHER_TRAINING, ids=str)
def test_what_changes_the_weights_changes_both_keys(overrides: dict[str, Any]) -> None:
    changed = trial_key(apply_overrides(CONFIG, overrides), HASHES)
    assert changed.training != KEY.training
    assert changed.trial != KEY.trial


@pytest.mark.parametrize(
    "hashes", [replace(HASHES, training={"A": "a2", "B": "bb"}), replace(HASHES, validation="c2")]
)
def test_other_images_change_both_keys(hashes: DataHashes) -> None:
    changed = trial_key(CONFIG, hashes)
    assert changed.training != KEY.training
    assert changed.trial != KEY.trial


@pytest.mark.parametrize(
    "benchmarks", [{"Set5": "d2"}, {"B100": "dd"}, {"Set5": "dd", "B100": "ee"}]
)
def test_other_benchmarks_keep_the_training(benchmarks: dict[str, str]) -> None:
    changed = trial_key(CONFIG, replace(HASHES, benchmarks=benchmarks))
    assert changed.training == KEY.training
    assert changed.trial != KEY.trial


def test_tiles_change_the_curve_and_so_both_keys() -> None:
    changed = trial_key(apply_overrides(CONFIG, {"evaluation.tile_lr_px": 64}), HASHES)
    assert changed.training != KEY.training
    assert changed.trial != KEY.trial


CODE = '''"""A module."""
import math

def area(radius):
    """Return the area."""
    return math.pi * radius**2  # pi r^2
'''
SAME_CODE = [
    CODE.replace('"""A module."""\n', ""),
    CODE.replace("  # pi r^2", ""),
    CODE.replace('    """Return the area."""\n', '    """Another text,\n    longer."""\n'),
    CODE.replace("\n\n", "\n\n\n# a comment\n"),
    CODE.replace("math.pi * radius**2", "(math.pi\n            * radius ** 2)"),
]
OTHER_CODE = [
    CODE.replace("**2", "**3"),
    CODE.replace("radius", "r"),
    CODE.replace("math.pi", "math.tau"),
    CODE.replace("    return", '    assert radius, "text"\n    return'),
    CODE + "X = 'text'\n",
]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that takes the place of the package's own source files."""
    monkeypatch.setattr(keys, "__file__", str(tmp_path / "keys.py"))
    (tmp_path / "models").mkdir()
    return tmp_path


def hash_of(package: Path, name: str, code: str) -> str:
    """Return the code hash with one file of that content."""
    path = package / "models" / name
    path.write_text(code)
    found: str = code_hash.__wrapped__(("models",))
    path.unlink()
    return found


@pytest.mark.parametrize("code", SAME_CODE)
def test_comments_docstrings_and_layout_do_not_matter(package: Path, code: str) -> None:
    assert code != CODE
    assert hash_of(package, "block.py", code) == hash_of(package, "block.py", CODE)


@pytest.mark.parametrize("code", OTHER_CODE)
def test_code_matters(package: Path, code: str) -> None:
    assert hash_of(package, "block.py", code) != hash_of(package, "block.py", CODE)


def test_where_code_stands_matters_but_not_files_that_no_weight_depends_on(package: Path) -> None:
    assert hash_of(package, "block.py", CODE) != hash_of(package, "layers.py", CODE)
    assert hash_of(package, "complexity.py", CODE) == hash_of(package, "checkpoints.py", "x = 1")


def test_everything_that_is_hashed_exists() -> None:
    package = Path(keys.__file__).parent
    for part in keys.TRAINING_CODE + keys.EVALUATION_CODE:
        assert (package / part).exists(), part
    assert code_hash(keys.TRAINING_CODE) != code_hash(keys.EVALUATION_CODE)
