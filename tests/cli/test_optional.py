"""Whatever happens to a view, the table is printed and the exit code is 0."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.comparisons import BASE, BETTER
from tests.builders.searches import Fake, run, settings
from workbench.cli import ablate_steps, optional, search_steps, study_views
from workbench.cli.ablate_request import Asked, Choice, make_request
from workbench.cli.ablate_steps import Place
from workbench.cli.search_steps import GoingOn, run_search
from workbench.cli.seeds import Seeds
from workbench.errors import StoppedByUserError, StoreError, one_line
from workbench.experiments.crops import Rendered
from workbench.results import TrialResult
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.tracker import NullTracker

FAILURES = [
    (MemoryError(), "out of memory"),
    (RuntimeError("could not create a primitive\nC++ trace"), "RuntimeError: could not create a"),
    (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
    (ModuleNotFoundError("No module named 'plotly'"), "ModuleNotFoundError: No module named"),
    (StoreError("cannot write to the store x"), "cannot write to the store x"),
    (AssertionError(), "AssertionError"),
]
Capture = pytest.CaptureFixture[str]


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_a_view_that_fails_is_one_line(error: Exception, reason: str, capsys: Capture) -> None:
    fail = failing(error)
    with optional.optional("drawing crops"):
        fail()
    said = capsys.readouterr().err
    assert said.startswith(f"warning: drawing crops: failed ({reason}")
    assert said.count("\n") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt("stopped"), StoppedByUserError("stopped")])
def test_what_stops_the_program_stops_it(error: BaseException) -> None:
    with pytest.raises(type(error), match=str(error)), optional.optional("drawing crops"):
        raise error


def test_an_error_is_told_in_one_short_line() -> None:
    assert one_line(ValueError("x" * 500)) == f"ValueError: {'x' * 200}"
    assert one_line(StoreError("two\nlines")) == "two lines"


@pytest.mark.parametrize("step", ["open_study", "render_crops", "summaries", "tracking"])
def test_a_finished_study_survives_its_views(
    step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    class Opened:
        class study:  # noqa: N801
            study = "mine"

        class comparison:  # noqa: N801
            rows = ()

        results: tuple[()] = ()

    monkeypatch.setattr(study_views, "open_study", lambda *_: Opened)
    monkeypatch.setattr(study_views, "wanted", lambda *_: ())
    monkeypatch.setattr(study_views, "render_crops", lambda *_: Rendered(1, ()))
    monkeypatch.setattr(study_views, "digest_of", lambda *_: "")
    monkeypatch.setattr(study_views, "summaries", lambda *_: ())
    monkeypatch.setattr(optional, "_opened", lambda *_: NullTracker())
    monkeypatch.setattr(study_views, step, failing(MemoryError()))
    study_views.show_study("mine", Place(tmp_path, 1))
    said = capsys.readouterr().err
    assert said.count("warning: ") == said.count("failed (out of memory)") == 1


def test_without_mlflow_trials_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with optional.tracking(tmp_path, None) as tracker:
        assert isinstance(tracker, NullTracker)
    said = capsys.readouterr().err
    assert "warning: MLflow cannot be opened (ModuleNotFoundError: " in said
    assert said.endswith("; trials go on without it\n")


def test_a_server_that_does_not_answer_is_said_before_anything_is_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(MlflowTracker, "__init__", failing(StoreError("nobody answers")))
    with pytest.raises(StoreError, match=r"^nobody answers$"), optional.tracking(tmp_path, "x"):
        raise AssertionError("not reached")


class Broken(NullTracker):
    """Fails at whatever it is asked outside the trials."""

    def compare_address(self, study: str) -> str | None:  # noqa: ARG002
        raise MemoryError

    def close(self) -> None:
        raise RuntimeError("can't start new thread")

    def knows_summary(self, *_: object) -> bool:
        raise MemoryError


def test_an_ablation_prints_its_table_without_its_views(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    request = make_request(Asked(Choice(("no-lvar",)), Seeds((1, 2, 3)), study="mine"))
    results: dict[tuple[str, int], TrialResult] = {}
    for name, rows in (("mdrn-s", BASE), ("no-lvar", BETTER)):
        results |= {(name, seed): rows[seed - 1] for seed in (1, 2, 3)}
    monkeypatch.setattr(ablate_steps, "run_plan", lambda *_, **__: results)
    monkeypatch.setattr(ablate_steps, "pack", lambda *_: None)
    monkeypatch.setattr(ablate_steps, "look_up", lambda *_: [])
    monkeypatch.setattr(ablate_steps, "declare", lambda *_: None)
    monkeypatch.setattr(ablate_steps, "_say_changed", lambda *_: None)
    monkeypatch.setattr(optional, "_opened", lambda *_: Broken())
    place = Place(tmp_path, 1)
    ablate_steps.run(request, place, yes=True, as_json=False)
    study_views.show_study("mine", place)
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
    monkeypatch.setattr(search_steps, "pack", lambda *_: None)
    monkeypatch.setattr(search_steps, "_known", lambda *_: ())
    monkeypatch.setattr(search_steps, "_searched_in_time", lambda *_: state)
    monkeypatch.setattr(optional, "_opened", lambda *_: Broken())
    run_search(settings(), "s", 2, Place(tmp_path, 1), GoingOn(), as_json=False)
    printed = capsys.readouterr()
    assert "2 networks scored" in printed.out
    assert "warning: MLflow's run of the search: failed (out of memory)" in printed.err
    assert "Traceback" not in printed.err


def test_commands_open_mlflow_through_one_door() -> None:
    """What runs trials must not be stopped by a view; the others are about MLflow itself."""
    about_mlflow = {"optional.py", "ui.py", "compare_steps.py", "mlflow_rebuild.py"}
    opening = {
        path.name
        for path in Path(optional.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "MlflowTracker"
    }
    assert opening <= about_mlflow


def test_commands_that_are_named_can_be_copied_into_a_shell(capsys: Capture) -> None:
    optional.say_where(Path("my store"), "sqlite:///a b.db")
    optional.say_where(Path("mlflow_runs"), None)
    assert capsys.readouterr().err.splitlines() == [
        "compare in MLflow: workbench ui --store 'my store' --tracking-uri 'sqlite:///a b.db'",
        "compare in MLflow: workbench ui",
    ]
