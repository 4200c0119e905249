"""JSON Schemas of variants and search spaces, for editors. A test holds the files to this."""

from collections.abc import Mapping
from typing import Any, get_origin

from workbench.config.base import Frozen, frozen_types
from workbench.config.trial import TrialConfig


def with_override_keys(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the schema of a file whose mapping `name` has override keys.

    Editors then complete and check the dotted keys. The values are checked where they are simple;
    the workbench itself checks everything.
    """
    keys = dict(override_keys())
    inner = dict(schema["properties"][name])
    values: Any = inner.pop("additionalProperties", True)
    shape: dict[str, Any] = dict(values) if isinstance(values, Mapping) else {}
    described = {key: {"description": text} | shape for key, text in keys.items()}
    # Lists have keys such as training.stages.0.steps; patterns stand for the index.
    patterns = {f"^{key}\\.[0-9]+(\\..+)?$": values for key in keys if key.endswith("stages")}
    properties = schema["properties"] | {
        name: inner
        | {
            "properties": described,
            "patternProperties": patterns,
            "additionalProperties": False,
        }
    }
    return schema | {"properties": properties}


def override_keys() -> dict[str, str]:
    """Return every dotted key that an override may have, with its description."""
    keys: dict[str, str] = {}
    _collect(TrialConfig, "", keys)
    return keys


def _collect(kind: type[Frozen], prefix: str, keys: dict[str, str]) -> None:
    for name, field in kind.model_fields.items():
        path = f"{prefix}{name}"
        keys[path] = " ".join((field.description or "").split())
        for inner in _single_types(field.annotation):
            _collect(inner, f"{path}.", keys)


def _single_types(annotation: Any) -> list[type[Frozen]]:
    """Members of a list are reached by index, so they have no key of their own here."""
    return [] if get_origin(annotation) is tuple else frozen_types(annotation)
