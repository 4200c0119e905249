"""The tables of `workbench evaluate`."""

from collections.abc import Sequence

from workbench.analysis.networks import NetworkTable
from workbench.cli.console import (
    OUT,
    billions,
    heading,
    millions,
    note,
    place_text,
    print_json,
    table,
)
from workbench.experiments.saved_scores import scores_to_dict, shortfalls_db
from workbench.reporting.baseline import BICUBIC, below_text
from workbench.results import SCORE_NAMES, DatasetScores, ImageScore, MeanScore, WeightsRecord
from workbench.system.numbers import difference_text


def print_scores(networks: NetworkTable, *, per_image: bool, as_json: bool) -> None:
    """Print one network's scores, or several side by side, or JSON."""
    if as_json:
        print_json(scores_to_dict(networks))
    elif len(networks.records) == 1:
        _print_one(networks.records[0], per_image=per_image)
        _warn(networks)
    else:
        _print_several(networks, per_image=per_image)
    if not as_json:
        _note_throughputs(networks)


def print_means(scored: Sequence[DatasetScores], *, per_image: bool = False) -> None:
    """Print one network's scores, a row a data set, and bicubic interpolation below each.

    Args:
        scored: One for each data set.
        per_image: Also a row for each image.
    """
    made = table("data set", "images", "PSNR RGB dB", "SSIM RGB", "PSNR Y dB", "SSIM Y")
    for scores in scored:
        if per_image:
            for image in scores.images:
                made.add_row(f"{scores.dataset}/{image.name}", "1", *_values(image))
        made.add_row(scores.dataset, str(len(scores.images)), *_values(scores.mean()))
        if scores.bicubic is not None:
            made.add_row(f"{scores.dataset}, {BICUBIC}", "", *_values(scores.bicubic))
    OUT.print(made)
    for scores in scored:
        note(f"{scores.dataset}: {scores.protocol.describe()}")


def _note_throughputs(networks: NetworkTable) -> None:
    for record in networks.records:
        rate = networks.throughputs.get(record.name)
        if rate is not None:
            place = place_text(record.environment.device, record.environment.threads)
            note(f"{record.name}: {rate.describe()}, the network alone on {place}")


def _print_one(record: WeightsRecord, *, per_image: bool) -> None:
    print_means(record.scores, per_image=per_image)
    if record.cost is not None:
        cost = record.cost
        note(
            f"{record.name}: {record.origin}, {cost.parameters:,} parameters, "
            f"{billions(cost.multiply_adds)} G multiply-adds at "
            f"{cost.lr_width_px}x{cost.lr_height_px} LR px"
        )


def _print_several(networks: NetworkTable, *, per_image: bool) -> None:
    made = table("network", "opened as", "parameters", "multiply-adds G", "activations M", left=2)
    for record in networks.records:
        made.add_row(record.name, record.origin, *_cost_cells(record))
    OUT.print(made)
    for name, protocol in networks.protocols.items():
        scored = {r.name: s for r in networks.records for s in r.scores if s.dataset == name}
        images = max(len(scores.images) for scores in scored.values())
        OUT.print()
        OUT.print(heading(name, f": {images} images, {protocol.describe()}"))
        _print_set(networks, name, scored)
        if per_image:
            _print_images(networks, scored)
    _warn(networks)
    first = networks.records[0].name
    several = len(networks.records) > 2
    together = "95 % for all of a data set together (Bonferroni)" if several else "95 %"
    note(
        f"\ndelta: {networks.channel.upper()}-PSNR minus that of {first}, image by image; "
        f"intervals over new images of this kind, {together}\n"
        "these weights on these images: one training each says nothing about the designs, "
        "`workbench ablate` does"
    )


def _print_set(networks: NetworkTable, name: str, scored: dict[str, DatasetScores]) -> None:
    made = table("network", "PSNR RGB", "SSIM", "PSNR Y", "SSIM Y", "delta dB", "won", gap=1)
    for network, scores in scored.items():
        delta = networks.differences.get((network, name))
        cells = ["", ""]
        if delta is not None:
            cells = [difference_text(delta.mean, delta.interval), f"{delta.won:g}"]
        made.add_row(network, *_values(scores.mean()), *cells)
    bicubic = next((s.bicubic for s in scored.values() if s.bicubic is not None), None)
    if bicubic is not None:
        made.add_row(BICUBIC, *_values(bicubic), "", "")
    OUT.print(made)


def _warn(networks: NetworkTable) -> None:
    """Print a line for each network and data set where interpolation is better."""
    metric = f"psnr_{networks.channel}_db"
    bicubic = {s.dataset: s.bicubic for r in networks.records for s in r.scores if s.bicubic}
    for dataset, short in shortfalls_db(networks).items():
        for network, db in short.items():
            text = below_text(dataset, {network: db}, getattr(bicubic[dataset], metric))
            OUT.print(f"warning: {text}", style="yellow", markup=False, soft_wrap=True)


def _print_images(networks: NetworkTable, scored: dict[str, DatasetScores]) -> None:
    made = table(f"PSNR {networks.channel.upper()} dB", *scored)
    columns = [{image.name: image for image in scores.images} for scores in scored.values()]
    for image in columns[0]:
        values = [getattr(column[image], f"psnr_{networks.channel}_db") for column in columns]
        made.add_row(image, *(f"{value:.4f}" for value in values))
    OUT.print(made)


def _cost_cells(record: WeightsRecord) -> list[str]:
    cost = record.cost
    if cost is None:
        return ["-", "-", "-"]
    return [f"{cost.parameters:,}", billions(cost.multiply_adds), millions(cost.activations)]


def _values(score: ImageScore | MeanScore) -> list[str]:
    return [f"{getattr(score, metric):.4f}" for metric in SCORE_NAMES]
