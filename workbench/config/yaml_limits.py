"""What a YAML text may be, checked on its events before any value is built.

Aliases multiply: eight levels of nine aliases stand for 43 million values in 400 bytes. And nesting
as deep as Python's stack ends in a crash. Neither is of use in a config.
"""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    ScalarEvent,
)

MOST_BYTES = 1_000_000
MOST_VALUES = 100_000
"""Counted after every alias is expanded."""
MOST_DEPTH = 50
SIMPLE_CHARACTERS = 20_000
"""A shorter text without aliases holds few values; only its depth can be wrong."""


class YamlLimitError(MarkedYAMLError):
    """A YAML text that is too large, too deep, or refers to itself."""


def read_yaml_text(path: Path) -> str:
    """Read a YAML file as text.

    Raises:
        OSError: If it cannot be read, is no regular file, or is too large.
        UnicodeDecodeError: If it is not UTF-8.
    """
    if path.exists() and not path.is_file():
        raise OSError("it is no regular file")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(f"it must have at most {MOST_BYTES:,} bytes")
    return content.decode("utf-8")


def check_yaml(text: str) -> None:
    """Refuse a YAML text that would take too much memory or time to build.

    Raises:
        YamlLimitError: With the line.
        YAMLError: If it is not YAML.
    """
    if _is_simple(text):
        return
    counted = _Counted()
    for event in YAML(typ="rt", pure=True).parse(text):
        counted.take(event)


def _is_simple(text: str) -> bool:
    """Tell from the characters alone that nothing can be wrong; most files are such."""
    openings = text.count("[") + text.count("{") + text.count("- ") + text.count("? ")
    indents = max((len(line) - len(line.lstrip(" ")) for line in text.split("\n")), default=0)
    return (
        len(text) <= SIMPLE_CHARACTERS and "*" not in text and openings + indents // 2 < MOST_DEPTH
    )


class _Counted:
    """Counts the values of a text, aliases as what they stand for."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = [(None, 0)]
        """Anchor and number of values of each collection that is not closed."""
        self._anchors: dict[str, int] = {}

    def take(self, event: Event) -> None:
        match event:
            case AliasEvent():
                self._add(self._alias(event), event)
            case ScalarEvent():
                self._add(1, event)
                if event.anchor is not None:
                    self._anchors[event.anchor] = 1
            case CollectionStartEvent():
                self._open.append((event.anchor, 1))
                if len(self._open) > MOST_DEPTH:
                    raise _error(f"is nested more than {MOST_DEPTH} deep", event)
            case CollectionEndEvent():
                anchor, values = self._open.pop()
                if anchor is not None:
                    self._anchors[anchor] = values
                self._add(values, event)

    def _alias(self, event: AliasEvent) -> int:
        if any(anchor == event.anchor for anchor, _ in self._open):
            raise _error(f"the alias *{event.anchor} refers to what it is part of", event)
        return self._anchors.get(event.anchor, 1)

    def _add(self, values: int, event: Event) -> None:
        anchor, inside = self._open[-1]
        self._open[-1] = anchor, inside + values
        if inside + values > MOST_VALUES:
            raise _error(
                f"holds more than {MOST_VALUES:,} values, with every alias expanded",
                event,
            )


def _error(problem: str, event: Event) -> YamlLimitError:
    return YamlLimitError(problem=problem, problem_mark=event.start_mark)
