"""What commands print with: tables and addresses on stdout, progress and notes on stderr."""

import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from workbench.cli.streams import fitting
from workbench.errors import ConfigError
from workbench.system.numbers import giga_text
from workbench.system.text import printable


class PlainConsole(Console):
    """Prints text as it is: square brackets and colons in names are no markup and no emoji.

    Control characters are written out, and what the stream's encoding lacks is replaced. Styles
    are given as `style=` or by `rich.text.Text`.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    @property
    def encoding(self) -> str:
        """Encoding of the stream; rich draws its bars in ASCII where it is not UTF-8."""
        return (getattr(self.file, "encoding", None) or "utf-8").lower()

    def render_str(self, text: str, **options: Any) -> Text:
        """Return text with a style, and take nothing in it for markup."""
        options |= {"markup": False, "emoji": False, "highlight": False}
        return super().render_str(self._fitting(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Return what is printed; also a `Text` that was made elsewhere has no control codes."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(self._fitting(segment.text), segment.style)

    def _fitting(self, text: str) -> str:
        return fitting(printable(text), self.encoding)


class NoteConsole(PlainConsole):
    """Prints remarks on stderr. A remark that cannot be written never stops the work."""

    def __init__(self) -> None:
        super().__init__(stderr=True)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print unless the stream fails."""
        with suppress(OSError):
            super().print(*objects, **options)

    def on_broken_pipe(self) -> None:
        """Continue without remarks."""
        self.quiet = True


OUT = PlainConsole()
ERR = NoteConsole()


def print_json(data: Any) -> None:
    """Print plain data as JSON on stdout, and nothing else."""
    sys.stdout.write(json_text(data))


def json_text(data: Any) -> str:
    """Return plain data as JSON with a line break at the end."""
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def note(text: str) -> None:
    """Print a remark on stderr, as it is: a path that is broken into lines cannot be copied."""
    ERR.print(text, style="dim", soft_wrap=True)


def heading(name: str, rest: str = "") -> Text:
    """Return a line that begins with a name in bold."""
    return Text.assemble((name, "bold"), rest)


def left_out(problem: str) -> None:
    """Warn that a listing leaves out a file that cannot be used."""
    note(f"warning: left out: {problem}")


def table(*columns: str, left: int = 1, gap: int = 2) -> Table:
    """Return an empty table; all columns but the first `left` are aligned to the right."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, gap, 0, 0))
    for index, column in enumerate(columns):
        made.add_column(column, justify="left" if index < left else "right", overflow="fold")
    return made


def place_text(device: str, threads: int) -> str:
    """Name where a network ran: `cuda:1`, `cpu with 1 thread`."""
    threads_text = "1 thread" if threads == 1 else f"{threads} threads"
    return f"{device} with {threads_text}" if device == "cpu" else device


def millions(count: int) -> str:
    """Format a count in millions."""
    return f"{count / 1e6:.2f}"


def billions(count: int) -> str:
    """Format a count in billions."""
    return giga_text(count)


def confirmed(question: str) -> None:
    """Ask for confirmation.

    Raises:
        ConfigError: If the answer is no, or if there is no terminal to ask on.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigError(f"{question}; add --yes to start it without confirmation")
    try:
        answer = ERR.input("start? [y/N] ", markup=False, emoji=False)
    except EOFError:  # Ctrl-D
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise ConfigError("not started")
