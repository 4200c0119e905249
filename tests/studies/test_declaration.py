"""A study's family is written down before its trials."""

from dataclasses import replace
from pathlib import Path

import pytest

from workbench.ablation.plan import Plan, make_plan
from workbench.ablation.variant import find_variants
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.statistics.levels import Levels
from workbench.studies.declaration import declare, read_study, studies


def plan(trial: TrialConfig, *names: str, seeds: tuple[int, ...] = (1, 2)) -> Plan:
    return make_plan("my study", "tiny", trial, find_variants(list(names)), seeds)


def keys(made: Plan, mark: str = "k") -> dict[tuple[str, int], str]:
    return {(arm.name, seed): f"{mark}-{arm.name}-{seed}" for arm, seed in made.trials()}


def test_a_declaration_holds_family_seeds_margin_and_data(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    made = plan(tiny_trial, "no-lvar")
    declare(made, Levels(margin_db=0.03), keys(made), tmp_path)
    (found,) = read_study(tmp_path, "my study").declarations
    assert (found.seeds, found.alpha, found.margin_db) == ((1, 2), 0.05, 0.03)
    assert [(arm.name, arm.against) for arm in found.arms] == [("tiny", ""), ("no-lvar", "tiny")]
    assert [arm.config for arm in found.arms] == [arm.config for arm in made.arms]
    assert found.question == ""
    assert found.keys["no-lvar"] == ("k-no-lvar-1", "k-no-lvar-2")
    assert studies(tmp_path) == ["my study"]


def test_the_same_plan_again_is_the_same_declaration(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    made = plan(tiny_trial, "no-lvar")
    for mark in ("k", "k", "other code"):
        declare(made, Levels(margin_db=0.02), keys(made, mark), tmp_path)
    (found,) = read_study(tmp_path, "my study").declarations
    assert found.keys["tiny"] == ("other code-tiny-1", "other code-tiny-2")


def test_the_question_is_kept_and_a_better_wording_of_it_is_no_other_declaration(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    made = plan(tiny_trial, "no-lvar")
    for question, expected in (("", ""), ("Dose it?", "Dose it?"), ("Does it?", "Does it?")):
        declare(replace(made, question=question), Levels(), keys(made), tmp_path)
        (found,) = read_study(tmp_path, "my study").declarations
        assert found.question == expected
    declare(made, Levels(), keys(made), tmp_path)  # the same by options, which have no question
    (found,) = read_study(tmp_path, "my study").declarations
    assert found.question == "Does it?"


def test_more_variants_seeds_or_margin_are_another_declaration(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    first = plan(tiny_trial, "no-lvar")
    declare(first, Levels(margin_db=0.02), keys(first), tmp_path)
    more = plan(tiny_trial, "no-lvar", "se")
    declare(more, Levels(margin_db=0.02), keys(more), tmp_path)
    longer = plan(tiny_trial, "no-lvar", seeds=(1, 2, 3))
    declare(longer, Levels(margin_db=0.02), keys(longer), tmp_path)
    declare(longer, Levels(margin_db=0.05), keys(longer), tmp_path)
    found = read_study(tmp_path, "my study").declarations
    assert len({one.hash for one in found}) == 4
    assert found[0].declared_s <= found[-1].declared_s
    assert found[-1].margin_db == 0.05


def test_an_unknown_or_damaged_study_is_named(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    made = plan(tiny_trial, "no-lvar")
    declare(made, Levels(margin_db=0.02), keys(made), tmp_path)
    with pytest.raises(ConfigError, match=r"unknown study 'my studdy' .*; did you mean 'my study'"):
        read_study(tmp_path, "my studdy")
    path = tmp_path / "studies" / "my study.json"
    for content in ("{", '{"study": "my study", "seeds": [1]}'):
        path.write_text(content)
        with pytest.raises(ConfigError, match="no study of this version; move it away"):
            read_study(tmp_path, "my study")
        with pytest.raises(ConfigError, match="no study of this version"):
            declare(made, Levels(margin_db=0.02), keys(made), tmp_path)
        assert path.read_text() == content
