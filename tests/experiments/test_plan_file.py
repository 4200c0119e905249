"""The plan files at the top of the repository can be run as they are."""

from pathlib import Path

import pytest

from workbench.experiments.plan_file import read_plan
from workbench.experiments.study_plan import plan_study

PLANS = sorted((Path(__file__).parents[2] / "plans").glob("*.yaml"))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_shipped_plan_is_valid(path: Path) -> None:
    plan = plan_study(read_plan(path).spec(path)).plan
    assert plan.question
    assert len(plan.arms) > 1


def test_the_demo_scores_tiles_of_photographs_that_it_does_not_train_on() -> None:
    (path,) = (path for path in PLANS if path.stem == "demo")
    config = plan_study(read_plan(path).spec(path)).plan.arms[0].config
    assert [source.folder for source in config.data.training] == ["embedded:training"]
    assert [source.folder for source in config.evaluation.benchmarks] == ["embedded:tiles"]
    assert config.training.total_steps() == 270
