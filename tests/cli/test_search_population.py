"""`workbench search --sampler pbt` with real trainings: a schedule is a recipe like any other."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from workbench.experiments.stored_search import stored_search
from workbench.trial.run import run_trial

SPACE = """
question: How should a small network be trained?
base: tiny
dimensions:
  training.stages.0.learning_rate: {kind: floats, low: 0.0005, high: 0.02, log: true}
  training.stages.0.loss: {kind: choice, values: [l1, charbonnier, l2]}
  training.stages.0.batch_size: {kind: choice, values: [1, 2]}
"""


SMALL = (
    *("--set", "training.stages.0.steps=6", "--set", "training.stages.0.milestones=[5]"),
    *("--set", "training.stages.0.hr_patch_px=60", "--set", "training.validate_every=2"),
)


def argv(photos: Path) -> list[str]:
    images = ("--data", str(photos), "--benchmark", f"P={photos}", "--validation", str(photos))
    asked = ("--sampler", "pbt", "--trials", "9", "--study", "s", "--allow-overlap")
    return ["search", "mine", *asked, "--rungs", "0.3,0.6", "--keep", "0.5", *images, *SMALL]


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "search_spaces" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(SPACE)
    return path


@pytest.mark.usefixtures("space")
def test_a_schedule_trained_from_its_first_step_gives_the_same_weights(
    command: Command, photos: Path, tmp_path: Path
) -> None:
    store = tmp_path / "mlflow_runs"
    first = command(*argv(photos))
    assert first.code == 0, first.err
    assert "steps, then learning_rate=" in " ".join(first.out.split())
    state = stored_search("s", store)
    ends = {p.number: state.results[p.name][0] for p in state.trained if p.name in state.results}
    schedules = [p for p in state.trained if p.parent is not None and p.number in ends]
    assert len(schedules) >= 2
    for proposal in schedules:
        result = ends[proposal.number]
        alone = run_trial(result.config, store=tmp_path / "other")
        assert (alone.weights_hash, alone.scores) == (result.weights_hash, result.scores)
        assert [p.score for p in alone.curve] == [p.score for p in result.curve]
    # The steps before were not trained again: the points are those of the other training.
    from_finished = [p for p in schedules if p.parent in ends]
    assert from_finished
    for proposal in from_finished:
        assert proposal.parent is not None
        there, here = ends[proposal.parent].curve, ends[proposal.number].curve
        shared = sum(point.step <= proposal.parent_steps for point in here)
        assert shared >= 1
        assert here[:shared] == there[:shared]
    again = command(*argv(photos))
    assert again.out == first.out
    in_lanes = command(*argv(photos), "--lanes", "3", "--store", "lanes")
    assert in_lanes.out == first.out.replace(str(store.name), "lanes")
    records = [tmp_path / name / "searches" / "s.jsonl" for name in (store.name, "lanes")]
    assert records[0].read_text() == records[1].read_text()
    judged = command("search", "promote", "s", "--top", "1", "--seeds", "2", "--allow-overlap")
    assert judged.code == 0, judged.err
    longer = command(
        "search", "promote", "s", "--top", "9", "--seeds", "2", "--recipe", "smoke", "--study", "u"
    )
    assert (longer.code, longer.err.count("\n")) == (2, 1)
    assert "is a schedule of 6 steps and cannot be trained for 120" in longer.err


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["training", "--batch", "1"], "needs a population of at least 2, got --batch 1"),
        (["training", "--rungs", "none"], "got none with one every 40 of 120 steps"),
        (["training", "--rungs", "0.9"], "got 0.9 with one every 40 of 120 steps"),
        (["mdrn-size"], "mdrn-size varies none of them"),
    ],
)
def test_what_a_population_cannot_do_without_is_asked_for(
    command: Command, more: list[str], reason: str
) -> None:
    ended = command("search", *more, "--sampler", "pbt")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert reason in ended.err
