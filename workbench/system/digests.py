"""Digests of the files that results rest on: written with a file, checked when it is read.

Three kinds of files, one rule. A JSON object holds `"sha256"` as its first key, a binary file ends
with a trailer, a safetensors file of ours has it in its metadata; so one write replaces content
and digest together, and every file stays readable for other programs. A file from an older
workbench has no digest and is read as it is. A damaged file is treated as if it were absent, and
one line names it; where it cannot be made again, the caller refuses it.
"""

import hashlib
import json
import logging
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KEY = "sha256"
_HEAD = re.compile(rb'\{"sha256": "([0-9a-f]{64})",')
_HEAD_START = b'{"sha256": "'
_TRAILER = b"\nmdrn-workbench sha256:"
_SHOWN = 8
"""Digits of a digest that a message shows."""
_LOG = logging.getLogger("workbench.system.digests")
_said: set[str] = set()


class DamagedError(Exception):
    """The content of a file does not match its digest. The text says what was expected."""


def sha256(content: bytes | str) -> str:
    """Return the SHA-256 of bytes, or of text in UTF-8: 64 hexadecimal digits."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def sha256_of_json(data: object, *, compact: bool = False) -> str:
    """Return the SHA-256 of plain data as JSON with sorted keys: 64 hexadecimal digits.

    Args:
        data: What JSON can hold.
        compact: Without spaces. Both are in use, as digests of earlier versions must not change.
    """
    separators = (",", ":") if compact else None
    return sha256(json.dumps(data, sort_keys=True, separators=separators))


def seal_json(data: Mapping[str, object], *, indent: int | None = 1) -> bytes:
    """Return a JSON object, not empty, with the digest of its text as its first key.

    Raises:
        ValueError: If a number in it is not finite: JSON has no such number.
    """
    text = json.dumps(data, indent=indent, allow_nan=False).encode()
    return _HEAD_START + sha256(text).encode() + b'",' + text[1:]


def unseal_json(content: bytes) -> bytes:
    """Return the JSON text without its digest; text without a digest is returned as it is.

    Raises:
        DamagedError: If the text does not match its digest.
    """
    head = _HEAD.match(content)
    if head is None:
        # A digest that was hit itself must not pass for a file that never had one.
        same = sum(a == b for a, b in zip(content, _HEAD_START, strict=False))
        if same > len(_HEAD_START) - 3:
            raise DamagedError("its SHA-256 cannot be read")
        return content
    text = b"{" + content[head.end() :]
    _compare(head[1].decode(), sha256(text))
    return text


def seal(content: bytes) -> bytes:
    """Return content with its digest behind it. PyTorch opens such a file as any other of its."""
    return content + _TRAILER + sha256(content).encode()


def unseal(content: bytes) -> bytes:
    """Return content without the digest behind it; content without one is returned as it is.

    Raises:
        DamagedError: If the content does not match its digest.
    """
    start = len(content) - len(_TRAILER) - 64
    if start < 0 or content[start : start + len(_TRAILER)] != _TRAILER:
        return content
    whole = content[:start]
    _compare(content[-64:].decode(errors="replace"), sha256(whole))
    return whole


def seal_safetensors(content: bytes) -> bytes:
    """Return a safetensors file with a digest over header and tensors in its metadata."""
    header, tensors = _parts(content)
    metadata = header.setdefault("__metadata__", {})
    metadata[KEY] = _safetensors_digest(header, tensors)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the format aligns tensors to 8 bytes
    return struct.pack("<Q", len(text)) + text + tensors


def check_safetensors(content: bytes) -> None:
    """Check a safetensors file; one without a digest passes if its header can be read.

    Raises:
        DamagedError: If it does not match its digest, or is no safetensors file.
    """
    try:
        header, tensors = _parts(content)
        found = dict(header.get("__metadata__", {})).get(KEY)
    except (struct.error, ValueError, TypeError, AttributeError, RecursionError):
        raise DamagedError("no header of safetensors") from None
    if found is not None:
        _compare(str(found), _safetensors_digest(header, tensors))


def _parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    return dict(header), content[8 + length :]


def _safetensors_digest(header: Mapping[str, Any], tensors: bytes) -> str:
    metadata = {k: v for k, v in header.get("__metadata__", {}).items() if k != KEY}
    text = json.dumps({**header, "__metadata__": metadata}, sort_keys=True)
    digest = hashlib.sha256(text.encode())
    digest.update(tensors)
    return digest.hexdigest()


def _compare(expected: str, found: str) -> None:
    if expected != found:
        raise DamagedError(f"its SHA-256 must be {expected[:_SHOWN]}, got {found[:_SHOWN]}")


def say_damaged(path: Path, reason: object) -> None:
    """Tell the user of a damaged file, which is then treated as absent."""
    say(f"{path}: damaged ({reason}); treated as if it were absent")


def say(text: str) -> None:
    """Log a warning, once in a process however often a file is read."""
    if text not in _said:
        _said.add(text)
        _LOG.warning("%s", text)


class Forward(logging.Handler):
    """Hands the warnings of the workbench to a function.

    Args:
        send: Gets the text of each.
    """

    def __init__(self, send: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the text on."""
        self._send(record.getMessage())


def show(send: Callable[[str], object]) -> None:
    """Hand warnings to a function for the rest of this process; a later call replaces it."""
    for handler in [one for one in _LOG.handlers if isinstance(one, _Shown)]:
        _LOG.removeHandler(handler)
    _LOG.addHandler(_Shown(send))


class _Shown(Forward):
    """The one of the program, which a second call of `show` finds."""


@contextmanager
def forwarded(send: Callable[[str], object]) -> Iterator[None]:
    """Hand warnings to a function inside the block."""
    handler = Forward(send)
    _LOG.addHandler(handler)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
