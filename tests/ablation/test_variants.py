"""Every file of `ablations/` is a variant that works on both published networks."""

import re
from pathlib import Path

import pytest
import torch

from workbench.ablation.variant import (
    FOLDER,
    Variant,
    find_variants,
    local_variants,
    read_variant,
)
from workbench.config.overrides import value_at
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.shipped import shipped_folder
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import make_plan
from workbench.models.factory import build_model
from workbench.store.keys import model_hash

FILES = sorted(shipped_folder(FOLDER).glob("*.yaml"))


def trial(base: str) -> TrialConfig:
    return TrialConfig(model=PRESETS[base], training=RECIPES["smoke"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("base", ["mdrn-s", "mdrn"])
def test_a_shipped_variant_asks_a_question_and_changes_the_network(path: Path, base: str) -> None:
    variant = read_variant(path)
    assert variant.name == path.stem
    assert variant.question.endswith("?")
    assert "\n" not in variant.question
    changed = variant.apply(trial(base))
    assert model_hash(changed.model) != model_hash(PRESETS[base])
    assert changed.model_copy(update={"model": PRESETS[base]}) == trial(base)


@pytest.mark.parametrize("base", ["mdrn-s", "mdrn"])
def test_no_two_shipped_variants_build_one_network(base: str) -> None:
    hashes = [model_hash(read_variant(path).apply(trial(base)).model) for path in FILES]
    assert len(set(hashes)) == len(FILES)


def refusal(variant: Variant, base: str) -> str | None:
    """Return what a refusal says first, by the needs that the file states; None to build."""
    plain = trial(base).plain()
    for key, wanted in variant.needs:
        found = value_at(plain, key)
        if found != wanted:
            shown = ["none" if value is None else str(value) for value in (wanted, found)]
            return f"the question needs {key} {shown[0]}, here it is {shown[1]}"
    same = model_hash(variant.apply(trial(base)).model) == model_hash(PRESETS[base])
    return "changes nothing" if same else None


@pytest.mark.parametrize("base", ["imdn", "rfdn", "efdn", "bsrn"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_variant_builds_on_each_preset_or_is_refused_with_the_reason(
    path: Path, base: str
) -> None:
    variant = read_variant(path)
    reason = refusal(variant, base)
    if reason is None:
        changed = make_plan("study", base, trial(base), [variant], [1]).arms[1].config.model
        with torch.device("meta"):
            side = changed.smallest_lr_px()
            assert build_model(changed)(torch.rand(1, 3, side, side)).shape[2] == side * 4
        return
    with pytest.raises(ConfigError, match=re.escape(reason)) as refused:
        make_plan("study", base, trial(base), [variant], [1])
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("part", ["spatial_attention", "channel_attention"])
def test_a_change_of_an_attention_names_the_attention_that_it_needs(path: Path, part: str) -> None:
    variant = read_variant(path)
    if any(key.startswith(f"model.{part}") for key, _ in variant.overrides):
        assert f"model.{part}.kind" in dict(variant.needs)


def test_a_misspelt_need_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "question: Why?\nneeds:\n  model.spatial_atention.kind: mdsa\n"
        "overrides:\n  model.channels: 30\n"
    )
    with pytest.raises(ConfigError, match=r"mine\.yaml:3: unknown key .*did you mean 'model.spat"):
        read_variant(path).apply(trial("mdrn-s"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_editor_finds_the_schema_of_a_shipped_variant(path: Path) -> None:
    assert path.read_text().splitlines()[0] == "# yaml-language-server: $schema=schema.json"


@pytest.mark.parametrize("names", [["all"], ["no-lvar", "all"], ["all", "all"]])
def test_all_stands_for_every_variant_once(names: list[str]) -> None:
    assert [variant.name for variant in find_variants(names)] == [path.stem for path in FILES]


def test_names_keep_their_order_and_count_once() -> None:
    found = find_variants(["se", "no-lvar", "se"])
    assert [variant.name for variant in found] == ["se", "no-lvar"]


@pytest.mark.parametrize("names", [["no-lvra"], ["all", "no-lvra"]])
def test_an_unknown_name_is_refused_with_the_nearest(names: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"unknown variant 'no-lvra'; did you mean 'no-lvar'\?"):
        find_variants(names)


def test_a_file_in_the_working_directory_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FOLDER).mkdir()
    path = tmp_path / FOLDER / "no-lvar.yaml"
    path.write_text("question: Mine?\noverrides:\n  model.channels: 12\n")
    monkeypatch.chdir(tmp_path)
    found = find_variants(["all"])
    assert len(found) == len(FILES)
    (mine,) = local_variants(found)
    assert (mine.name, mine.question, mine.path) == ("no-lvar", "Mine?", path)
    assert mine.apply(trial("mdrn-s")).mdrn.channels == 12


def test_overrides_that_mean_nothing_on_a_base_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "question: Why?\noverrides:\n  model.channels: 30\n  model.spatial_attention.lvar: [9]\n"
    )
    with pytest.raises(ConfigError, match=r"mine\.yaml:4: .*lvar must be a subset of levels"):
        read_variant(path).apply(trial("mdrn-s"))
