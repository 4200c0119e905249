"""Columns of the Parquet files of a table: names, types, and what each holds. No pyarrow."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "whole", "number"]
"""UTF-8, int64, or float64."""


@dataclass(frozen=True)
class Column:
    """A column of a Parquet file."""

    name: str
    kind: Kind
    text: str
    """What it holds, with its unit and range, in one line."""
    optional: bool = False
    """Whether a row may have no value."""


_KEY = Column("key", "text", "key of the trial, as in `trials`")
_NETWORK = Column("network", "text", "hash of the config of the network, 32 hexadecimal digits")
_SCORES = (
    Column("psnr_rgb_db", "number", "PSNR in RGB, dB, at most 100"),
    Column("ssim_rgb", "number", "SSIM in RGB, -1..1"),
    Column("psnr_y_db", "number", "PSNR in Y of YCbCr, dB, at most 100"),
    Column("ssim_y", "number", "SSIM in Y, -1..1"),
)

TRIALS = (
    Column("key", "text", "key of the trial: hash of network, recipe, images, seed and version"),
    Column("training_key", "text", "key of its training, without the benchmarks"),
    _NETWORK,
    Column("name", "text", "name of the network in its study"),
    Column("seed", "whole", "seed of initial weights and crops"),
    Column("state", "text", "`complete`, or `diverged` if the loss was not finite"),
    Column("reason", "text", "why it diverged; empty otherwise"),
    Column("steps", "whole", "training steps"),
    Column("parameters", "whole", "number of parameters"),
    Column("multiply_adds", "whole", "multiply-adds of convolutions and matrix products"),
    Column("challenge_flops", "whole", "multiply-adds, plus one for each output of a ReLU"),
    Column("activations", "whole", "values in the outputs of all convolutions"),
    Column("convolutions", "whole", "number of convolutions"),
    Column("cost_lr_height_px", "whole", "height of the LR image that costs are counted for, px"),
    Column("cost_lr_width_px", "whole", "width of it, px"),
    Column("training_s", "number", "time in training steps, s"),
    Column("evaluation_s", "number", "time in evaluation, s"),
    Column("sessions", "whole", "how often it was started or resumed"),
    Column("started_unix_s", "number", "when it was started, Unix time, s"),
    Column("finished_unix_s", "number", "when it was finished, Unix time, s"),
    Column("environment", "whole", "index into `environments` of table.json"),
    Column("weights_hash", "text", "SHA-256 of names and values of the weights"),
    Column("config", "text", "the complete config of the trial, JSON"),
)
"""Of `trials.parquet`: a row a trial. Its mean scores follow, `mean_columns`."""

CURVES = (
    _KEY,
    Column("step", "whole", "training steps so far"),
    Column("time_unix_s", "number", "when it was measured, Unix time, s"),
    Column("loss", "number", "mean training loss since the last point"),
    Column("learning_rate", "number", "learning rate"),
    *_SCORES,
)
"""Of `curves.parquet`: a row a point of a learning curve, mean scores on the validation images."""

SCORES = (
    _KEY,
    Column("use", "text", "`benchmark` or `validation`"),
    Column("dataset", "text", "name of the set of images"),
    Column("step", "whole", "training steps so far"),
    Column("image", "text", "name of the image"),
    *_SCORES,
)
"""Of `scores.parquet`: a row an image; benchmarks at the end, validation at each point."""

LATENCIES = (
    _NETWORK,
    Column("device", "text", "`cpu`: CPU time; `cuda`: wall-clock time"),
    Column("hardware", "text", "where it was measured"),
    Column("threads", "whole", "CPU threads"),
    Column("lr_height_px", "whole", "height of the LR image, px"),
    Column("lr_width_px", "whole", "width of it, px"),
    Column("rounds", "whole", "how often it was timed"),
    Column("median_ms", "number", "median over the rounds, ms"),
    Column("lower_quartile_ms", "number", "lower quartile, ms"),
    Column("upper_quartile_ms", "number", "upper quartile, ms"),
    Column("torch", "text", "version of PyTorch"),
    Column("measured_unix_s", "number", "when it was measured, Unix time, s"),
)
"""Of `latencies.parquet`: a row a network, device and input size."""

PROXY_VALUES = (
    _NETWORK,
    Column("seed", "whole", "seed of the initial weights and of the crops"),
    Column("proxy", "text", "name of the proxy, such as `synflow`"),
    Column("value", "number", "its value, in float64; absent if it cannot be computed", True),
    Column("reason", "text", "why there is no value; empty otherwise"),
    Column("seconds", "number", "time it took on one thread, s; shared by proxies of one pass"),
    Column("batch", "text", "crops that it was computed on; empty if it needs none"),
)
"""Of `proxies.parquet`: a row a network, seed and proxy of its initial weights."""

VALIDATION = "validation"


def validation_prefix(benchmarks: tuple[str, ...]) -> str:
    """Return how the columns with the final mean scores on the validation images begin.

    Args:
        benchmarks: Names of the benchmarks, whose columns begin with their names.
    """
    return f"{VALIDATION} images" if VALIDATION in benchmarks else VALIDATION


def mean_columns(benchmarks: tuple[str, ...]) -> tuple[Column, ...]:
    """Return the columns with the final mean scores of a trial, such as `Set5/psnr_rgb_db`.

    Args:
        benchmarks: Names of the benchmarks.
    """
    prefixes = {validation_prefix(benchmarks): "the validation images"}
    prefixes |= {name: name for name in benchmarks}
    return tuple(
        Column(f"{prefix}/{score.name}", "number", f"{score.text}; mean on {where}", optional=True)
        for prefix, where in prefixes.items()
        for score in _SCORES
    )
