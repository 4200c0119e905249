"""The numbers of an MLflow run, as plain values. No mlflow.

Every value depends on the result alone, never on the time of writing: showing a trial twice writes
the same rows, which MLflow stores once.
"""

import itertools
from collections.abc import Collection, Sequence

from workbench.results import Cost, CurvePoint, DatasetScores, TrialResult, WeightsRecord
from workbench.tracking.metric_names import SCORES, VALIDATION, at_step, on_dataset
from workbench.tracking.points import Point, point, rounded

COST_NAMES = ("parameters", "multiply_adds", "challenge_flops", "activations", "convolutions")
_MIB = 2**20


def curve_points(measured: CurvePoint) -> list[Point]:
    """Return one point of the learning curve as metrics.

    The scores come first: MLflow's comparison opens with the metric that was written first.
    """
    values = {
        f"{VALIDATION}/{short}": getattr(measured.score, name) for name, short in SCORES.items()
    }
    values |= {"train/loss": measured.loss, "train/learning_rate": measured.learning_rate}
    return [point(name, value, measured.time_s, measured.step) for name, value in values.items()]


def cost_points(cost: Cost) -> list[Point]:
    """Return a network's cost as metrics.

    Their time is 0: costs are known before anything is measured, and must be the same rows whether
    shown at the start or at the end.
    """
    return [point(name, getattr(cost, name), 0.0, 0) for name in COST_NAMES]


def result_points(result: TrialResult, rungs: Collection[int] = ()) -> list[Point]:
    """Return all numbers of a result as metrics.

    Args:
        result: The result.
        rungs: Steps at which trials are compared that end at other ones: their validation PSNR
            there is a metric of its own, so that no two steps stand in one column.
    """
    points = [one for measured in result.curve for one in curve_points(measured)]
    points += cost_points(result.cost)
    once = _means(result.scores)
    once |= {at_step(p.step): p.score.psnr_rgb_db for p in result.curve if p.step in rungs}
    points += [point(name, value, result.finished_s, 0) for name, value in once.items()]
    return points + usage_points(result)


def weights_points(record: WeightsRecord) -> list[Point]:
    """Return the cost and the mean scores of an external checkpoint."""
    points = cost_points(record.cost) if record.cost else []
    means = _means(record.scores)
    return points + [point(name, value, record.finished_s, 0) for name, value in means.items()]


def usage_points(result: TrialResult) -> list[Point]:
    """Return what the trial's process used: as a series over time, and in all.

    MLflow shows metrics that begin with `system/` on a page of their own. The share of the CPU is
    that since the sample before; 100 is one core.
    """
    series: list[Point] = []
    for number, (before, now) in enumerate(itertools.pairwise(result.usage)):
        seconds = now.time_s - before.time_s
        if seconds > 0:
            share = 100 * (now.cpu_s - before.cpu_s) / seconds
            series.append(point("system/process_cpu_percentage", share, now.time_s, number))
        if now.memory_bytes is not None:
            memory = now.memory_bytes / _MIB
            series.append(point("system/process_memory_mebibytes", memory, now.time_s, number))
    return series + [
        point(f"resources/{name}", value, result.finished_s, 0)
        for name, value in _totals(result).items()
    ]


def _totals(result: TrialResult) -> dict[str, float]:
    found = {"training_s": result.training_s, "evaluation_s": result.evaluation_s}
    if result.training_s > 0:
        found["steps_per_s"] = result.steps / result.training_s
    if result.usage:
        found["cpu_s"] = result.usage[-1].cpu_s - result.usage[0].cpu_s
    memory = [one.memory_bytes for one in result.usage if one.memory_bytes is not None]
    if memory:
        found["peak_memory_mebibytes"] = max(memory) / _MIB
    return found


def _means(scores: Sequence[DatasetScores]) -> dict[str, float]:
    """Return the mean scores by the names of metrics, and bicubic's for comparison."""
    found = {}
    for one in scores:
        mean = one.mean()
        for name, short in SCORES.items():
            found[on_dataset(short, one.dataset)] = rounded(getattr(mean, name))
        if one.bicubic is not None:
            gain = mean.psnr_rgb_db - one.bicubic.psnr_rgb_db
            found[on_dataset("over_bicubic", one.dataset)] = rounded(gain)
    return found
