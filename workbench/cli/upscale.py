"""`workbench upscale`: enlarge image files."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.console import OUT, note
from workbench.cli.display import bars
from workbench.cli.options import (
    DeviceOption,
    RecursiveOption,
    ThreadsOption,
    TileOption,
    TileOverlapOption,
)


def upscale(
    source: Annotated[Path, typer.Argument(metavar="IN", help="An image or a folder of images.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="A .png file, or a folder if IN is one.")
    ],
    weights: Annotated[
        Path, typer.Option(metavar="FILE", help="A published weights file or one of ours.")
    ],
    recursive: RecursiveOption = False,
    tile: TileOption = None,
    tile_overlap: TileOverlapOption = 32,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
) -> None:
    """Enlarge an image or a folder of images by the scale of the weights.

    Files of 16 bits a channel are written with 16 bits, transparent images with alpha.
    """
    from workbench.data.folders import left_out
    from workbench.evaluation.evaluate import Tiling
    from workbench.evaluation.upscale import plan_files, upscale_files
    from workbench.models.opening import open_network
    from workbench.training.device import prepare

    # What is wrong with the paths is said before the weights load.
    files = plan_files(source, target, recursive=recursive)
    if source.is_dir() and not recursive and (remark := left_out(source)):
        note(remark)
    network = open_network(weights)
    model = network.module.to(prepare(device, threads))
    with bars() as progress:
        task = progress.add_task("enlarging", total=None, remark="")

        def advance(done: int, total: int, what: str) -> None:
            progress.update(task, completed=done, total=total, remark=what)

        written = upscale_files(
            model,
            files,
            scale=network.scale,
            smallest_lr_px=network.smallest_lr_px,
            tiling=Tiling(tile, tile_overlap),
            progress=advance,
        )
    for path, remark in written.items():
        OUT.print(str(path), soft_wrap=True)
        if remark:
            note(remark)
