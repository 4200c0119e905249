"""stdout and stderr: characters that they cannot hold, disks that are full, readers that left."""

import codecs
import contextlib
import errno
import io
import os
import sys
import unicodedata
from typing import IO

from workbench.errors import WorkbenchError, reason_of

_HANDLER = "workbench.ascii"

_ASCII = {
    **{"±": "+-", "→": "->", "←": "<-", "↔": "<->", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~"},
    **{"×": "x", "−": "-", "–": "-", "—": "-", "·": ".", "•": "*", "µ": "u", "μ": "u"},  # noqa: RUF001
    **{"“": '"', "”": '"', "‘": "'", "’": "'", "Δ": "delta", "σ": "sigma", "°": " deg"},  # noqa: RUF001
    **{"✓": "+", "✔": "+", "✗": "x", "✘": "x", "▲": "^", "▼": "v", "◆": "*", "●": "*", "○": "o"},
    **{"■": "#", "□": "o", "█": "#", "│": "|", "─": "-", "━": "-", "╸": "-", "╺": "-"},
}

_WRITE_FAILS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def prepare_streams() -> None:
    """Make stdout and stderr degrade characters that their encoding lacks, and check stdout.

    Raises:
        WorkbenchError: If stdout is closed, so that nothing could be printed.
    """
    codecs.register_error(_HANDLER, _replace_unencodable)
    if sys.stderr is None:  # closed, as by `2>&-`
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)
    if sys.stdout is None:
        raise WorkbenchError("stdout is closed; redirect it to a file or to /dev/null")


def fitting(text: str, encoding: str) -> str:
    """Return text with `+-` for `±` and the like where an encoding lacks the characters."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        pieces = (letter if _fits(letter, encoding) else _ascii(letter) for letter in text)
        return "".join(pieces)
    return text


def write_document(content: bytes) -> None:
    """Write a document that names its own encoding, such as HTML, to stdout as it is."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(content.decode())
    else:
        buffer.write(content)
        buffer.flush()


def output_failure(error: OSError) -> str | None:
    """Return why stdout could not be written, in one line; None if the error is another one."""
    of_a_stream = error.filename is None and error.errno in _WRITE_FAILS
    if of_a_stream or _cannot_flush(sys.stdout):
        return f"cannot write to stdout: {reason_of(error)}"
    return None


def discard_output() -> None:
    """Flush stdout and stderr; where that fails, point them at nothing.

    The interpreter would otherwise fail to flush them at its exit, with a traceback and a code of
    its own.
    """
    for stream in (sys.stdout, sys.stderr):
        if not _cannot_flush(stream):
            continue
        with contextlib.suppress(OSError, ValueError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)


def _cannot_flush(stream: IO[str] | None) -> bool:
    if stream is None:
        return False
    try:
        stream.flush()
    except (OSError, ValueError):
        return True
    return False


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(map(_ascii, text)), error.end


def _fits(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _ascii(letter: str) -> str:
    if letter in _ASCII:
        return _ASCII[letter]
    simple = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return simple or letter.encode("ascii", "backslashreplace").decode()
