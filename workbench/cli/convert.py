"""`workbench convert`: weights between our safetensors and the published names."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.help import OUTPUT
from workbench.errors import ConfigError


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A weights file of either kind.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help=".safetensors for ours, .pth for published names.")
    ],
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace OUT if it holds something else.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
) -> None:
    """Convert weights between our safetensors file and a published state dict.

    What is written is loaded and run first: it must give the same output as IN.

    Example:
        workbench convert mdrn-s.pth mdrn-s.safetensors
    """
    if target.suffix not in (".safetensors", ".pth"):
        raise ConfigError(f"OUT must end in .safetensors or .pth, got {target.name!r}")
    if target.exists() and target.resolve() == source.resolve():
        raise ConfigError(f"OUT must not be IN, got {target}")
    # torch, which --help does not need
    from workbench.cli.console import OUT
    from workbench.models.conversion import convert_file

    weights = convert_file(source, target, replace=overwrite)
    parameters = sum(tensor.numel() for tensor in weights.state.values())
    OUT.print(
        f"{target}: x{weights.config.scale}, {weights.config.channels} channels, "
        f"{weights.config.blocks} blocks, {parameters:,} parameters",
        soft_wrap=True,
    )
