"""`workbench evaluate`: scores of networks whose weights are given, ours or anybody's."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.analysis.channels import Channel
from workbench.cli.options import (
    DEFAULT_STORE,
    DeviceOption,
    JsonOption,
    RecursiveOption,
    StoreOption,
    ThreadsOption,
    TileOption,
    TileOverlapOption,
    TrackingOption,
    image_source,
    study_name,
)
from workbench.config.base import shown
from workbench.config.data import Degradation, names_differ
from workbench.errors import ConfigError


def evaluate(
    data: Annotated[
        list[str],
        typer.Option(
            metavar="[NAME=]FOLDER",
            help="HR images, or a folder with HR and X2, X3 or X4; repeatable.",
        ),
    ],
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Weights: ours, published ones, what spandrel opens, or those of --arch.",
        ),
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:CLASS", help="A torch.nn.Module of your own; its code is imported."
        ),
    ] = None,
    arch_args: Annotated[
        str | None, typer.Option(metavar="JSON", help="Arguments of --arch, such as '{\"n\": 4}'.")
    ] = None,
    input_range: Annotated[
        int | None,
        typer.Option(metavar="1|255", help="Highest RGB value that --arch takes. [default: 1]"),
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Weights to compare with, or scores that --json printed; repeatable.",
        ),
    ] = None,
    channel: Annotated[
        Channel, typer.Option(help="Channel of the differences between networks.")
    ] = "rgb",
    degradation: Annotated[
        Degradation, typer.Option(help="How missing LR is made: rounded once, or twice.")
    ] = "bicubic",
    recursive: RecursiveOption = False,
    tile: TileOption = None,
    tile_overlap: TileOverlapOption = 32,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    per_image: Annotated[bool, typer.Option("--per-image", help="Print every image.")] = False,
    study: Annotated[
        str | None, typer.Option(help="Also record the networks in MLflow, under this study.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score networks: PSNR and SSIM in RGB and in Y, mean over images.

    With --against: several networks side by side, with their costs and their differences per image.
    """
    sources = tuple(image_source(text, "--data") for text in data)
    try:
        names_differ(sources)
    except ValueError as error:
        raise ConfigError(f"--data {error}") from None
    study = study_name(study)
    arguments = _check_network(weights, arch, arch_args, input_range)

    from workbench.cli.evaluate_steps import How, open_all, record, score_all
    from workbench.cli.evaluate_table import print_scores

    networks, saved = open_all(weights, arch, arguments, input_range or 1, against or [])
    how = How(sources, degradation, tile, tile_overlap, threads, device, recursive)
    table = score_all(networks, saved, how, channel)
    print_scores(table, per_image=per_image, as_json=as_json)
    if study is not None:
        record(table, study, store, tracking_uri)


def _check_network(
    weights: Path | None, arch: str | None, arch_args: str | None, input_range: int | None
) -> dict[str, Any]:
    """Refuse options that contradict each other, and read the arguments of --arch.

    Raises:
        ConfigError: Naming the option.
    """
    if weights is None and arch is None:
        raise ConfigError("--weights FILE or --arch MODULE:CLASS is needed")
    for option, given in (("--arch-args", arch_args), ("--input-range", input_range)):
        if arch is None and given is not None:
            raise ConfigError(f"{option} needs --arch: the range of known networks is known")
    if input_range not in (None, 1, 255):
        raise ConfigError(f"--input-range must be 1 or 255, got {input_range}")
    try:
        arguments = json.loads(arch_args or "{}")
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"--arch-args must be JSON ({error.msg} at {error.pos}), got {shown(arch_args)}"
        ) from None
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        raise ConfigError(
            f"--arch-args must be JSON that can be read, got {shown(arch_args)}"
        ) from None
    if not isinstance(arguments, dict):
        raise ConfigError(f"--arch-args must be a JSON object, got {arch_args!r}")
    return arguments
