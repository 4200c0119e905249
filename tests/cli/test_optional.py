"""Whatever happens to a view, the table is printed."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.builders.comparisons import BASE, BETTER
from tests.builders.searches import Fake, run, settings
from workbench.cli.ablate_report import print_outcome
from workbench.cli.search_table import print_state
from workbench.cli.terminal import emit
from workbench.execution.executor import Task
from workbench.experiments import ablation, running, search, search_opening, views
from workbench.experiments.declaring import Declared
from workbench.experiments.run_context import RunContext
from workbench.experiments.search_spec import ResumePolicy
from workbench.experiments.study_plan import plan_study
from workbench.experiments.study_spec import StudySpec
from workbench.experiments.study_views import show_study
from workbench.results import TrialResult
from workbench.tracking.tracker import NullTracker, RunQueries

Capture = pytest.CaptureFixture[str]


class Broken(NullTracker):
    """Fails at everything but the trials."""

    @property
    def queries(self) -> RunQueries:
        raise MemoryError

    def close(self) -> None:
        raise RuntimeError("can't start new thread")


def test_an_ablation_prints_its_table_without_its_views(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    study = plan_study(StudySpec(("no-lvar",), name="mine"))
    results: dict[tuple[str, int], TrialResult] = {}
    for name, rows in (("mdrn-s", BASE), ("no-lvar", BETTER)):
        results |= {(name, seed): rows[seed - 1] for seed in (1, 2, 3)}
    monkeypatch.setattr(running, "run_plan", lambda *_, **__: results)
    monkeypatch.setattr(running, "pack", lambda *_: None)
    # Trials that are finished, so that nothing is timed or trained.
    monkeypatch.setattr(
        running,
        "look_up",
        lambda plan, _: [
            Task(arm.name, arm.with_seed(seed), None, result=BASE[0]) for arm, seed in plan.trials()
        ],
    )
    monkeypatch.setattr(
        running,
        "declare",
        lambda _plan, rule, *_: Declared(SimpleNamespace(rule=rule, effects=()), None, 1),  # type: ignore[arg-type]
    )
    monkeypatch.setattr(views, "open_tracker", lambda *_: Broken())
    context = RunContext(tmp_path, 1)
    print_outcome(ablation.run_study(study, context, emit), context, as_json=False)
    show_study("mine", context, emit)
    printed = capsys.readouterr()
    assert "no-lvar" in printed.out
    assert "+0.500 [+0.500, +0.500]" in printed.out
    assert "warning: MLflow: failed (out of memory)" in printed.err
    assert "warning: MLflow: failed (RuntimeError: can't start new thread)" in printed.err
    assert "unknown study 'mine'" in printed.err
    assert "Traceback" not in printed.err


def test_a_search_prints_its_table_without_its_views(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    state = run(settings(), 2, Fake())
    monkeypatch.setattr(search, "pack", lambda *_: None)
    monkeypatch.setattr(search_opening, "_prior", lambda *_: ())
    monkeypatch.setattr(search, "_searched_in_time", lambda *_, **__: state)
    monkeypatch.setattr(views, "open_tracker", lambda *_: Broken())
    context = RunContext(tmp_path, 1)
    found = search.run_search(settings(), "s", 2, context, ResumePolicy(), emit)
    print_state(found, as_json=False)
    search.show_search(found, context, emit)
    printed = capsys.readouterr()
    assert "2 networks scored" in printed.out
    assert "warning: MLflow's run of the search: failed (out of memory)" in printed.err
    assert "Traceback" not in printed.err
