"""`workbench studies`: what a store holds, also when some of it is damaged or unfinished."""

from pathlib import Path

from tests.builders.searches import Fake, run, settings
from tests.builders.stores import STUDY, make_store
from tests.cli.conftest import Command
from workbench.search.record_file import start_record


def test_a_study_is_listed_with_what_it_found(command: Command, finished: Path) -> None:
    (study,) = command("studies", "--json").json()["studies"]
    (verdict,) = study["verdicts"]["Photos"].values()
    moment = study.pop("declared_s")
    assert moment > 1_700_000_000
    assert study == {
        "kind": "study",
        "name": "mine",
        "question": "Does local variance (L-var) help at all?",
        "baseline": "tiny",
        "variants": ["no-lvar"],
        "seeds": [1, 2],
        "trials": 4,
        "finished": 4,
        "verdicts": {"Photos": {"no-lvar": verdict}},
        "declarations": 1,
    }
    ended = command("studies")
    assert ended.code == 0
    report = command("report", "mine", "--format", "json").json()
    (judged,) = [arm for arm in report["arms"] if arm["name"] == "no-lvar"]
    assert judged["datasets"]["Photos"]["delta_psnr_rgb_db"]["verdict"] == verdict
    lines = ended.out.splitlines()
    assert lines[0].startswith("mine  20")
    assert lines[1:] == [
        "  Does local variance (L-var) help at all?",
        "  no-lvar against tiny; 2 seeds; 4 of 4 trials finished",
        f"  Photos: 1 {verdict}",
    ]


def test_unfinished_studies_and_searches_are_listed(command: Command, tmp_path: Path) -> None:
    store = make_store(tmp_path / "mlflow_runs")
    state = run(settings(), 2, Fake())
    start_record(state.record.model_copy(update={"name": "small nets"}), store)
    found = command("studies", "--json").json()
    (study,), (search,) = found["studies"], found["searches"]
    assert (study["name"], study["trials"], study["finished"]) == (STUDY, 4, 3)
    assert (search["name"], search["trials"]) == ("small nets", len(state.trained))
    assert search["rejected"] == len(state.record.proposals) - len(state.trained)
    printed = command("studies").out
    assert "3 of 4 trials finished" in printed
    assert f"{len(state.trained)} networks, 0 stopped early" in printed


def test_what_is_damaged_is_named_and_the_rest_is_listed(command: Command, tmp_path: Path) -> None:
    store = make_store(tmp_path / "mlflow_runs")
    (store / "studies" / "damaged.json").write_text("{")
    ended = command("studies")
    assert ended.code == 0
    assert ended.out.startswith(STUDY)
    assert "left out: study damaged (" in ended.err


def test_an_empty_store_and_a_missing_one(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mlflow_runs").mkdir()
    assert command("studies").out == "mlflow_runs holds no study and no search\n"
    missing = command("studies", "--store", "nowhere")
    assert (missing.code, missing.out, missing.err.count("\n")) == (2, "", 1)
    assert "nowhere: no such folder" in missing.err
