"""`--steps N` scales a recipe wherever a recipe is given."""

from pathlib import Path

import pytest

from tests.builders.searches import settings
from tests.cli.conftest import Command
from workbench.errors import ConfigError
from workbench.experiments.plan_file import read_plan
from workbench.experiments.promotion import PromotionSpec, base_config
from workbench.experiments.seeds import Seeds
from workbench.experiments.study_plan import plan_study
from workbench.experiments.trial_spec import TrialSpec, trial_config

ONE = Seeds((1,))
DRY = ("ablate", "--variant", "no-lvar", "--seeds", "1", "--dry-run")


def test_the_config_of_a_trial_holds_the_real_numbers() -> None:
    trial = trial_config("tiny", TrialSpec("short", steps=6))
    (stage,) = trial.training.stages
    assert (stage.steps, stage.milestones, trial.training.validate_every) == (6, (3, 4, 5), 1)


def test_what_set_says_comes_after_steps() -> None:
    overrides: dict[str, object] = {
        "training.stages.0.milestones": [5],
        "training.validate_every": 3,
        "training.stages.0.batch_size": 2,
    }
    spec = TrialSpec("smoke", steps=6, overrides=overrides)
    training = trial_config("tiny", spec).training
    (stage,) = training.stages
    assert (stage.steps, stage.milestones, stage.batch_size) == (6, (5,), 2)
    assert training.validate_every == 3


@pytest.mark.parametrize(
    "key", ["training", "training.stages", "training.stages.0", "training.stages.0.steps"]
)
def test_steps_are_said_once(key: str) -> None:
    spec = TrialSpec(steps=6, overrides={key: 3})
    with pytest.raises(ConfigError, match=f"--steps and --set {key} both set the number of steps"):
        trial_config("tiny", spec)


def test_a_plan_file_has_steps(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("question: x?\nvariants: [no-lvar]\nsteps: 12\n")
    assert {
        arm.config.training.total_steps()
        for arm in plan_study(read_plan(path).spec(path)).plan.arms
    } == {12}
    path.write_text("question: x?\nvariants: [no-lvar]\nsteps: 0\n")
    with pytest.raises(ConfigError, match=r"p.yaml:3: steps: .* greater than or equal to 1, got 0"):
        read_plan(path)


def test_promoted_networks_are_trained_for_as_many_steps() -> None:
    base = settings().base
    own = base.training
    assert base_config(base, PromotionSpec("s")).training == own
    assert base_config(base, PromotionSpec("s", steps=7)).training.total_steps() == 7
    short = PromotionSpec("s", recipe="short", steps=9)
    assert base_config(base, short).training.stages[0].milestones == (5, 6, 8)


def test_a_plain_set_of_steps_says_how_it_would_work(command: Command) -> None:
    ended = command(*DRY, "--set", "training.stages.0.steps=2")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "--set training.stages.0: milestones must lie in 1..1, got [60" in ended.err
    assert "; --steps 2 in its place scales the whole recipe, its milestones with it" in ended.err
    assert "--steps" not in command(*DRY, "--set", "training.stages.0.steps=0").err


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("0", "Invalid value for '--steps': "),
        ("-1", "Invalid value for '--steps': "),
        ("1000000001", "Invalid value for '--steps': "),
        ("many", "Invalid value for '--steps': "),
    ],
)
@pytest.mark.parametrize("what", [DRY, ("search", "mdrn-size"), ("aa-test",)])
def test_steps_out_of_bounds_are_refused(
    what: tuple[str, ...], steps: str, reason: str, command: Command
) -> None:
    ended = command(*what, "--steps", steps)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err


def test_a_dry_run_shows_the_steps(command: Command) -> None:
    ended = command(*DRY, "--steps", "6")
    assert ended.code == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert lines[1:3] == [["mdrn-s", "1", "6", "?", "-"], ["no-lvar", "1", "6", "?", "-"]]
