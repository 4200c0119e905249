"""stdout that is full, closed or knows ASCII only; stderr that fails."""

import errno
import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import with_checkout
from workbench.cli.console import confirmed
from workbench.cli.main import main
from workbench.cli.streams import discard_output, fitting, output_failure, write_document
from workbench.errors import ConfigError

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")


def ended(monkeypatch: pytest.MonkeyPatch, *argv: str) -> int:
    """Run `workbench` in this process and return its exit code."""
    monkeypatch.setattr("sys.argv", ["workbench", *argv])
    with pytest.raises(SystemExit, match=r"^\d+$") as end:
        main()
    assert isinstance(end.value.code, int)
    return end.value.code


@needs_full
@pytest.mark.parametrize(
    "argv", [("spaces",), ("spaces", "--json"), ("--help",), ("spaces", "--help"), ("--version",)]
)
@pytest.mark.parametrize("write_through", [False, True])
def test_a_full_disk_is_one_line(
    argv: tuple[str, ...],
    write_through: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open("/dev/full", "wb", buffering=0) as raw:  # noqa: PTH123
        buffer = io.BufferedWriter(raw)
        stream = io.TextIOWrapper(buffer, encoding="utf-8", write_through=write_through)
        monkeypatch.setattr(sys, "stdout", stream)
        assert ended(monkeypatch, *argv) == 2
        stream.detach()
    assert capsys.readouterr().err == (
        "error: cannot write to stdout: no space is left on its disk\n"
    )


@needs_full
def test_a_full_disk_is_one_line_also_at_the_programs_end(tmp_path: Path) -> None:
    """The interpreter flushes once more at its exit."""
    run = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m workbench --help > /dev/full"],
        cwd=tmp_path,
        env=with_checkout(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr == "error: cannot write to stdout: no space is left on its disk\n"


def test_a_closed_stdout_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert ended(monkeypatch, "spaces") == 2
    assert capsys.readouterr().err == (
        "error: stdout is closed; redirect it to a file or to /dev/null\n"
    )


def test_a_closed_stderr_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert ended(monkeypatch, "spaces") == 0
    sys.stderr.close()
    assert "mdrn-size" in capsys.readouterr().out


@needs_full
def test_remarks_that_cannot_be_written_stop_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open("/dev/full", "wb", buffering=0) as raw:  # noqa: PTH123
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="utf-8"))
        assert ended(monkeypatch, "spaces") == 0
        discard_output()
    assert "mdrn-size" in capsys.readouterr().out


@pytest.mark.parametrize("stdin", [None, io.StringIO("y\n")])
def test_nobody_is_asked_where_nobody_can_answer(
    stdin: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(ConfigError, match=r"^3 hours; add --yes to start it without confirmation$"):
        confirmed("3 hours")


def test_a_question_is_printed_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    confirmed("3 hours")
    assert "start? [y/N] " in "".join(capsys.readouterr())


def test_the_end_of_input_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(""))
    with pytest.raises(ConfigError, match="not started"):
        confirmed("3 hours")


def test_an_ascii_terminal_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    assert ended(monkeypatch, "spaces", "show", "é±→≤") == 2
    streams[1].seek(0)
    assert streams[1].read().startswith("error: unknown search space 'e+--><=';")
    sys.stdout.write("±")  # also what no console has printed
    streams[0].seek(0)
    assert streams[0].read() == "+-"


def test_characters_are_replaced_only_where_they_are_lacking() -> None:
    text = "27.0 ± 0.1 → 5 ≤ 6 \u00d7 “é” 中 \udcff"
    assert fitting(text, "utf-8") == "27.0 ± 0.1 → 5 ≤ 6 \u00d7 “é” 中 \\udcff"
    assert fitting(text, "latin-1") == '27.0 ± 0.1 -> 5 <= 6 \u00d7 "é" \\u4e2d \\udcff'
    assert fitting(text, "ascii") == '27.0 +- 0.1 -> 5 <= 6 x "e" \\u4e2d \\udcff'


def test_other_errors_are_not_taken_for_a_failing_stdout() -> None:
    assert output_failure(FileNotFoundError(errno.ENOENT, "no such file", "x.png")) is None
    assert output_failure(OSError(errno.ENOSPC, "full", "x.png")) is None
    assert output_failure(OSError(errno.EIO, "I/O error")) == "cannot write to stdout: I/O error"


def test_a_document_keeps_its_own_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    sys.stdout.write("first ")
    write_document("± <svg>".encode())
    stream.buffer.seek(0)
    assert stream.buffer.read() == "first ± <svg>".encode()
