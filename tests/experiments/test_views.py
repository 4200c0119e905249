"""Whatever happens to a view, the work continues and its failure is one line."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import workbench
from workbench.errors import StoppedByUserError, StoreError, one_line
from workbench.experiments import study_views, views
from workbench.experiments.crops import Rendered
from workbench.experiments.run_context import RunContext
from workbench.system.events import Caution, WorkEnded, WorkStarted
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


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def cautions(events: list[object]) -> list[str]:
    return [event.text for event in events if isinstance(event, Caution)]


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_a_view_that_fails_is_one_caution(error: Exception, reason: str) -> None:
    fail, events = failing(error), list[object]()
    with views.optional("drawing crops", events.append):
        fail()
    (text,) = cautions(events)
    assert text.startswith(f"drawing crops: failed ({reason}")
    assert "\n" not in text


@pytest.mark.parametrize("error", [KeyboardInterrupt("stopped"), StoppedByUserError("stopped")])
def test_what_stops_the_program_stops_it(error: BaseException) -> None:
    events: list[object] = []
    with (
        pytest.raises(type(error), match=str(error)),
        views.optional("drawing crops", events.append),
    ):
        raise error
    assert not events


def test_an_error_is_one_short_line() -> None:
    assert one_line(ValueError("x" * 500)) == f"ValueError: {'x' * 200}"
    assert one_line(StoreError("two\nlines")) == "two lines"


@pytest.mark.parametrize("step", ["open_study", "render_crops", "summaries", "tracking"])
def test_a_finished_study_survives_its_views(
    step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Opened:
        class study:  # noqa: N801
            study = "mine"

        class comparison:  # noqa: N801
            rows = ()

        results: tuple[()] = ()

    monkeypatch.setattr(study_views, "open_study", lambda *_: Opened)
    monkeypatch.setattr(study_views, "extreme_images", lambda *_: ())
    monkeypatch.setattr(study_views, "render_crops", lambda *_: Rendered(1, ()))
    monkeypatch.setattr(study_views, "digest_of", lambda *_: "")
    monkeypatch.setattr(study_views, "summaries", lambda *_: ())
    monkeypatch.setattr(views, "open_tracker", lambda *_: NullTracker())
    monkeypatch.setattr(study_views, step, failing(MemoryError()))
    events: list[object] = []
    study_views.show_study("mine", RunContext(tmp_path, 1), events.append)
    (text,) = cautions(events)
    assert "failed (out of memory)" in text


def test_without_mlflow_trials_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    events: list[object] = []
    with views.tracking(tmp_path, None, events.append) as tracker:
        assert isinstance(tracker, NullTracker)
    started, caution, ended = events
    assert (started, ended) == (WorkStarted("opening MLflow"), WorkEnded())
    assert isinstance(caution, Caution)
    assert caution.text.startswith("MLflow cannot be opened (ModuleNotFoundError: ")
    assert caution.text.endswith("; trials run without it")


def test_a_server_that_does_not_answer_is_an_error_before_anything_is_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(MlflowTracker, "__init__", failing(StoreError("no answer")))
    events: list[object] = []
    with (
        pytest.raises(StoreError, match=r"^no answer$"),
        views.tracking(tmp_path, "x", events.append),
    ):
        raise AssertionError("not reached")
    assert events[-1] == WorkEnded()


def test_a_tracker_that_cannot_be_closed_is_a_caution(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Unclosable(NullTracker):
        def close(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(views, "open_tracker", lambda *_: Unclosable())
    events: list[object] = []
    with views.tracking(tmp_path, None, events.append):
        pass
    (text,) = cautions(events)
    assert text.startswith("MLflow: failed (RuntimeError: can't start new thread)")


def test_trials_open_mlflow_through_one_door() -> None:
    """What runs trials must not be stopped by a view; the others are about MLflow itself."""
    package = Path(workbench.__file__).parent
    opening = {
        path.name
        for path in (*package.glob("cli/*.py"), *package.glob("experiments/*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "MlflowTracker"
    }
    about_mlflow = {"ui.py", "mlflow_view.py", "comparison.py"}
    assert "views.py" in opening
    assert opening - {"views.py"} <= about_mlflow


def test_commands_that_are_named_can_be_copied_into_a_shell() -> None:
    assert views.ui_command(Path("my store"), "sqlite:///a b.db") == (
        "workbench ui --store 'my store' --tracking-uri 'sqlite:///a b.db'"
    )
    assert views.compare_text(Path("mlflow_runs"), None) == "compare in MLflow: workbench ui"
