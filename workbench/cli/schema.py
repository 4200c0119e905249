"""`workbench schema`: JSON Schemas of the YAML files, for editors."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from workbench.ablation.variant import VariantFile
from workbench.cli.console import print_json
from workbench.config.base import Frozen
from workbench.config.schemas import with_override_keys
from workbench.errors import ConfigError, nearest
from workbench.spaces.space import SpaceFile


def _as_it_is(field: dict[str, Any]) -> dict[str, Any]:
    """A variant gives the field itself."""
    return field


def _as_dimension(field: dict[str, Any]) -> dict[str, Any]:
    """A space gives what the field may be."""
    description = {"description": field["description"]} if "description" in field else {}
    return description | {"$ref": "#/properties/dimensions/$defs/dimension"}


SCHEMAS: dict[str, tuple[type[Frozen], str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "variant": (VariantFile, "overrides", _as_it_is),
    "space": (SpaceFile, "dimensions", _as_dimension),
}


def schema(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="variant or space.")],
) -> None:
    """Print the JSON Schema of variant or search space files."""
    print_json(schema_of(kind))


def schema_of(kind: str) -> dict[str, Any]:
    """Return a JSON Schema.

    Raises:
        ConfigError: For an unknown kind.
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
