import gc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests.builders.docs import ROOT, python_blocks
from tests.builders.executors import run_inline
from tests.cli.conftest import Command
from tests.environment import with_checkout
from workbench.experiments.defaults import DEFAULT_BASE
from workbench.experiments.plan_file import read_plan
from workbench.experiments.study_spec import StudySpec

pytestmark = [
    pytest.mark.xdist_group("python-md"),
    # The kernel of the notebook has ended, but its object is not told before it is collected.
    pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning"),
]

BLOCKS, NOT_RUN = python_blocks(ROOT / "docs" / "python.md")


def test_every_block_runs_in_order_as_a_script_without_a_guard(
    python_md: tuple[Path, str],
) -> None:
    folder, printed = python_md
    assert printed.startswith("95,396 parameters, 5.58 G multiply-adds\n")
    assert "(192, 256, 3) uint8" in printed
    assert "did you mean 'no-lvar'" in printed
    assert "not testable" not in printed.partition("verdict")[2].partition("\n\n")[0]
    for page in ("first.html", "small.html"):
        assert (folder / page).read_text().startswith("<!doctype html>")


def test_what_a_script_has_trained_the_command_finds(
    python_md: tuple[Path, str], command: Command
) -> None:
    folder, _ = python_md
    store = folder / "mlflow_runs"
    found = command("report", "first", "--format", "json", "--store", str(store)).json()
    assert found == wb.study("first", store).to_dict()


def test_the_notebook_runs_and_shows_tables_images_and_the_report(
    python_md: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", with_checkout()["PYTHONPATH"])
    notebook = nbformat.read(ROOT / "docs" / "first-steps.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # they are made by running it
    folder, _ = python_md  # whose study it finds finished
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    gc.collect()  # while the warning of the kernel's object is ignored
    cells = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    shown = [outputs[-1].data for outputs in cells]
    assert "parameters=95396" in shown[0]["text/plain"]
    assert "image/png" in shown[1]
    for table in shown[2:6]:
        assert "<table" in table["text/html"]
    assert shown[6]["text/html"].startswith("<iframe srcdoc=")
    assert any("trials" in output.get("text", "") for output in cells[2])  # the bar


def test_the_ten_lines_request_what_the_demo_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    requested = []

    def record(spec: StudySpec, *_: Any) -> Any:
        requested.append(spec)
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.api.ablation._run", record)
    (block,) = NOT_RUN
    assert len(block.strip().splitlines()) <= 14
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        exec(compile(block, "docs/python.md", "exec"), {})
    plan = ROOT / "plans" / "demo.yaml"
    expected = read_plan(plan).spec(plan)
    assert expected.base == DEFAULT_BASE
    assert requested == [replace(expected, base=None, origin="")]


def test_the_ten_lines_give_the_numbers_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    run_inline(monkeypatch)
    plan = (ROOT / "plans" / "demo.yaml").read_text()
    shortened = {"seeds: 4": "seeds: 1", "recipe: demo": "recipe: demo\nsteps: 2\nbase: tiny"}
    (tmp_path / "short.yaml").write_text(_replaced(plan, shortened | {"base: mdrn-s\n": ""}))
    (block,) = NOT_RUN
    shortened = {
        "seeds=4": "seeds=1, base='tiny', workers=1",
        '"demo",\n    val': '"demo", steps=2, val',
    }
    names: dict[str, Any] = {}
    exec(compile(_replaced(block, shortened), "docs/python.md", "exec"), names)
    study = names["study"]
    assert study.to_frame()["steps"].tolist() == [2, 2, 2]
    trained = _when_finished(tmp_path)
    ended = command("ablate", "--plan", "short.yaml", "--json")
    assert _when_finished(tmp_path) == trained  # nothing is trained again
    assert ended.json()["arms"] == study.to_dict()["arms"]
    report = command("report", "demo", "--format", "json").json()
    assert report == study.to_dict()  # also its hash: both declare the same study
    assert len(study._opened.study.declarations) == 1


def _when_finished(folder: Path) -> dict[str, int]:
    records = (folder / "mlflow_runs").glob("trials/*/result.json")
    found = {record.parent.name: record.stat().st_mtime_ns for record in records}
    assert len(found) == 3
    return found


def _replaced(text: str, replacements: dict[str, str]) -> str:
    for old, new in replacements.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
