"""`workbench schema`: JSON Schemas of the YAML files, for editors."""

from typing import Annotated, Any

import typer

from workbench.ablation.variant import VariantFile
from workbench.cli.console import print_json
from workbench.config.base import Frozen
from workbench.config.schemas import with_override_keys
from workbench.errors import ConfigError, nearest
from workbench.search.space import SpaceFile

SCHEMAS: dict[str, tuple[type[Frozen], str]] = {
    "variant": (VariantFile, "overrides"),
    "space": (SpaceFile, "dimensions"),
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
    model, mapping = SCHEMAS[kind]
    made = with_override_keys(model.model_json_schema(), mapping)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made
