"""`ablate` as a function: values in, events while it runs, values out."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.builders.executors import run_inline
from workbench.experiments import ablation, running
from workbench.experiments import study as studies
from workbench.experiments.ablation import AblationOutcome, ablate
from workbench.experiments.declaration import read_study
from workbench.experiments.preview import preview
from workbench.experiments.run_context import RunContext
from workbench.experiments.seeds import Seeds
from workbench.experiments.study import open_study
from workbench.experiments.study_spec import StudySpec
from workbench.experiments.trial_spec import TrialSpec
from workbench.reporting.json_data import comparison_to_dict
from workbench.results import TrialState
from workbench.statistics.decision_rule import DecisionRule
from workbench.system.events import Note

pytestmark = pytest.mark.xdist_group("ablation-function")

RULE = DecisionRule(alpha=0.1, margin_db=0.05)


def small_spec(photos: Path) -> StudySpec:
    """Return a study of two trials of a second each."""
    overrides = {
        "model.blocks": 1,
        "training.stages.0.milestones": [],
        "training.stages.0.hr_patch_px": 60,
        "training.stages.0.steps": 3,
        "training.validate_every": 3,
    }
    trial = TrialSpec(data=(f"own={photos}",), benchmarks=(f"P={photos}",), overrides=overrides)
    return StudySpec(
        ("no-lvar",),
        base="tiny",
        seeds=Seeds((1,)),
        trial=trial,
        rule=RULE,
        allow_overlap=True,
        question="Does it help?",
    )


@pytest.fixture(scope="module", autouse=True)
def _inline() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        run_inline(patch)
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("ablation") / "store"
    return folder


Run = tuple[AblationOutcome, list[object], Counter[str]]


@pytest.fixture(scope="module")
def run(photos: Path, store: Path) -> Run:
    """Run a study once; return its outcome, its events, and how often costly steps were done."""
    counts: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: object, **options: object) -> object:
            counts[name] += 1
            return function(*args, **options)

        return call

    events: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((running, "pack"), (running, "look_up"), (ablation, "compare")):
            patch.setattr(module, name, counted(name, getattr(module, name)))
        context = RunContext(store, 1, command="workbench typed")
        outcome = ablate(small_spec(photos), context, events.append)
    return outcome, events, counts


def test_a_study_returns_values(run: Run) -> None:
    outcome, _, _ = run
    assert outcome.study.startswith("no-lvar-vs-tiny_smoke_own-")
    assert (outcome.declaration, outcome.reused, outcome.trials) == (1, 0, 2)
    assert [row.name for row in outcome.comparison.rows] == ["tiny", "no-lvar"]
    assert outcome.comparison.question == "Does it help?"
    assert outcome.comparison.rule == RULE
    assert {name: len(found) for name, found in outcome.results.items()} == {
        "tiny": 1,
        "no-lvar": 1,
    }
    assert all(r.state is TrialState.COMPLETE for rows in outcome.results.values() for r in rows)
    assert (outcome.path, outcome.shapley, outcome.attribution, outcome.networks) == (None,) * 4


def test_images_are_packed_trials_looked_up_and_arms_compared_once(run: Run) -> None:
    _, _, counts = run
    assert counts == {"pack": 1, "look_up": 1, "compare": 1}


def test_a_study_emits_what_happens(run: Run) -> None:
    _, events, _ = run
    kinds = [type(event).__name__ for event in events]
    assert kinds.count("TrialsStarted") == kinds.count("TrialsEnded") == 1
    assert kinds.count("TrialFinished") == 2
    assert kinds.index("TrialsStarted") < kinds.index("TrialFinished") < kinds.index("TrialsEnded")
    assert kinds.count("WorkStarted") == kinds.count("WorkEnded") >= 2
    notes = [event.text for event in events if isinstance(event, Note)]
    assert any(text.startswith("2 trials, 2 to run: about ") for text in notes)


def test_a_study_is_declared_with_what_was_typed(run: Run, store: Path) -> None:
    outcome, _, _ = run
    (declared,) = read_study(store, outcome.study).declarations
    assert (declared.command, declared.question) == ("workbench typed", "Does it help?")
    assert (declared.alpha, declared.margin_db) == (RULE.alpha, RULE.margin_db)


def test_a_second_run_trains_nothing(run: Run, photos: Path, store: Path) -> None:
    first, _, _ = run
    assert preview(small_spec(photos), store).finished == 2
    events: list[object] = []
    again = ablate(small_spec(photos), RunContext(store, 1), events.append)
    assert (again.study, again.reused, again.declaration) == (first.study, 2, 1)
    assert "TrialFinished" not in {type(event).__name__ for event in events}
    assert {n: [r.key for r in rows] for n, rows in again.results.items()} == {
        n: [r.key for r in rows] for n, rows in first.results.items()
    }


def test_a_preview_of_an_empty_store_trains_and_writes_nothing(
    photos: Path, tmp_path: Path
) -> None:
    found = preview(small_spec(photos), tmp_path / "none")
    assert (len(found.trials), found.finished, found.tuning_trials) == (2, 0, 0)
    assert not (tmp_path / "none").exists()


def test_the_views_of_a_study_use_its_comparison(
    run: Run, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome, _, _ = run
    opened = open_study(store, outcome.study)
    assert outcome.declared_comparison is not None
    assert comparison_to_dict(opened.comparison) == comparison_to_dict(outcome.declared_comparison)

    def compare_again(*_: object) -> None:
        raise AssertionError("was compared already")

    monkeypatch.setattr(studies, "compare_declared", compare_again)
    again = open_study(store, outcome.study, None, outcome.declared_comparison)
    assert again.comparison is outcome.declared_comparison
    assert replace(outcome, plan=replace(outcome.plan, looks=(1,))).declared_comparison is None
