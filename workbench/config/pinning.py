"""Overrides whose modules of one's own are of a source that was read earlier. No torch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.config.module import OwnModule, SourceMark

Marks = Mapping[str, SourceMark]
"""By path of the class."""


def paths_of_modules(overrides: Mapping[str, Any]) -> Iterator[str]:
    """Yield the path of every module of one's own that overrides name, also in lists."""
    for key, value in overrides.items():
        if _is_path(key, value):
            yield value
        yield from _paths_in(value)


def read_marks(paths: Iterator[str]) -> dict[str, SourceMark]:
    """Read the sources of modules as they are on the disk now.

    Raises:
        ConfigError: If one cannot be found.
    """
    return {path: OwnModule.parse({"path": path}).mark for path in sorted(set(paths))}


def pinned(overrides: Mapping[str, Any], marks: Marks) -> dict[str, Any]:
    """Return overrides that name these sources, whatever is on the disk now."""
    if not marks:
        return dict(overrides)
    found: dict[str, Any] = {}
    for key, value in overrides.items():
        found[key] = _pinned(value, marks)
        if _is_path(key, value) and value in marks:
            found[f"{key.rpartition('.')[0]}.source"] = marks[value].plain()
    return found


def without_digests(plain: Any) -> Any:
    """Return plain data without the marks of sources."""
    if isinstance(plain, Mapping):
        return {k: without_digests(v) for k, v in plain.items() if not _is_mark(v)}
    return [without_digests(item) for item in plain] if isinstance(plain, list | tuple) else plain


def _is_mark(value: object) -> bool:
    return isinstance(value, Mapping) and {"path", "digest"} <= value.keys()


def _is_path(key: str, value: object) -> bool:
    return key.endswith(".path") and isinstance(value, str)


def _own_path(value: object) -> str | None:
    if isinstance(value, Mapping) and value.get("kind") == "module":
        path = value.get("path")
        return path if isinstance(path, str) else None
    return None


def _paths_in(value: object) -> Iterator[str]:
    path = _own_path(value)
    if path is not None:
        yield path
    for inner in _parts(value):
        yield from _paths_in(inner)


def _parts(value: object) -> Sequence[object]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list | tuple) else ()


def _pinned(value: Any, marks: Marks) -> Any:
    path = _own_path(value)
    if path is not None and path in marks:
        return {"source": marks[path].plain(), **value}
    if isinstance(value, Mapping):
        return {key: _pinned(inner, marks) for key, inner in value.items()}
    return [_pinned(inner, marks) for inner in value] if isinstance(value, list | tuple) else value
