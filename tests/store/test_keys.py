"""Keys are equal for runs of one result, and differ for all others."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.ablation.variant import find_variants
from workbench.config.evidence import Pretrained
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.store import versions
from workbench.store.keys import DataHashes, model_hash, trial_key

CONFIG = apply_overrides(
    TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"]),
    {
        "data.training": [{"name": "A", "folder": "/a"}, {"name": "B", "folder": "/b"}],
        "training.stages.0.sources": [{"name": "A", "first": 9}],
    },
)
HASHES = DataHashes(training={"A": "aa", "B": "bb"}, validation="cc", benchmarks={"Set5": "dd"})
KEY = trial_key(CONFIG, HASHES)

CUDA = {"training.device": "cuda"}

SAME: list[dict[str, Any]] = [
    {"training.kernels": "eager"},
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
    {"training.precision": "bf16"},
    CUDA,
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


def test_kernels_and_precision_count_on_cuda_and_auto_is_resolved_before() -> None:
    def key(**training: str) -> str:
        changes = {f"training.{name}": value for name, value in training.items()}
        return trial_key(apply_overrides(CONFIG, CUDA | changes), HASHES).training

    assert key() == key(kernels="fused", precision="fp32")
    others = [key(kernels="eager"), key(precision="tf32"), key(precision="bf16")]
    assert len({key(), *others}) == 4


def test_a_recipe_of_0_2_without_half_precision_has_the_same_key() -> None:
    plain = CONFIG.plain()
    del plain["training"]["precision"], plain["training"]["kernels"]
    plain["training"]["amp"] = False
    assert trial_key(TrialConfig.parse(plain), HASHES) == KEY
    plain["training"]["amp"] = True
    with pytest.raises(
        ConfigError, match=r"^training: amp \(float16\) was replaced: use precision"
    ):
        TrialConfig.parse(plain)


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


def test_trials_of_0_1_keep_their_keys() -> None:
    assert (KEY.training, KEY.trial) == (
        "dfcab1055221dfd8d73a8a73ad5e0475",
        "9781c1caee6af530b2f1993b38bd03f9",
    )


@pytest.mark.parametrize("part", ["training", "evaluation"])
def test_another_version_has_other_keys(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(versions.MARKS, 1, replace(versions.MARKS[1], **{part: "2"}))
    changed = trial_key(CONFIG, HASHES)
    assert changed.trial != KEY.trial
    assert (changed.training != KEY.training) == (part == "training")


def test_every_version_has_marks_of_its_own() -> None:
    assert set(versions.MARKS) == set(range(1, versions.RESULTS_VERSION + 1))
    assert len(set(versions.MARKS.values())) == len(versions.MARKS)


def test_hashes_of_the_shipped_networks_are_those_of_0_1() -> None:
    pinned = json.loads((Path(__file__).parent / "network_hashes.json").read_text())
    base = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["smoke"])
    for name, expected in pinned.items():
        preset, _, variant = name.partition(" ")
        model = PRESETS[preset]
        if variant:
            (found,) = find_variants([variant])
            model = found.apply(base).mdrn
        assert model_hash(model) == expected, name
    assert len(set(pinned.values())) == len(pinned)


def test_weights_to_start_from_make_another_training() -> None:
    lesion, healed, other = (
        CONFIG.model_copy(update={"pretrained": Pretrained(hash=digit * 64, heal=heal)})
        for digit, heal in (("a", False), ("a", True), ("b", True))
    )
    keys = [trial_key(config, HASHES) for config in (CONFIG, lesion, healed, other)]
    assert len({key.training for key in keys}) == len({key.trial for key in keys}) == 4
    assert len({key.prefix.hash for key in keys}) == 4  # none resumes from another's checkpoint


def test_a_lesion_is_the_same_whatever_its_recipe_and_training_images() -> None:
    lesion = CONFIG.model_copy(update={"pretrained": Pretrained(hash="a" * 64, heal=False)})
    longer = apply_overrides(lesion, {"training.stages.0.steps": 999})
    elsewhere = replace(HASHES, training={"A": "ee", "B": "ff"}, validation="00")
    assert trial_key(longer, elsewhere) == trial_key(lesion, HASHES)
    scored = replace(HASHES, benchmarks={"Set5": "ee"})
    assert trial_key(lesion, scored).trial != trial_key(lesion, HASHES).trial
    assert trial_key(lesion, scored).training == trial_key(lesion, HASHES).training


def test_a_config_without_weights_is_written_as_before() -> None:
    assert "pretrained" not in CONFIG.plain()
    assert TrialConfig.parse(CONFIG.plain()) == CONFIG
