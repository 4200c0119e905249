import subprocess
import sys
from pathlib import Path

import pytest

import workbench as wb
from tests.builders.stores import ARMS, STUDY, make_store


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path / "store")


def test_a_study_gives_a_row_a_trial_an_image_and_a_point(store: Path) -> None:
    study = wb.study(STUDY, store)
    trials = study.to_frame()
    assert list(zip(trials["variant"], trials["seed"], strict=True)) == [
        ("tiny", 1),
        ("tiny", 2),
        ("no-lvar", 1),
    ]
    assert set(trials["state"]) == {"complete"}
    scores = study.scores()
    for trial in trials.to_dict("records"):
        own = scores[(scores["variant"] == trial["variant"]) & (scores["seed"] == trial["seed"])]
        for dataset in ("Set5", "Urban 100/x"):
            mean = own[own["dataset"] == dataset]["psnr_rgb_db"].mean()
            assert trial[f"{dataset}/psnr_rgb_db"] == pytest.approx(mean)
    curves = study.curves()
    assert len(curves) == 3 * len(curves[(curves["variant"] == "tiny") & (curves["seed"] == 1)])
    assert curves["step"].max() <= trials["steps"].max()


def test_verdicts_are_those_of_the_comparison(store: Path) -> None:
    study = wb.study(STUDY, store)
    row = study.verdicts().to_dict("records")[0]
    (judged,) = study.comparison.judged(row["dataset"])
    assert (row["variant"], row["against"]) == ("no-lvar", "tiny")
    assert row["delta_psnr_rgb_db"] == judged.difference.decision.estimate.mean
    assert row["verdict"] == judged.difference.decision.verdict == "not testable"
    assert study.to_dict()["study"] == STUDY
    assert any("1 trial of it is not finished" in remark for remark in study.remarks)
    assert STUDY in repr(study)


def test_the_page_is_shown_inside_a_frame(store: Path, tmp_path: Path) -> None:
    study = wb.study(STUDY, store)
    page = study.save(tmp_path / "study.html").read_text()
    assert page.startswith("<!doctype html>")
    frame = study._repr_html_()
    assert frame.startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert frame.count("<") == 2  # the page's own tags are escaped
    with pytest.raises(wb.WorkbenchError, match=r"needs a notebook; save\('report.html'\)"):
        study.show()


def test_a_store_lists_its_studies(store: Path) -> None:
    (row,) = wb.studies(store).to_dict("records")
    assert row["name"] == STUDY
    assert [row["baseline"], *row["variants"]] == list(ARMS)
    assert (row["trials"], row["finished"]) == (4, 3)
    assert row["declared"].year == 1970
    assert wb.study(store=store).name == STUDY


def test_a_store_without_studies_says_so(tmp_path: Path) -> None:
    assert wb.studies(tmp_path).empty
    with pytest.raises(wb.WorkbenchError, match="holds no study"):
        wb.study(store=tmp_path)
    with pytest.raises(wb.WorkbenchError, match="nowhere: no such folder"):
        wb.studies(tmp_path / "nowhere")


def test_an_unknown_study_names_the_nearest(store: Path) -> None:
    with pytest.raises(wb.WorkbenchError, match=r"unknown study 'lvar-study'.*did you mean"):
        wb.study("lvar-study", store)


def test_networks_that_are_not_there_are_named(store: Path) -> None:
    study = wb.study(STUDY, store)
    with pytest.raises(wb.WorkbenchError, match="no variant 'no-lva'; did you mean 'no-lvar'"):
        study.network("no-lva")
    with pytest.raises(wb.WorkbenchError, match="no trial of no-lvar with seed 2 is finished"):
        study.network("no-lvar", seed=2)
    with pytest.raises(wb.WorkbenchError, match="has no declaration 2"):
        wb.study(STUDY, store, declaration=2)


def test_studies_are_read_without_torch(store: Path) -> None:
    code = (
        "import sys, workbench as wb\n"
        f"wb.study({STUDY!r}, {str(store)!r}).verdicts()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
