"""Damaging files as a disk, a copy or an editor does."""

from pathlib import Path


def flip(path: Path, at: float = 0.5) -> None:
    """Turn all bits of one byte, at a share of the file's length."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 0xFF
    path.write_bytes(content)


def change_digit(path: Path, after: str) -> None:
    """Change the last digit of the first number that follows a text."""
    content = path.read_text()
    start = content.index(after) + len(after)
    end = start + next(i for i, c in enumerate(content[start:]) if c in ",\n}")
    digit = str((int(content[end - 1]) + 1) % 10)
    path.write_text(content[: end - 1] + digit + content[end:])
