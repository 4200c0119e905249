"""The least traffic of a network by hand, and the bandwidth of a copy by a clock of the test's."""

import pytest
import torch

from workbench.evaluation import roofline
from workbench.evaluation.roofline import copy_bandwidth, least_bytes
from workbench.results import Cost

COST = Cost(
    lr_height_px=8,
    lr_width_px=8,
    parameters=100,
    multiply_adds=1,
    challenge_flops=1,
    activations=1_000,
    convolutions=1,
)


@pytest.mark.parametrize(
    ("batch", "value_bytes", "is_training", "expected"),
    [
        (1, 4, False, 4 * 100 + 4 * 1_000),
        (1, 2, False, 2 * 100 + 2 * 1_000),
        (8, 4, True, 3 * (4 * 100 + 8 * 4 * 1_000)),
        (8, 2, True, 3 * (4 * 100 + 8 * 2 * 1_000)),  # weights stay in float32
    ],
)
def test_every_value_counts_once_forward_and_twice_backward(
    batch: int, value_bytes: int, is_training: bool, expected: int
) -> None:
    assert least_bytes(COST, batch, value_bytes, is_training=is_training) == expected


def test_a_copy_counts_what_it_reads_and_what_it_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1_000))
    monkeypatch.setitem(roofline._COPIED_BYTES, "cpu", 1_000)
    monkeypatch.setattr("workbench.evaluation.latency.time.perf_counter", lambda: next(ticks) * 0.5)
    assert copy_bandwidth(torch.device("cpu"), "wall") == pytest.approx(2 * 1_000 / 0.5)
