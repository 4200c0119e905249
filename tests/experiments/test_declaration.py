"""A study's family is written down before its trials."""

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.damage import flip
from workbench.ablation.designs import design_plan
from workbench.ablation.factors import variant_factor
from workbench.ablation.variant import find_variants
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.lookup import look_up
from workbench.execution.plan import Plan, make_plan
from workbench.experiments.changes import change_text
from workbench.experiments.declaration import Study, planned_effects, read_study, studies
from workbench.experiments.declaring import Declared, declare, merge
from workbench.statistics.decision_rule import DecisionRule
from workbench.store.ledger import Ledger
from workbench.trial.images import open_images


def plan(trial: TrialConfig, *names: str, seeds: tuple[int, ...] = (1, 2)) -> Plan:
    return make_plan("my study", "tiny", trial, find_variants(list(names)), seeds)


def keys(made: Plan, mark: str = "k") -> dict[tuple[str, int], str]:
    return {(arm.name, seed): f"{mark}-{arm.name}-{seed}" for arm, seed in made.trials()}


def test_a_declaration_holds_family_seeds_margin_and_data(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    made = plan(tiny_trial, "no-lvar")
    declare(made, DecisionRule(margin_db=0.03), keys(made), tmp_path)
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
    first = declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path)
    again = declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path, "typed later")
    assert (first.before, again.before) == (None, None)
    assert read_study(tmp_path, "my study").declarations == (first.now,) == (again.now,)


def test_the_same_plan_under_other_keys_is_another_declaration(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    made = plan(tiny_trial, "no-lvar")
    first = declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path)
    other = declare(made, DecisionRule(margin_db=0.02), keys(made, "other code"), tmp_path)
    assert other.before == first.now
    assert read_study(tmp_path, "my study").declarations == (first.now, other.now)
    assert first.now.hash != other.now.hash
    assert other.now.declared_s > first.now.declared_s
    expected = "the images or the workbench's code changed, so trials run again under other keys"
    assert change_text(first.now, other.now) == expected
    # Back to the first: it is that declaration, with its date.
    assert declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path).now == first.now


def factorial(trial: TrialConfig) -> Plan:
    found = find_variants(["no-lvar", "relu"])
    return design_plan(
        "factorial", "my study", "tiny", trial, [variant_factor(one) for one in found], [1, 2]
    )


def test_a_study_that_was_declared_without_gates_keeps_its_tests(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    """Version 0.4.0 tested all effects of a factorial design at once."""
    made = factorial(tiny_trial)
    before = replace(made, effects=tuple(replace(one, behind=()) for one in made.effects))
    old = declare(before, DecisionRule(), keys(made), tmp_path)
    again = declare(made, DecisionRule(), keys(made), tmp_path)
    assert again.now == old.now
    assert again.before is None
    assert again.now.declares(made, DecisionRule())
    assert [one.behind for one in planned_effects(again.now)] == [(), (), ()]


def test_a_new_study_declares_what_is_tested_first(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    made = factorial(tiny_trial)
    declare(made, DecisionRule(), keys(made), tmp_path)
    (found,) = read_study(tmp_path, "my study").declarations
    assert planned_effects(found) == made.effects
    assert found.effects[2].behind == (("main effect no-lvar", "main effect relu"),)


def test_changed_images_are_named(tiny_trial: TrialConfig, photos: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(photos, tmp_path / "own")
    source = {"name": "own", "folder": str(folder)}
    changed = apply_overrides(tiny_trial, {"data.training": [source]})
    made = plan(changed, "no-lvar")
    store = tmp_path / "store"

    def declared() -> Declared:
        open_images(changed, Ledger(store))
        planned = look_up(made, store)
        found = {(trial.arm, trial.seed): trial.key or "" for trial in planned}
        return declare(made, DecisionRule(margin_db=0.02), found, store)

    first = declared()
    assert first.now.images.keys() == {"training own", "validation photos", "benchmark photos"}
    with Image.open(folder / "photo1.png") as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "photo1.png")
    second = declared()
    assert change_text(first.now, second.now) == "images changed: training own"
    assert second.now.keys["tiny"] != first.now.keys["tiny"]
    assert declared().before is None


def test_a_declaration_of_an_older_workbench_is_the_same_if_its_keys_are(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    made = plan(tiny_trial, "no-lvar")
    now = declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path).now
    old = now.model_copy(update={"hash": "of the plan alone", "declared_s": 1.0})
    path = tmp_path / "studies" / "my study.json"
    plain = Study(study="my study", declarations=(old,)).plain()
    del plain["declarations"][0]["images"]
    path.write_text(json.dumps(plain))
    again = declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path)
    assert (again.now.hash, again.now.declared_s) == ("of the plan alone", 1.0)
    assert again.before is None


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_damaged_declarations_are_refused_and_left_alone(
    tiny_trial: TrialConfig, tmp_path: Path, at: float
) -> None:
    made = plan(tiny_trial, "no-lvar")
    declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path)
    path = tmp_path / "studies" / "my study.json"
    flip(path, at)
    before = path.read_bytes()
    for use in (
        lambda: read_study(tmp_path, "my study"),
        lambda: declare(made, DecisionRule(margin_db=0.05), keys(made), tmp_path),
    ):
        with pytest.raises(
            ConfigError, match=r"my study\.json: damaged \(its SHA-256 must be .*\)"
        ):
            use()
    assert path.read_bytes() == before


