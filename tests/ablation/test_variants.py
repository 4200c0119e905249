"""Every file of `ablations/` is a variant that works on both published networks."""

from pathlib import Path

import pytest

from workbench.ablation.variant import FOLDER, find_variants, local_variants, read_variant
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.shipped import shipped_folder
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.keys import model_hash

FILES = sorted(shipped_folder(FOLDER).glob("*.yaml"))
SHIPPED = {
    *("no-lvar", "lvar-all", "lvar-d3", "lvar-d5", "global-var"),
    *("no-d3", "no-d5", "no-d7", "d7-only", "d3-only", "no-refinement", "no-mdsa", "esa"),
    *("no-ecca", "plain-cca", "no-cca", "se", "eca"),
    *("no-distillation", "relu", "plain-conv"),
    *("channels-20", "channels-24", "channels-32", "blocks-6", "blocks-5"),
}


def trial(base: str) -> TrialConfig:
    return TrialConfig(model=PRESETS[base], training=RECIPES["smoke"])


def test_the_shipped_variants_are_these() -> None:
    assert {path.stem for path in FILES} == SHIPPED
    assert len(SHIPPED) == 26


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_editor_finds_the_schema_of_a_shipped_variant(path: Path) -> None:
    assert path.read_text().splitlines()[0] == "# yaml-language-server: $schema=schema.json"


@pytest.mark.parametrize("names", [["all"], ["no-lvar", "all"], ["all", "all"]])
def test_all_stands_for_every_variant_once(names: list[str]) -> None:
    assert [variant.name for variant in find_variants(names)] == sorted(SHIPPED)


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
    assert mine.apply(trial("mdrn-s")).model.channels == 12


def test_overrides_that_mean_nothing_on_a_base_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "question: Why?\noverrides:\n  model.channels: 30\n  model.spatial_attention.lvar: [9]\n"
    )
    with pytest.raises(ConfigError, match=r"mine\.yaml:4: .*lvar must be a subset of levels"):
        read_variant(path).apply(trial("mdrn-s"))
