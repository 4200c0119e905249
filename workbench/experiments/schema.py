"""JSON Schemas of the YAML files of variants and search spaces, for editors."""

from collections.abc import Callable
from typing import Any

from workbench.ablation.variant import VariantFile
from workbench.config.base import Frozen
from workbench.config.schemas import with_override_keys
from workbench.errors import ConfigError, nearest
from workbench.spaces.space import SpaceFile


def _field(field: dict[str, Any]) -> dict[str, Any]:
    """A variant gives the field itself."""
    return field


def _dimension(field: dict[str, Any]) -> dict[str, Any]:
    """A space gives the values that a field may have."""
    description = {"description": field["description"]} if "description" in field else {}
    return description | {"$ref": "#/properties/dimensions/$defs/dimension"}


SCHEMAS: dict[str, tuple[type[Frozen], str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "variant": (VariantFile, "overrides", _field),
    "space": (SpaceFile, "dimensions", _dimension),
}
"""Kind of file -> its content, the mapping in it whose keys are fields of a trial, their values."""


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a kind of file.

    Args:
        kind: `variant` or `space`.

    Raises:
        ConfigError: For another kind, with the nearest.
    """
    if kind not in SCHEMAS:
        raise ConfigError(f"unknown kind of file {kind!r}; {nearest(kind, SCHEMAS)}")
    model, mapping, value = SCHEMAS[kind]
    schema = model.model_json_schema()
    schema["properties"][mapping]["$defs"] = {
        "dimension": schema["properties"][mapping].pop("additionalProperties")
    }
    made = with_override_keys(schema, mapping, value)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made
