"""What `wb.search` requests, and how its results are shown; tests/docs runs it."""

import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import workbench as wb
from tests.builders.searches import Fake, run, settings
from workbench.api.search_results import SearchResults
from workbench.config.model import ModelConfig
from workbench.experiments.run_context import RunContext
from workbench.experiments.search_spec import ResumePolicy, SearchSpec
from workbench.search.state import BASELINE

pytestmark = pytest.mark.xdist_group("api-search")

Requests = list[tuple[SearchSpec, RunContext, ResumePolicy]]


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> Requests:
    """Return a list to which `wb.search` adds what it would run."""
    calls: Requests = []
    monkeypatch.setattr("workbench.api.search._run", lambda *call: calls.append(call[:3]))
    return calls


@pytest.fixture(scope="module")
def results() -> SearchResults:
    return SearchResults(run(settings(), 9, Fake()))


def test_defaults_are_those_of_the_command(requested: Requests) -> None:
    wb.search("mdrn-size")
    ((spec, context, policy),) = requested
    assert spec == SearchSpec("mdrn-size")
    assert context == RunContext(Path("mlflow_runs"))
    assert policy == ResumePolicy()


def test_arguments_become_a_request(requested: Requests, tmp_path: Path) -> None:
    wb.search(
        "mdrn-size",
        trials=3,
        sampler="nsga2",
        objectives=["psnr_rgb_db", "parameters"],
        limits={"parameters": 60_000},
        rungs=[],
        keep=0.5,
        seed=7,
        seeds=[2, 5],
        batch=2,
        asynchronous=True,
        recipe="short",
        steps=100,
        data=tmp_path,
        overrides={"model.scale": 2},
        name="mine",
        store=tmp_path,
        workers=2,
        retry=True,
        warm_start=False,
        time_limit="90s",
    )
    ((spec, context, policy),) = requested
    assert (spec.trials, spec.sampler, spec.seed, spec.batch) == (3, "nsga2", 7, 2)
    assert (spec.rungs, spec.keep, spec.asynchronous) == ((), 0.5, True)
    assert spec.objectives == ("psnr_rgb_db", "parameters")
    assert spec.limits == {"parameters": 60_000}
    assert spec.trial_seeds == (2, 5)
    assert (spec.trial.recipe, spec.trial.steps) == ("short", 100)
    assert spec.trial.data == (str(tmp_path),)
    assert spec.trial.overrides == {"model.scale": 2}
    assert (spec.name, context.store, context.workers) == ("mine", tmp_path, 2)
    assert context.time_limit is not None
    assert (context.time_limit.seconds, context.time_limit.text) == (90, "90s")
    assert policy == ResumePolicy(retry=True, warm_start=False)


def test_the_time_limit_has_an_earlier_name(requested: Requests) -> None:
    wb.search("mdrn-size", timeout_min=1.5)
    ((_, context, _),) = requested
    assert context.time_limit is not None
    assert (context.time_limit.seconds, context.time_limit.text) == (90, "1.5 min")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trials": 0}, r"trials must lie in 1..1,000,000, got 0"),
        ({"batch": 0}, r"batch must lie in 1..1,000,000, got 0"),
        ({"seed": -1}, r"seed must lie in 0..4,294,967,295, got -1"),
        ({"sampler": "tpo"}, r"unknown sampler 'tpo'; did you mean 'tpe'"),
        ({"seeds": "2..5"}, r"seeds must be a count or a list here, got '2..5'"),
        ({"retry": True, "fresh": True}, r"retry and fresh exclude each other"),
        ({"timeout_min": 0}, r"^timeout_min must be above 0 and at most 365 days, got 0$"),
        ({"time_limit": "soon"}, r"^time_limit must be a time such as 90s, 9m, .* got 'soon'$"),
        ({"time_limit": 1, "timeout_min": 1}, r"^time_limit and timeout_min are the same"),
        ({"name": "a/b"}, r"^name"),
    ],
    ids=str,
)
def test_errors_name_the_arguments(
    requested: Requests, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(wb.WorkbenchError, match=message) as error:
        wb.search("mdrn-size", **arguments)
    assert "--" not in str(error.value)
    assert not requested


def test_errors_of_the_run_name_the_arguments(tmp_path: Path) -> None:
    for arguments, message in (
        ({"space": "mdrn-siz"}, r"unknown search space 'mdrn-siz'; did you mean 'mdrn-size'"),
        ({"objectives": ["psnr"]}, r"unknown objective 'psnr'"),
        ({"limits": {"parameter": 1}}, r"^limits: unknown limit 'parameter'; did you mean"),
    ):
        given: dict[str, Any] = {"space": "mdrn-size", "store": tmp_path, "progress": False}
        with pytest.raises(wb.WorkbenchError, match=message):
            wb.search(**given | arguments)
    assert not list(tmp_path.iterdir())


def test_a_search_gives_a_row_a_network(results: SearchResults) -> None:
    frame = results.to_frame()
    assert frame["name"].iloc[0] == BASELINE
    assert len(frame) == 9
    scored = [row for row in frame.to_dict("records") if not row["ending"]]
    best = max(scored, key=lambda row: row["psnr_rgb_db"])
    assert results.best == best["name"]
    assert list(results.front()["name"]) == [best["name"]]
    config = results.config(best["name"])
    assert isinstance(config, ModelConfig)
    assert config.channels == best["model.channels"]
    assert wb.count(results.config(best["name"])).parameters == best["parameters"]
    assert results.config() == results.config(best["name"])
    assert repr(results).endswith("9 networks, 1 on the front>")
    with pytest.raises(wb.WorkbenchError, match=r"has no trial 't000'; did you mean 't00"):
        results.config("t000")


def test_the_page_of_a_search_is_shown_inside_a_frame(
    results: SearchResults, tmp_path: Path
) -> None:
    assert results.save(tmp_path / "search.html").read_text().startswith("<!doctype html>")
    assert results._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    with pytest.raises(wb.WorkbenchError, match=r"needs a notebook; save\('report.html'\)"):
        results.show()


def test_an_unknown_search_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(wb.WorkbenchError, match=r"unknown search 'x'.*there are none"):
        wb.open_search("x", tmp_path)


@pytest.mark.parametrize("first", ["workbench.search", "workbench.api.search", "workbench.errors"])
def test_the_function_and_the_package_of_one_name_are_both_there(first: str) -> None:
    code = (
        f"import {first}, workbench as wb\n"
        "from workbench.search.record import SearchRecord\n"
        "import workbench.search as package\n"
        "assert package is wb.search and package.record.SearchRecord is SearchRecord\n"
        "try:\n    wb.search('nowhere')\n"
        "except wb.WorkbenchError as error:\n    assert 'unknown search space' in str(error)\n"
        "else:\n    raise AssertionError('it was not called')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    bound: Any = wb.search
    assert isinstance(bound, ModuleType)
    assert "timeout_min" in inspect.signature(wb.search).parameters
