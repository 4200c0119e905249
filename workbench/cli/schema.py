"""`workbench schema`: JSON Schemas of the YAML files, for editors."""

from typing import Annotated

import typer


def schema(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="variant or space.")],
) -> None:
    """Print the JSON Schema of variant or search space files.

    Example:
        workbench schema variant > ablations/schema.json
    """
    from workbench.cli.console import print_json
    from workbench.experiments.schema import schema_of

    print_json(schema_of(kind))
