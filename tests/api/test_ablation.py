"""What `wb.ablate` requests; tests/docs runs it."""

import inspect
import os
import shutil
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests.builders.executors import run_inline
from workbench.api.studies import StudyResults
from workbench.errors import StoppedByUserError
from workbench.execution.events import TrialProgressed
from workbench.experiments.run_context import RunContext
from workbench.experiments.seeds import Seeds
from workbench.experiments.study_spec import StudySpec
from workbench.statistics.decision_rule import DecisionRule
from workbench.system.time_limit import TimeLimit


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> list[tuple[StudySpec, RunContext]]:
    """Return a list to which `wb.ablate` adds what it would run."""
    calls = list[tuple[StudySpec, RunContext]]()

    def record(spec: StudySpec, context: RunContext, progress: object) -> None:
        spec.check()
        calls.append((spec, context))

    monkeypatch.setattr("workbench.api.ablation._run", record)
    return calls


def test_weights_to_start_from_become_a_request(
    requested: list[tuple[StudySpec, RunContext]], tmp_path: Path
) -> None:
    wb.ablate(["no-lvar"], weights_from=tmp_path / "mine.pth")
    wb.ablate(["no-lvar"], weights_from="0123abcd", heal="short", seeds=6)
    specs = [spec for spec, _ in requested]
    assert [spec.weights_from for spec in specs] == [str(tmp_path / "mine.pth"), "0123abcd"]
    assert [spec.heal for spec in specs] == [None, "short"]
    with pytest.raises(wb.WorkbenchError, match="heal needs weights_from"):
        wb.ablate(["no-lvar"], heal="short")


def test_arguments_become_a_request(
    requested: list[tuple[StudySpec, RunContext]], tmp_path: Path
) -> None:
    wb.ablate(
        ["no-lvar"],
        base="bsrn",
        factors={"model.channels": [20, 24]},
        design="factorial",
        seeds=[5],
        recipe="short",
        steps=100,
        data={"DIV2K": tmp_path},
        validation=tmp_path,
        benchmarks=["Set5", "A=Set14"],
        overrides={"training.stages.0.learning_rate": 1e-3},
        margin_db=0.1,
        alpha=0.01,
        name="mine",
        question="Why?",
        store=tmp_path / "store",
        workers=3,
        allow_overlap=True,
    )
    ((spec, context),) = requested
    assert (spec.variants, spec.base, spec.design) == (("no-lvar",), "bsrn", "factorial")
    assert spec.factors == {"model.channels": (20, 24)}
    assert spec.seeds == Seeds((5,))
    assert (spec.trial.recipe, spec.trial.steps) == ("short", 100)
    assert spec.trial.data == (f"DIV2K={tmp_path}",)
    assert spec.trial.validation == str(tmp_path)
    assert spec.trial.benchmarks == ("Set5", "A=Set14")
    assert spec.trial.overrides == {"training.stages.0.learning_rate": 1e-3}
    assert spec.rule == DecisionRule(0.01, 0.1)
    assert (spec.name, spec.question) == ("mine", "Why?")
    assert (context.store, context.workers) == (tmp_path / "store", 3)
    assert context.allow_overlap


