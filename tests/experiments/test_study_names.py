"""Names of studies that were given none say what is compared, and two questions never share one."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.experiments.declaration import read_study
from workbench.experiments.declaring import declare
from workbench.experiments.seeds import Seeds
from workbench.experiments.study_plan import PlannedStudy, matched, plan_study
from workbench.experiments.study_spec import StudySpec
from workbench.experiments.trial_spec import TrialSpec
from workbench.statistics.decision_rule import DecisionRule
from workbench.system.text import check_file_name


def name(spec: StudySpec) -> str:
    return plan_study(spec).plan.study


SIMPLE = [
    (StudySpec(("no-lvar",)), "no-lvar-vs-mdrn-s_smoke_embedded"),
    (StudySpec(("no-lvar", "no-cca")), "no-lvar+no-cca-vs-mdrn-s_smoke_embedded"),
    (StudySpec(("no-lvar",), base="tiny"), "no-lvar-vs-tiny_smoke_embedded"),
    (StudySpec(("no-lvar",), trial=TrialSpec("short")), "no-lvar-vs-mdrn-s_short_embedded"),
    (StudySpec(("all",)), "all-vs-mdrn-s_smoke_embedded"),
    (StudySpec(("no-lvar",), match=True), "no-lvar-vs-mdrn-s_matched_smoke_embedded"),
    (StudySpec(("no-lvar",), retune=True), "no-lvar-vs-mdrn-s_retuned_smoke_embedded"),
    (
        StudySpec(("no-lvar", "no-cca"), design="factorial"),
        "no-lvar+no-cca-vs-mdrn-s_factorial_smoke_embedded",
    ),
    (StudySpec(path="bsrn:mdrn-s"), "bsrn-to-mdrn-s_smoke_embedded"),
    (StudySpec(path="bsrn:mdrn-s", shapley=True), "shapley-bsrn-to-mdrn-s_smoke_embedded"),
]


@pytest.mark.parametrize(("spec", "expected"), SIMPLE, ids=lambda value: str(value)[:40])
def test_a_name_says_what_is_compared(spec: StudySpec, expected: str) -> None:
    assert name(spec) == expected


HASHED = [
    (StudySpec(("no-lvar",), trial=TrialSpec(steps=9)), "no-lvar-vs-mdrn-s_smoke_embedded-"),
    (
        StudySpec(("no-lvar",), trial=TrialSpec(overrides={"model.channels": 20})),
        "no-lvar-vs-mdrn-s_smoke_embedded-",
    ),
    (StudySpec(("no-lvar",), trial=TrialSpec(data=("A=a", "B=b"))), "no-lvar-vs-mdrn-s_smoke_A+B-"),
    (
        StudySpec(factors={"model.channels": (20, 24)}),
        "channels-20-24-vs-mdrn-s_smoke_embedded-",
    ),
    (StudySpec(path="bsrn:mdrn-s", order=("width",)), "bsrn-to-mdrn-s_smoke_embedded-"),
]


@pytest.mark.parametrize(("spec", "beginning"), HASHED, ids=lambda value: str(value)[:40])
def test_a_hash_follows_where_the_name_does_not_say_everything(
    spec: StudySpec, beginning: str
) -> None:
    assert re.fullmatch(re.escape(beginning) + "[0-9a-f]{6}", name(spec))


def test_different_questions_have_different_names() -> None:
    specs = [spec for spec, _ in SIMPLE + HASHED]
    specs += [StudySpec(("no-lvar",), trial=TrialSpec(steps=number)) for number in (7, 8)]
    specs += [StudySpec(factors={"model.channels": (20, 32)})]
    for one, other in itertools.combinations(specs, 2):
        assert name(one) != name(other), (one, other)


def test_seeds_and_decision_rule_do_not_change_the_name() -> None:
    """They are further declarations of one study, so that its report says that they changed."""
    spec = StudySpec(("no-lvar",), seeds=Seeds((1, 5)), rule=DecisionRule(0.01, 0.1))
    assert name(spec) == name(StudySpec(("no-lvar",)))


def test_names_are_short_file_names() -> None:
    variants = ("no-lvar", "no-cca", "no-refinement", "esa", "no-d3", "no-d5", "no-d7")
    long = name(StudySpec(variants, trial=TrialSpec(data=(f"{'x' * 90}=images",))))
    assert re.match(r"no-lvar\+no-cca\+.*\+\d-more-vs-mdrn-s_smoke_x{24}-[0-9a-f]{6}$", long)
    assert len(long) <= 100
    assert check_file_name(long, "--study") == long
    assert name(StudySpec(variants)) != name(StudySpec(variants[:-1]))


def test_a_given_name_is_kept() -> None:
    assert name(StudySpec(("no-lvar",), name="mine")) == "mine"


def declared(study: PlannedStudy, store: Path, called: str) -> None:
    keys = {(arm.name, seed): f"{arm.name}-{seed}" for arm, seed in study.plan.trials()}
    declare(replace(study.plan, study=called), study.rule, keys, store)


def test_a_study_under_its_former_name_is_found_again(tmp_path: Path) -> None:
    study = plan_study(StudySpec(("no-lvar",)))
    assert re.fullmatch("mdrn-s_smoke_embedded_[0-9a-f]{6}", study.former_name)
    assert matched(study, tmp_path).plan.study == study.plan.study
    declared(study, tmp_path, study.former_name)
    assert matched(study, tmp_path).plan.study == study.former_name
    assert read_study(tmp_path, study.former_name).declarations[0].seeds == (1, 2, 3)


def test_another_question_is_not_taken_for_a_study_under_its_former_name(tmp_path: Path) -> None:
    study = plan_study(StudySpec(("no-lvar",)))
    declared(study, tmp_path, study.former_name)
    for other in (
        StudySpec(("no-cca",)),
        StudySpec(("no-lvar",), seeds=Seeds((1, 2))),
        StudySpec(("no-lvar",), rule=DecisionRule(margin_db=0.1)),
    ):
        planned = plan_study(other)
        assert planned.former_name == study.former_name
        assert matched(planned, tmp_path).plan.study == planned.plan.study