def test_declarations_of_two_processes_are_all_kept(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    made = plan(tiny_trial, "no-lvar")
    now = declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path / "theirs").now
    ours = tmp_path / "ours"
    together = threading.Barrier(2)

    def merge_ten(mark: str) -> None:
        for number in range(10):
            one = now.model_copy(update={"hash": f"{mark}{number}"})
            together.wait(timeout=60)
            merge(ours, Study(study="my study", declarations=(one,)))

    threads = [threading.Thread(target=merge_ten, args=(mark,)) for mark in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {one.hash for one in read_study(ours, "my study").declarations}
    assert found == {f"{mark}{number}" for mark in "ab" for number in range(10)}


def test_the_question_is_kept_and_a_better_wording_of_it_is_no_other_declaration(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    made = plan(tiny_trial, "no-lvar")
    for question, expected in (("", ""), ("Dose it?", "Dose it?"), ("Does it?", "Does it?")):
        declare(replace(made, question=question), DecisionRule(), keys(made), tmp_path)
        (found,) = read_study(tmp_path, "my study").declarations
        assert found.question == expected
    declare(
        made, DecisionRule(), keys(made), tmp_path
    )  # the same by options, which have no question
    (found,) = read_study(tmp_path, "my study").declarations
    assert found.question == "Does it?"


def test_more_variants_seeds_or_margin_are_another_declaration(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    first = plan(tiny_trial, "no-lvar")
    declare(first, DecisionRule(margin_db=0.02), keys(first), tmp_path)
    more = plan(tiny_trial, "no-lvar", "se")
    declare(more, DecisionRule(margin_db=0.02), keys(more), tmp_path)
    longer = plan(tiny_trial, "no-lvar", seeds=(1, 2, 3))
    declare(longer, DecisionRule(margin_db=0.02), keys(longer), tmp_path)
    declare(longer, DecisionRule(margin_db=0.05), keys(longer), tmp_path)
    found = read_study(tmp_path, "my study").declarations
    assert len({one.hash for one in found}) == 4
    assert found[0].declared_s <= found[-1].declared_s
    assert found[-1].margin_db == 0.05


def test_an_unknown_or_damaged_study_is_named(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    made = plan(tiny_trial, "no-lvar")
    declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path)
    with pytest.raises(ConfigError, match=r"unknown study 'my studdy' .*; did you mean 'my study'"):
        read_study(tmp_path, "my studdy")
    path = tmp_path / "studies" / "my study.json"
    for content in ("{", '{"study": "my study", "seeds": [1]}'):
        path.write_text(content)
        with pytest.raises(ConfigError, match="not a study file of this version; move it away"):
            read_study(tmp_path, "my study")
        with pytest.raises(ConfigError, match="not a study file of this version"):
            declare(made, DecisionRule(margin_db=0.02), keys(made), tmp_path)
        assert path.read_text() == content
