import contextlib
from typing import Any

import pytest

from tests.tracking.conftest import make_label, make_result
from workbench.api.progress import shown
from workbench.errors import WorkbenchError
from workbench.execution.events import TrialFailed, TrialFinished, TrialProgressed
from workbench.experiments.events import TrialsEnded, TrialsStarted
from workbench.system.events import Caution, Note, Progressed, WorkEnded, WorkStarted

FINISHED = TrialFinished("esa", 1, make_result(make_label("esa")))


def test_bars_and_notes_are_written_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(True) as emit:
        for event in (
            WorkStarted("packing images"),
            Progressed(1, 2, "a.png"),
            Progressed(2, 2, "b.png"),
            WorkEnded(),
            Note("4 trials, 4 to run"),
            Caution("MLflow: failed"),
            TrialsStarted(2, 1),
            TrialProgressed("esa", 1, 3, 1_200, "loss 0.1"),
            FINISHED,
            TrialFailed("esa", 2, WorkbenchError("its worker died twice")),
            TrialsEnded(),
            WorkEnded(),  # of nothing
            object(),
        ):
            emit(event)
    out, err = capsys.readouterr()
    assert out == ""
    for text in (
        "packing images: ",
        "4 trials, 4 to run\n",
        "warning: MLflow: failed\n",
        "esa seed 1: step 3 of 1,200, loss 0.1",
        "trials:   0%|",
        "esa seed 2: its worker died twice\n",
    ):
        assert text in err


def test_bars_are_closed_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = []

    def make_bar(what: str) -> Any:
        from tqdm import tqdm

        bars.append(tqdm(desc=what))
        return bars[-1]

    monkeypatch.setattr("workbench.api.progress._bar", make_bar)
    with contextlib.suppress(ZeroDivisionError), shown(True) as emit:
        emit(WorkStarted("packing images"))
        emit(WorkStarted("reading"))
        raise ZeroDivisionError
    assert [bar.disable for bar in bars] == [True, True]


def test_a_function_gets_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    events: list[object] = []
    with shown(events.append) as emit:
        emit(Note("read"))
    with shown(False) as emit:
        emit(Note("read"))
    assert events == [Note("read")]
    assert capsys.readouterr() == ("", "")
