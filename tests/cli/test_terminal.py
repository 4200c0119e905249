"""Events in the terminal: notes and cautions are lines, work is a bar, and nothing is left over."""

import io

import pytest
from rich.console import Console

from workbench.cli import console as consoles
from workbench.cli.terminal import Terminal
from workbench.system.events import Caution, Note, Progressed, counting, working

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what is written to a terminal."""
    written = io.StringIO()
    console = Console(file=written, width=100, force_terminal=True, highlight=False)
    monkeypatch.setattr(consoles, "ERR", console)
    return written


def test_notes_and_cautions_are_lines_on_stderr(capsys: Capture) -> None:
    terminal = Terminal()
    terminal.emit(Note("[bold] is text"))
    terminal.emit(Caution("MLflow is slow"))
    terminal.emit("no event that it knows")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "[bold] is text\nwarning: MLflow is slow\n"


def test_work_is_a_bar_that_disappears(screen: io.StringIO) -> None:
    terminal = Terminal()
    with counting(terminal.emit, "packing images") as advance:
        advance(3, 12, "0801.png")
        (shown, task), *others = terminal._work
        assert not others
        assert shown.tasks[0].completed == 3
        assert task == shown.tasks[0].id
        shown.refresh()
        assert "packing images" in screen.getvalue()
        assert "3/12" in screen.getvalue()
        assert "0801.png" in screen.getvalue()
    assert not terminal._work


def test_work_inside_work_shows_its_own_bar_and_then_the_outer_one(screen: io.StringIO) -> None:
    terminal = Terminal()
    with counting(terminal.emit, "outer") as advance:
        with working(terminal.emit, "inner"):
            assert [shown.live.is_started for shown, _ in terminal._work] == [False, True]
        advance(1, 2, "")
        assert terminal._work[0][0].live.is_started
        assert terminal._work[0][0].tasks[0].completed == 1
    assert "inner" in screen.getvalue()


def test_work_that_fails_leaves_no_bar(screen: io.StringIO) -> None:
    terminal = Terminal()
    with pytest.raises(ValueError, match="broken"), working(terminal.emit, "work"):
        raise ValueError("broken")
    assert not terminal._work
    assert "work" in screen.getvalue()
    terminal.emit(Progressed(1, 2, "late"))  # has no bar, and does no harm
    assert not terminal._work


def test_a_log_file_gets_no_bars(capsys: Capture) -> None:
    terminal = Terminal()
    with counting(terminal.emit, "packing images") as advance:
        advance(3, 12, "0801.png")
    assert capsys.readouterr().err == ""
