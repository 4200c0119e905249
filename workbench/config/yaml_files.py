"""The one reader of YAML files: strict, YAML 1.2, and errors name file, line and key."""

import warnings
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from workbench.config.base import Frozen, explain, first_error_path
from workbench.config.yaml_limits import check_yaml, read_yaml_text
from workbench.errors import ConfigError

Value = TypeVar("Value", bound=Frozen)


def parse_scalar(text: str, where: str) -> object:
    """Read a value as YAML does: `[3, 5]`, `null`, `1e-3`, `esa`.

    Args:
        text: What stands after `key=` on the command line.
        where: What an error names first.

    Raises:
        ConfigError: If `text` is not YAML.
    """
    try:
        return _plain(_built(text))
    except YAMLError as error:
        shown = text if len(text) <= 60 else f"{text[:60]}..."
        raise ConfigError(f"{where}: {shown!r} is not a YAML value ({_reason(error)})") from None


def read_yaml(path: Path, kind: type[Value], required: str = "") -> Value:
    """Read a YAML file into a frozen value.

    Args:
        path: The file.
        kind: The value's class.
        required: What the file is, for errors: `variant`, `search space`.

    Raises:
        ConfigError: `file:line: key: rule, got value` for anything wrong.
    """
    tree = _load(path, required)
    data = _plain(tree)
    try:
        return kind.check(data)
    except ValidationError as error:
        line = line_of(tree, first_error_path(error, data))
        raise ConfigError(explain(error, data, kind, f"{path}:{line}")) from None


def line_in_file(path: Path, keys: Sequence[int | str]) -> int:
    """Return the line (from 1) where the entry `keys` of a readable YAML file stands."""
    return line_of(_load(path, ""), keys)


def line_of(tree: object, keys: Sequence[int | str]) -> int:
    """Return the line (from 1) of a nested entry, or of its nearest parent that exists."""
    line = 1
    node: Any = tree
    for key in keys:
        if isinstance(node, CommentedMap) and key in node:
            line = node.lc.key(key)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(key, int) and key < len(node):
            line = node.lc.item(key)[0] + 1
        else:
            break
        node = node[key]
    return line


def write_yaml(value: Frozen) -> str:
    """Return a value as YAML that `read_yaml` reads back."""
    text = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(value.plain(), text)
    return text.getvalue()


def _yaml() -> YAML:
    return YAML(typ="rt", pure=True)


def _built(text: str) -> object:
    """Build what a YAML text says, after a look at its size.

    Raises:
        YAMLError: If it is not YAML, or too large to be built.
    """
    check_yaml(text)
    try:
        with warnings.catch_warnings():  # ruamel warns of what YAML 1.1 meant
            warnings.simplefilter("ignore")
            return _yaml().load(text)
    except YAMLError:
        raise
    except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        # What a scalar says cannot be built: a date such as 2024-99-99, `!!int x`, or an integer
        # of thousands of digits, which Python does not read.
        reason = "it has thousands of digits" if "max_str_digits" in str(error) else str(error)
        raise YAMLError(f"a value cannot be read: {reason}") from None


def _load(path: Path, required: str) -> object:
    try:
        tree = _built(read_yaml_text(path))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start:,})") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: {_reason(error)}") from None
    except YAMLError as error:
        raise ConfigError(f"{path}: {_reason(error)}") from None
    if not isinstance(tree, CommentedMap):
        kind = f"a {required} " if required else ""
        raise ConfigError(f"{path}:1: {kind}must be a mapping of keys, got {_kind(tree)}")
    return tree


def _kind(tree: object) -> str:
    if tree is None:
        return "nothing"
    return "a list" if isinstance(tree, CommentedSeq) else repr(tree)


def _reason(error: YAMLError) -> str:
    text = getattr(error, "problem", None) or str(error)
    return " ".join(str(text).split())


def _plain(node: object) -> object:
    """Turn ruamel's commented nodes into plain data."""
    if isinstance(node, CommentedMap):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    for plain_type in (int, float, str):
        if isinstance(node, plain_type):
            return plain_type(node)  # drops ruamel's ScalarFloat and its kin
    return str(node)
