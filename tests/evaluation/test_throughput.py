"""Images and pixels a second, by a clock of the test's."""

import pytest
import torch
from torch import Tensor

from workbench.evaluation.throughput import RunTimer, Throughput


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("workbench.evaluation.throughput.time.perf_counter", made)
    return made


def test_the_first_image_is_left_out(clock: Clock) -> None:
    def run(seconds: float, *, width: int) -> Tensor:
        clock.seconds += seconds
        return torch.zeros(1, 3, 1_000, width)

    timer = RunTimer()
    assert timer.throughput() is None
    timed = timer.timed(run)
    timed(10.0, width=10)
    assert timer.throughput() == Throughput(1, 10.0, 10_000)
    clock.seconds += 99  # between the images
    timed(0.5, width=400)
    timed(1.5, width=600)
    found = timer.throughput()
    assert found == Throughput(2, 2.0, 1_000_000)
    assert found.describe() == "1 images/s, 0.5 MPx/s of output"
    assert found.to_dict() == {
        "images_timed": 2,
        "seconds": 2.0,
        "images_per_s": 1.0,
        "output_megapixels_per_s": 0.5,
    }


def test_a_clock_that_stands_still_gives_a_finite_rate(clock: Clock) -> None:
    timer = RunTimer()
    timer.timed(lambda: torch.zeros(1, 3, 2, 2))()
    found = timer.throughput()
    assert found is not None
    assert 0 < found.images_per_s < float("inf")
    assert clock.seconds == 0
