"""The plan files at the top of the repository can be run as they are."""

from dataclasses import replace
from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.experiments.plan_file import read_plan
from workbench.experiments.study_plan import plan_study

PLANS = sorted((Path(__file__).parents[2] / "plans").glob("*.yaml"))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_shipped_plan_is_valid(path: Path, request: pytest.FixtureRequest) -> None:
    spec = read_plan(path).spec(path)
    if spec.weights_from is not None:  # published ones, which are not shipped
        reference: Path = request.getfixturevalue("reference")
        spec = replace(spec, weights_from=str(reference / "weights" / spec.weights_from))
    plan = plan_study(spec).plan
    assert plan.question
    assert len(plan.arms) > 1


def test_the_demo_scores_tiles_of_photographs_that_it_does_not_train_on() -> None:
    (path,) = (path for path in PLANS if path.stem == "demo")
    config = plan_study(read_plan(path).spec(path)).plan.arms[0].config
    assert [source.folder for source in config.data.training] == ["embedded:training"]
    assert [source.folder for source in config.evaluation.benchmarks] == ["embedded:tiles"]
    assert config.training.total_steps() == 270


@pytest.mark.parametrize("key", ["question", "asks"])
def test_a_plan_file_has_a_question_under_its_present_or_its_former_key(
    tmp_path: Path, key: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"{key}: Does L-var help?\nvariants: [no-lvar]\n")
    plan = plan_study(read_plan(path).spec(path)).plan
    assert (plan.question, plan.study) == ("Does L-var help?", "mine")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("variants: [no-lvar]\n", r"mine\.yaml:1: question: is missing"),
        ("question: ''\nvariants: [no-lvar]\n", r"mine\.yaml:1: question: .*at least 1"),
        ("question: x?\nvariant: [no-lvar]\n", r"mine\.yaml:2: .*did you mean 'variants'\?"),
        ("question: x?\nvariants: [no-lvra]\n", r"mine\.yaml: unknown variant 'no-lvra'"),
        ("question: x?\nvariants: [no-lvar]\nseeds: x\n", r"mine\.yaml: --seeds must be a count"),
    ],
)
def test_a_wrong_plan_file_is_named_in_the_error(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=reason):
        plan_study(read_plan(path).spec(path))
