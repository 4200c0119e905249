"""Options of `workbench evaluate`, and what they mean. No torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.analysis.channels import Channel
from workbench.cli.help import IMAGES, OUTPUT, STATISTICS, WHAT
from workbench.config.base import shown
from workbench.config.data import Degradation, ImageSource, names_differ
from workbench.errors import ConfigError
from workbench.experiments.trial_spec import image_source

ScoredDataOption = Annotated[
    list[str],
    typer.Option(
        "--data",
        metavar="[NAME=]FOLDER",
        help="HR images, or a folder with HR and X2, X3 or X4; repeatable.",
        rich_help_panel=IMAGES,
    ),
]
WeightsOption = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        metavar="FILE",
        help="Weights: ours, published ones, what spandrel opens, or those of --arch.",
        rich_help_panel=WHAT,
    ),
]
ArchOption = Annotated[
    str | None,
    typer.Option(
        "--arch",
        metavar="MODULE:CLASS",
        help="A torch.nn.Module of your own; its code is imported.",
        rich_help_panel=WHAT,
    ),
]
ArchArgsOption = Annotated[
    str | None,
    typer.Option(
        "--arch-args",
        metavar="JSON",
        help="Arguments of --arch, such as '{\"n\": 4}'.",
        rich_help_panel=WHAT,
    ),
]
InputRangeOption = Annotated[
    int | None,
    typer.Option(
        "--input-range",
        metavar="1|255",
        help="Highest RGB value that --arch takes.",
        show_default="1",
        rich_help_panel=WHAT,
    ),
]
AgainstOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--against",
        metavar="FILE",
        help="Weights to compare with, or scores that --json printed; repeatable.",
        rich_help_panel=WHAT,
    ),
]
ChannelOption = Annotated[
    Channel,
    typer.Option(
        "--channel",
        metavar="NAME",
        help="Channel of the differences between networks: rgb or y.",
        rich_help_panel=STATISTICS,
    ),
]
DegradationOption = Annotated[
    Degradation,
    typer.Option(
        "--degradation",
        metavar="NAME",
        help="How missing LR is made: bicubic (rounded once) or bicubic-uint8 (twice).",
        rich_help_panel=IMAGES,
    ),
]
PerImageOption = Annotated[
    bool, typer.Option("--per-image", help="Print every image.", rich_help_panel=OUTPUT)
]
RecordOption = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="NAME",
        help="Also record the networks in MLflow, under this study.",
        rich_help_panel=OUTPUT,
    ),
]


def image_sources(texts: Sequence[str]) -> tuple[ImageSource, ...]:
    """Read every `--data [NAME=]FOLDER`.

    Raises:
        ConfigError: If one cannot be read, or two have the same name.
    """
    sources = tuple(image_source(text, "--data") for text in texts)
    try:
        names_differ(sources)
    except ValueError as error:
        raise ConfigError(f"--data {error}") from None
    return sources


def check_network(
    weights: Path | None, arch: str | None, arch_args: str | None, input_range: int | None
) -> None:
    """Refuse options that contradict each other.

    Raises:
        ConfigError: Naming the option.
    """
    if weights is None and arch is None:
        raise ConfigError("--weights FILE or --arch MODULE:CLASS is needed")
    check_arch(arch, arch_args, input_range)


def check_arch(arch: str | None, arch_args: str | None, input_range: int | None) -> None:
    """Refuse options of --arch without it, and a range that is neither 1 nor 255.

    Raises:
        ConfigError: Naming the option.
    """
    for option, given in (("--arch-args", arch_args), ("--input-range", input_range)):
        if arch is None and given is not None:
            raise ConfigError(
                f"{option} needs --arch: the input range of all other networks is known"
            )
    if input_range not in (None, 1, 255):
        raise ConfigError(f"--input-range must be 1 or 255, got {input_range}")


def arch_arguments(text: str | None) -> dict[str, Any]:
    """Read `--arch-args JSON`.

    Raises:
        ConfigError: If it is no JSON object.
    """
    try:
        arguments = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"--arch-args must be JSON ({error.msg} at {error.pos}), got {shown(text)}"
        ) from None
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        raise ConfigError(f"--arch-args must be JSON that can be read, got {shown(text)}") from None
    if not isinstance(arguments, dict):
        raise ConfigError(f"--arch-args must be a JSON object, got {text!r}")
    return arguments
