"""What a table does not show, as far as the table itself tells."""

import statistics
from collections.abc import Iterator

from workbench.results import TrialResult
from workbench.system.text import counted
from workbench.tables.table import TrialTable

_FEW_IMAGES = 10
"""Fewer validation images are named as a limit."""


def limit_lines(table: TrialTable) -> list[str]:
    """Return the limits of a table, a sentence or two each.

    Args:
        table: With at least one trial.
    """
    return [*_of_length(table), *_of_seeds(table), *_of_images(table), *_of_networks()]


def _of_length(table: TrialTable) -> Iterator[str]:
    recipe = table.results[0].config.training
    steps = table.results[0].steps
    yield (
        f"Networks were trained for {steps:,} steps; how a longer training ranks them is another "
        "question."
    )
    constant = len(recipe.stages) == 1 and not recipe.stages[0].milestones
    if not constant and any(result.curve for result in table.results):
        yield (
            "A point of a learning curve is not the end of a shorter training, whose learning rate "
            "would have followed its schedule by then."
        )


def _of_seeds(table: TrialTable) -> Iterator[str]:
    counts = sorted({len(trials) for trials in table.networks.values()})
    if counts in ([1], []):
        yield "With one seed, nothing says how much of a difference is luck of the seed."
        return
    between, within = score_spreads(table)
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    text = f"Each network has {many} seeds."
    if between is not None and within is not None:
        text += (
            f" At the end, networks differ by a standard deviation of {between:.3f} dB (mean PSNR "
            f"in RGB over seeds), and trainings of one network by {within:.3f} dB: smaller "
            "differences are not shown."
        )
    yield text


def _of_images(table: TrialTable) -> Iterator[str]:
    images = {len(result.validation_images) for result in table.results if result.curve} - {0}
    if images and min(images) < _FEW_IMAGES:
        yield (
            f"Learning curves rest on {counted(min(images), 'validation image')}; PSNR varies more "
            "between images than between networks."
        )


def _of_networks() -> Iterator[str]:
    yield "It says nothing about networks that are not in it, or about other recipes and images."
    yield "Training times and latencies are of the hardware that is named, and not of others."


def score_spreads(table: TrialTable) -> tuple[float | None, float | None]:
    """Return how much the final scores of networks, and of trainings of one network, differ.

    Returns:
        Standard deviation of PSNR in RGB, dB: of the means over seeds, and over seeds, pooled over
        networks. None without at least two networks, or two seeds of a network.
    """
    finals = [
        [db for result in trials.values() if (db := _final_db(result)) is not None]
        for trials in table.networks.values()
    ]
    means = [statistics.fmean(values) for values in finals if values]
    repeated = [values for values in finals if len(values) > 1]
    between = statistics.stdev(means) if len(means) > 1 else None
    if not repeated:
        return between, None
    squares = sum(statistics.variance(values) * (len(values) - 1) for values in repeated)
    return between, (squares / sum(len(values) - 1 for values in repeated)) ** 0.5


def _final_db(result: TrialResult) -> float | None:
    """Return PSNR in RGB at the end: of the validation images, else of the first benchmark."""
    if result.curve and result.curve[-1].step == result.steps:
        return result.curve[-1].score.psnr_rgb_db
    return result.scores[0].mean().psnr_rgb_db if result.scores else None