def test_defaults_are_those_of_the_command(
    requested: list[tuple[StudySpec, RunContext]],
) -> None:
    wb.ablate("no-lvar")
    wb.ablate(path=("bsrn", "mdrn-s"), order=["width"], shapley=True, seeds="1,5")
    (first, context), (second, _) = requested
    assert first == StudySpec(variants=("no-lvar",))
    assert context == RunContext(Path("mlflow_runs"))
    parameters = inspect.signature(wb.ablate).parameters
    assert parameters["recipe"].default == "smoke"
    assert parameters["store"].default == Path("mlflow_runs")
    assert "options" not in parameters
    assert second == StudySpec(
        path="bsrn:mdrn-s", order=("width",), shapley=True, seeds=Seeds((1, 5))
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"variants, factors or path is needed"),
        ({"variants": ["a"], "seeds": 0}, r"seeds must be a count in 1..1,000 or a list"),
        ({"variants": ["a"], "seeds": []}, r"seeds must be at least one, each once, got \[\]"),
        ({"variants": ["a"], "seeds": [1, 1]}, r"each once, got \[1, 1\]"),
        ({"variants": ["a"], "seeds": [-1]}, r"seeds must lie in 0..\d+, got -1"),
        ({"variants": ["a"], "margin_db": -1}, r"margin_db must lie in 0..100 dB"),
        ({"variants": ["a"], "alpha": 1.0}, r"alpha must be between 0 and 1"),
        ({"variants": ["a"], "workers": 0}, r"workers must be at least 1, got 0"),
        ({"variants": ["a"], "lanes": 0}, r"lanes must be at least 1, got 0"),
        ({"variants": ["a"], "lanes": 2, "workers": 3}, r"lanes 2 and workers 3 exclude each"),
        ({"variants": ["a"], "devices": [0, 0]}, r"devices names each GPU once, got '0,0'"),
        ({"variants": ["a"], "devices": [-1]}, r"devices takes numbers of GPUs such as 0,1"),
        ({"variants": ["a"], "budget": 3}, r"budget needs shapley"),
        ({"variants": ["a"], "path": ("a", "b")}, r"variants cannot be combined with path"),
        ({"variants": ["a"], "name": "a/b"}, r"name"),
        ({"variants": ["a"], "worker": 1}, r"unknown argument 'worker'; did you mean 'workers'"),
        ({"variants": ["a"], "retry": True}, r"unknown argument 'retry'"),
    ],
    ids=str,
)
def test_errors_name_the_arguments(
    requested: list[tuple[StudySpec, RunContext]], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(wb.WorkbenchError, match=message) as error:
        wb.ablate(**arguments)
    assert "--" not in str(error.value)
    assert not requested


def test_errors_of_the_run_name_the_arguments(tmp_path: Path) -> None:
    with pytest.raises(wb.WorkbenchError, match=r"unknown variant 'no-lvr'; did you mean"):
        wb.ablate(["no-lvr"], store=tmp_path, progress=False)
    with pytest.raises(wb.WorkbenchError, match=r"^overrides .*unknown key 'modl.channels'"):
        wb.ablate(["no-lvar"], overrides={"modl.channels": 3}, store=tmp_path, progress=False)
    assert not list(tmp_path.iterdir())


def test_ctrl_c_is_a_keyboard_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise StoppedByUserError("stopped; rerun the same command to resume")

    monkeypatch.setattr("workbench.api.ablation._run", stop)
    with pytest.raises(KeyboardInterrupt, match=r"^stopped; rerun the same call to resume$"):
        wb.ablate(["no-lvar"])


Act = Callable[[], None]


def ablate_small(photos: Path, store: Path, at_step_2: Mapping[str, Act]) -> StudyResults:
    """Train tiny and no-lvar under one seed; something happens once at the second step of each."""
    left = dict(at_step_2)

    def progress(event: object) -> None:
        match event:
            case TrialProgressed(arm=arm, done=2) if arm in left:
                left.pop(arm)()

    return wb.ablate(
        ["no-lvar"],
        base="tiny",
        seeds=1,
        steps=6,
        data={"P": photos},
        validation={"P": photos},
        benchmarks={"P": photos},
        overrides={"model.blocks": 1, "training.stages.0.hr_patch_px": 60},
        allow_overlap=True,
        store=store,
        name="limited",
        time_limit="1h",
        progress=progress,
    )


def test_after_a_time_limit_it_returns_what_is_finished(
    photos: Path, tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pass_time() -> None:
        monkeypatch.setattr(TimeLimit, "left_s", lambda _self: 1.0)
        # The next report stops the trial, which would be over before its watch looks again.
        (watching,) = [one for one in threading.enumerate() if one.name == "time limit"]
        watching.join(timeout=60)

    run_inline(monkeypatch)
    store = tmp_path / "store"
    shutil.copytree(empty_store, store)
    terminate = partial(os.kill, os.getpid(), signal.SIGTERM)
    with pytest.raises(
        KeyboardInterrupt, match=r"stopped by SIGTERM: 0 of 2 .*; rerun the same call to resume$"
    ):
        ablate_small(photos, store, {"tiny": terminate})
    early = ablate_small(photos, store, {"no-lvar": pass_time})
    assert early.to_frame()["variant"].tolist() == ["tiny"]
    assert early.remarks == ("1 trial of it is not finished",)


def test_a_time_limit_that_leaves_nothing_to_compare_is_an_error(
    photos: Path, tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_inline(monkeypatch)
    shutil.copytree(empty_store, tmp_path / "store")
    monkeypatch.setattr(TimeLimit, "left_s", lambda _self: 1.0)
    with pytest.raises(
        wb.WorkbenchError,
        match=r"^stopped by the time limit of 1h.*; rerun the same call to resume$",
    ):
        ablate_small(photos, tmp_path / "store", {})
