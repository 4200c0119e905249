"""`workbench evaluate`: scores of a weights file on benchmark sets."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from workbench.cli.console import OUT, note, print_json, table
from workbench.cli.display import bars
from workbench.cli.options import (
    DeviceOption,
    JsonOption,
    ThreadsOption,
    TileOption,
    TileOverlapOption,
    image_source,
)
from workbench.config.data import Degradation, names_differ
from workbench.errors import ConfigError
from workbench.results import SCORE_NAMES, DatasetScores, ImageScore, MeanScore


def evaluate(
    weights: Annotated[
        Path, typer.Option(metavar="FILE", help="A published weights file or one of ours.")
    ],
    data: Annotated[
        list[str],
        typer.Option(
            metavar="[NAME=]FOLDER",
            help="HR images, or a folder with HR and X2, X3 or X4; repeatable.",
        ),
    ],
    degradation: Annotated[
        Degradation, typer.Option(help="How missing LR is made: rounded once, or twice.")
    ] = "bicubic",
    tile: TileOption = None,
    tile_overlap: TileOverlapOption = 32,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    per_image: Annotated[bool, typer.Option("--per-image", help="Print every image.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Score weights: PSNR and SSIM in RGB and in Y, mean over images."""
    sources = tuple(image_source(text, "--data") for text in data)
    try:
        names_differ(sources)
    except ValueError as error:
        raise ConfigError(f"--data {error}") from None

    from workbench.data.pairs import FolderPairs
    from workbench.evaluation.evaluate import Tiling
    from workbench.evaluation.evaluate import evaluate as score
    from workbench.models.checkpoints import load_model
    from workbench.training.device import prepare

    model = load_model(weights).to(prepare(device, threads))
    sets = [FolderPairs(source, model.config.scale, degradation) for source in sources]
    results = []
    with bars() as progress:
        for images in sets:
            task = progress.add_task(images.name, total=len(images), remark="")

            def advance(done: int, total: int, what: str, task: TaskID = task) -> None:
                progress.update(task, completed=done, total=total, remark=what)

            results.append(
                score(
                    model,
                    images,
                    smallest_lr_px=model.smallest_lr_px,
                    tiling=Tiling(tile, tile_overlap),
                    progress=advance,
                )
            )
    for images in sets:
        for remark in images.notes:
            note(remark)
    _print(results, weights, per_image=per_image, as_json=as_json)


def _print(results: list[DatasetScores], weights: Path, *, per_image: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "weights": str(weights),
                "datasets": {
                    r.dataset: r.mean().plain()
                    | {"protocol": r.protocol.plain(), "images": [i.plain() for i in r.images]}
                    for r in results
                },
            }
        )
        return
    made = table("data set", "images", "PSNR RGB dB", "SSIM RGB", "PSNR Y dB", "SSIM Y")
    for result in results:
        if per_image:
            for image in result.images:
                made.add_row(f"{result.dataset}/{image.name}", "1", *_values(image))
        made.add_row(result.dataset, str(len(result.images)), *_values(result.mean()))
    OUT.print(made)
    for result in results:
        note(f"{result.dataset}: {result.protocol.describe()}")


def _values(score: ImageScore | MeanScore) -> list[str]:
    return [f"{getattr(score, metric):.4f}" for metric in SCORE_NAMES]
