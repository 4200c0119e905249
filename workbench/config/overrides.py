"""`apply_overrides`: the one way in which a variant, a search or `--set` changes a config.

A key is the full dotted path of a field, such as `model.spatial_attention.lvar`. A short, unknown
or ambiguous key is refused with the full names that were probably meant.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from workbench.config.base import Frozen
from workbench.errors import ConfigError

Config = TypeVar("Config", bound=Frozen)
ARGUMENTS = "arguments"
"""Field of a module of one's own that has whatever keys its constructor takes."""


def apply_overrides(config: Config, overrides: Mapping[str, object]) -> Config:
    """Return `config` with each dotted key set to its value.

    Args:
        config: Any frozen config; it is not changed.
        overrides: Dotted keys and plain values. Setting a part as a whole
            (`model.spatial_attention: esa`) gives that part's defaults for the rest.

    Raises:
        ConfigError: For an unknown or ambiguous key, two keys that contradict each other, or a
            value that breaks a rule.
    """
    _check_contradictions(overrides)
    plain = config.whole()
    for key, value in overrides.items():
        _set(plain, key, value)
    return type(config).parse(plain)


def field_paths(plain: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the dotted path of every field of a config dumped to plain data."""
    for name, value in plain.items():
        yield f"{prefix}{name}"
        inner = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(inner, Mapping):
            named = {str(key): item for key, item in inner.items()}
            yield from field_paths(named, f"{prefix}{name}.")


def flat(plain: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the dotted path and the value of every field that has no parts of its own."""
    for name, value in plain.items():
        inner = value
        if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            inner = {str(index): item for index, item in enumerate(value)}
        if isinstance(inner, Mapping):
            yield from flat(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def value_at(plain: dict[str, Any], key: str) -> object:
    """Return the value at a dotted key of a config dumped to plain data.

    None if this config has no such value: the part is left out, or of a kind without that field.

    Raises:
        ConfigError: For a key that no config has.
    """
    node: Any = plain
    outer = ""
    for name in key.split("."):
        if not isinstance(node, dict):
            return None
        if name not in node and "kind" not in node and outer != ARGUMENTS:
            raise ConfigError(_unknown(plain, key))
        node, outer = node.get(name), name
    return node


def _check_contradictions(overrides: Mapping[str, object]) -> None:
    for outer in overrides:
        for inner in overrides:
            if inner.startswith(f"{outer}."):
                raise ConfigError(
                    f"{outer} and {inner} are both set, which is ambiguous; write one of them"
                )


def _set(plain: dict[str, Any], key: str, value: object) -> None:
    node: Any = plain
    *parents, last = key.split(".")
    for depth, name in enumerate(parents):
        node = _child(plain, node, key, name)
        if node is None:
            absent = ".".join(parents[: depth + 1])
            raise ConfigError(f"{key}: {absent} is left out of this network, so this has no effect")
    is_argument = parents[-1:] == [ARGUMENTS]
    if isinstance(node, list) or (isinstance(node, dict) and (last in node or is_argument)):
        _assign(node, key, last, value)
        return
    raise ConfigError(_unknown(plain, key))


def _child(plain: dict[str, Any], node: Any, key: str, name: str) -> Any:
    if isinstance(node, dict) and name in node:
        return node[name]
    if isinstance(node, list) and name.isdecimal() and int(name) < len(node):
        return node[int(name)]
    raise ConfigError(_unknown(plain, key))


def _assign(node: Any, key: str, last: str, value: object) -> None:
    if isinstance(node, dict):
        node[last] = value
    elif last.isdecimal() and int(last) < len(node):
        node[int(last)] = value
    else:
        raise ConfigError(f"{key}: index must lie in 0..{len(node) - 1}, got {last!r}")


def _unknown(plain: dict[str, Any], key: str) -> str:
    paths = list(field_paths(plain))
    ends = [path for path in paths if path.endswith(f".{key}")]
    if len(ends) > 1:
        return f"key {key!r} is ambiguous; write one of {', '.join(ends)}"
    if ends:
        return f"unknown key {key!r}; did you mean {ends[0]!r}?"
    close = difflib.get_close_matches(key, paths, n=1, cutoff=0.6)
    if not close:  # perhaps only the last word was meant
        last = {path.rpartition(".")[2]: path for path in paths}
        close = [last[w] for w in difflib.get_close_matches(key, last, n=1, cutoff=0.7)]
    if close:
        return f"unknown key {key!r}; did you mean {close[0]!r}?"
    return f"unknown key {key!r}; keys are dotted paths that start with one of {', '.join(plain)}"
