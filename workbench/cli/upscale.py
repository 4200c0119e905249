"""`workbench upscale`: enlarge image files."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.execution_options import (
    DeviceOption,
    PrecisionOption,
    SelfEnsembleOption,
    ThreadsOption,
    TileOption,
    TileOverlapOption,
)
from workbench.cli.help import WHAT
from workbench.cli.options import JsonOption, RecursiveOption

WeightsOption = Annotated[
    Path,
    typer.Option(
        "--weights",
        metavar="FILE",
        help="Weights: ours, published ones, or what spandrel opens.",
        rich_help_panel=WHAT,
    ),
]


def upscale(
    source: Annotated[Path, typer.Argument(metavar="IN", help="An image or a folder of images.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="A .png file, or a folder if IN is one.")
    ],
    weights: WeightsOption,
    recursive: RecursiveOption = False,
    self_ensemble: SelfEnsembleOption = False,
    tile: TileOption = None,
    tile_overlap: TileOverlapOption = 32,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "fp32",
    as_json: JsonOption = False,
) -> None:
    """Enlarge an image or a folder of images by the scale of the weights.

    Files of 16 bits a channel are written with 16 bits, transparent images with alpha. Images below
    the network's least size are padded by reflection, and the output is cropped.

    Example:
        workbench upscale photo.png large.png --weights mdrn-s.pth
    """
    # torch, which --help does not need
    from workbench.cli.console import OUT, note, place_text, print_json
    from workbench.cli.terminal import emit
    from workbench.evaluation.running import Tiling
    from workbench.experiments.upscaling import UpscaleSettings, plan_upscaling, upscale_images

    files = plan_upscaling(source, target, recursive=recursive, emit=emit)
    tiling = Tiling(tile, tile_overlap)
    settings = UpscaleSettings(tiling, device, threads, precision, self_ensemble)
    done = upscale_images(files, weights, settings, emit)
    rate = done.throughput
    if as_json:
        rates = None if rate is None else rate.to_dict()
        print_json({"files": [str(path) for path in done.files], "throughput": rates})
        return
    for path in done.files:
        OUT.print(str(path), soft_wrap=True)
    if rate is not None:
        note(f"{rate.describe()}, the network alone on {place_text(device, threads)}")
