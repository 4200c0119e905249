"""What a person sees while trials run, on a terminal and in a log file."""

import io
import re

import pytest
from rich.console import Console

from tests.builders.clocks import Clock
from tests.builders.comparisons import BASE, BETTER, diverged, scored
from tests.builders.searches import settings, with_rungs
from workbench.analysis.comparison import compare
from workbench.cli import console as consoles
from workbench.cli.display import AblationDisplay
from workbench.cli.search_display import SearchDisplay
from workbench.execution.events import (
    TrialFinished,
    TrialProgressed,
    TrialValidated,
    WaitingForLock,
    WorkerDied,
    WorkersStarting,
)
from workbench.experiments.so_far import SoFar
from workbench.results import CurvePoint, MeanScore
from workbench.search.record import Promoted, RungResult, SearchRecord
from workbench.system.numbers import difference_text

POINT = CurvePoint(
    step=40,
    time_s=0.0,
    loss=0.1,
    learning_rate=1e-3,
    score=MeanScore(psnr_rgb_db=21.5, ssim_rgb=0.8, psnr_y_db=22.0, ssim_y=0.8),
)


def shown_on(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> io.StringIO:
    """Let displays write to a console of the test; return what they write."""
    written = io.StringIO()
    console = Console(file=written, width=160, force_terminal=terminal, highlight=False)
    monkeypatch.setattr(consoles, "ERR", console)
    return written


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    return shown_on(monkeypatch, terminal=False)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    return shown_on(monkeypatch, terminal=True)


def lines(log: io.StringIO) -> list[str]:
    """Return the lines of a log without their times."""
    found = log.getvalue().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in found), found
    return [line[9:] for line in found]


def start(display: AblationDisplay, trials: int) -> None:
    """Hand trials to workers that do nothing."""
    display(WorkersStarting(trials))


def test_a_trial_has_one_line_in_a_log_without_control_codes(log: io.StringIO) -> None:
    with AblationDisplay(2) as display:
        display(TrialProgressed("no-lvar", 1, 39, 120, "loss 0.1"))
        display(TrialValidated("no-lvar", 1, POINT))
        display(TrialProgressed("no-lvar", 1, 40, 120, "loss 0.1"))
        display(TrialFinished("no-lvar", 1, scored("k", 1, {"Set5": [30.0, 31.0], "B100": [26.0]})))
        display(TrialFinished("esa", 1, diverged("k", 1)))
        display(WorkerDied("esa", 2))
    assert "\x1b" not in log.getvalue()
    assert lines(log) == [
        "no-lvar seed 1: complete in 1 s, Set5 PSNR 30.500 dB, B100 PSNR 26.000 dB",
        "esa seed 1: diverged in 1 s, the loss was nan at step 7",
        "esa seed 2: its worker died; another one resumes it",
    ]


def test_a_log_says_that_workers_start_and_now_and_then_how_far_the_trials_are(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = Clock()
    monkeypatch.setattr("workbench.cli.trial_bars.time.monotonic", now)
    with AblationDisplay(4, workers=2) as display:
        display.bars.pace.now_s = now
        start(display, 4)
        for second in range(100):
            now.seconds += 1.0
            display(TrialProgressed("a", 1, second, 200, "loss 0.1"))
            display(WaitingForLock("b", 1))
        start(display, 1)
    told = lines(log)
    assert told[0] == "starting 2 workers"
    assert len(told) == 2
    assert re.fullmatch(
        r"0 of 4 trials, about 06:\d\d left; a seed 1 at step 59 of 200; b seed 1 waits .*", told[1]
    )


def test_as_many_workers_as_a_gpu_or_a_cluster_takes_are_not_counted(log: io.StringIO) -> None:
    with AblationDisplay(4, workers=None) as display:
        start(display, 4)
    assert lines(log) == ["starting workers"]


def test_a_terminal_shows_at_once_that_workers_start_and_then_the_validation(
    terminal: io.StringIO,
) -> None:
    with AblationDisplay(3, workers=2) as display:
        start(display, 3)
        display.bars.progress.refresh()
        assert "starting 2 workers" in terminal.getvalue()
        display(TrialValidated("a", 1, POINT))
        display(TrialProgressed("a", 1, 40, 120, "loss 0.1"))
        terminal.truncate(0)
        display.bars.progress.refresh()
    assert "loss 0.1, validation PSNR 21.500 dB at step 40" in terminal.getvalue()
    assert "starting" not in terminal.getvalue()


def test_the_difference_so_far_is_that_of_the_final_table(log: io.StringIO) -> None:
    with AblationDisplay(6, so_far=SoFar({"up": "base", "same": "base"})) as display:
        for base, up in zip(BASE, BETTER, strict=True):
            display(TrialFinished("base", base.config.seed, base))
            display(TrialFinished("up", up.config.seed, up))
    told = [line.partition("; ")[2] for line in lines(log)]
    for count in (2, 3):
        table = compare({"base": BASE[:count], "up": BETTER[:count]}, {})
        found = table.judged("Set5")[0].difference.decision
        delta = difference_text(found.estimate.mean, found.interval).replace(" [", " dB [")
        assert told[2 * count - 1] == f"so far up - base: {delta}, {count} seeds"
    assert not any(told[:3])
    assert not told[4], "the base's third seed has no partner yet"


def test_a_search_counts_networks_one_by_one_and_says_which_is_the_best_so_far(
    log: io.StringIO,
) -> None:
    record = SearchRecord(name="s", settings=settings(space=with_rungs(), asynchronous=True))
    display = SearchDisplay(record, 5)
    counted = []
    for name, psnr_db in (("t0000", 30.0), ("t0001", 29.0), ("t0002", 30.25)):
        display(TrialProgressed(name, 1, 1, 120, "loss 0.1"))
        display(TrialFinished(name, 1, scored(name, 1, {"Set5": [psnr_db]})))
        counted.append(display.bars.progress.tasks[0].completed)
    assert counted == [1, 2, 3]
    end = RungResult(batch=1, rung=2, values={"t0001": (29.0,), "t0002": (30.25,)})
    waits = RungResult(batch=1, rung=0, values={"t0003": (20.0,)})
    for line, count in ((end, 3), (waits, 4), (Promoted(number=3, rung=0), 3)):
        display.note(line)
        assert display.bars.progress.tasks[0].completed == count
    assert lines(log) == [
        "t0000 seed 1: complete in 1 s, Set5 PSNR 30.000 dB",
        "t0001 seed 1: complete in 1 s, Set5 PSNR 29.000 dB",
        "t0002 seed 1: complete in 1 s, Set5 PSNR 30.250 dB; best so far (+0.250 dB against tiny)",
        "rung 1: t0003 waits",
        "t0003 is promoted from rung 1",
    ]
    remark = display.bars.progress.tasks[0].fields["remark"]
    assert remark == "best t0002 30.250 dB (+0.250 dB against tiny)"
