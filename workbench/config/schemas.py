"""JSON Schemas of variants and search spaces, for editors. A test holds the files to this."""

import json
from collections.abc import Callable
from typing import Any, get_origin

from workbench.config.base import Frozen, frozen_types
from workbench.config.trial import TrialConfig


def with_override_keys(
    schema: dict[str, Any], name: str, value: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Return the schema of a file whose mapping `name` has override keys.

    Editors then complete the dotted keys and check simple values; the workbench checks everything.

    Args:
        schema: Of the file's class.
        name: The mapping's key.
        value: Turns the schema of a field into that of what stands behind its key.
    """
    keys = {key: value(field) for key, field in override_keys().items()}
    # Every index of a list has the same schema: training.stages.0.steps.
    inside_lists: dict[str, dict[str, Any]] = {
        f"^{key.replace('.', chr(92) + '.')}\\.[0-9]+(\\..+)?$": {}
        for key, field in override_keys().items()
        if field.get("type") == "array"
    }
    # What a module of one's own takes is known to its class only.
    inside_lists[r"\.arguments\..+$"] = {}
    mapping = schema["properties"][name] | {
        "properties": keys,
        "patternProperties": inside_lists,
        "additionalProperties": False,
    }
    return schema | {"properties": schema["properties"] | {name: mapping}}


def override_keys() -> dict[str, dict[str, Any]]:
    """Return every dotted key that an override may have, with the schema of its value."""
    keys: dict[str, dict[str, Any]] = {}
    _collect(TrialConfig, "", keys)
    return keys


def _collect(kind: type[Frozen], prefix: str, keys: dict[str, dict[str, Any]]) -> None:
    described = kind.model_json_schema()["properties"]
    for name, field in kind.model_fields.items():
        if kind is TrialConfig and name == "pretrained":
            continue  # `--from` sets it, for all networks alike
        path = f"{prefix}{name}"
        keys[path] = keys.get(path, {}) | _simple(described[name])
        for inner in _single_types(field.annotation):
            _collect(inner, f"{path}.", keys)


def _simple(field: dict[str, Any]) -> dict[str, Any]:
    """Keep what an editor can check without the definitions of other classes."""
    kept = {key: item for key, item in field.items() if key not in ("title", "default", "const")}
    if "$ref" not in json.dumps(field):
        return kept
    names = ("description", "type") if kept.get("type") == "array" else ("description",)
    return {key: kept[key] for key in names if key in kept}


def _single_types(annotation: Any) -> list[type[Frozen]]:
    """Members of a list are reached by index, so they have no key of their own here."""
    return [] if get_origin(annotation) is tuple else frozen_types(annotation)
