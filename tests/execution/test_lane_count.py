"""How many lanes run: shares, deaths, memory, and what is measured. No torch, no clock."""

import pytest

from workbench.execution.lane_count import LaneCount, MeasuredLaneCount, lane_counts

GIB = 2**30


@pytest.mark.parametrize(
    ("lanes", "at_once", "processes", "expected"),
    [
        (3, None, 2, [3, 3]),
        (None, 5, 2, [3, 2]),
        (None, 1, 2, [1]),
        (None, None, 2, [4, 4]),
    ],
)
def test_each_process_gets_its_share(
    lanes: int | None, at_once: int | None, processes: int, expected: list[int]
) -> None:
    assert [count.now for count in lane_counts(lanes, at_once, processes)] == expected


def test_a_death_halves_the_lanes_until_its_trials_have_ended() -> None:
    count = LaneCount(8)
    found = []
    for running in (8, 4, 2, 1):
        count.lower_after_death(running)
        found.append(count.now)
    assert found == [4, 2, 1, 1]
    count.end_isolation()
    assert count.now == 8


def test_memory_that_runs_out_in_many_lanes_at_once_lowers_their_number_by_one() -> None:
    count = LaneCount(8)
    for _ in range(8):
        count.lower_for_memory(8)
    assert count.now == 7
    count.lower_for_memory(7)
    assert count.now == 6
    count.lower_for_memory(2)
    count.lower_for_memory(1)
    assert count.now == 1


class Gpu:
    """A GPU whose lanes together run at a given number of steps per second."""

    def __init__(self, steps_per_s: dict[int, float], lane_bytes: int = GIB) -> None:
        self.count = MeasuredLaneCount()
        self.steps_per_s, self.lane_bytes = steps_per_s, lane_bytes
        self.now_s, self.steps = 0.0, 0.0

    def train(self, seconds: int, memory_bytes: int = 80 * GIB, *, waiting: bool = True) -> int:
        """Train, and return the number of lanes at the end."""
        for _ in range(seconds):
            lanes = self.count.now
            self.now_s += 1.0
            self.steps += self.steps_per_s[lanes]
            self.count.observe_memory(
                memory_bytes - lanes * self.lane_bytes, self.lane_bytes, lanes
            )
            self.count.observe(self.now_s, int(self.steps), lanes, waiting=waiting)
        return self.count.now


def test_lanes_are_added_while_all_together_become_faster() -> None:
    gpu = Gpu({4: 400.0, 8: 600.0, 16: 700.0})
    assert gpu.train(10) == 4
    assert gpu.train(15) == 8
    assert gpu.train(200) == 16


def test_a_number_of_lanes_that_gains_too_little_is_taken_back_for_good() -> None:
    gpu = Gpu({4: 400.0, 8: 430.0})
    assert gpu.train(25) == 8
    assert gpu.train(25) == 4
    assert gpu.train(500) == 4


def test_there_are_no_more_lanes_than_device_memory_takes() -> None:
    gpu = Gpu({4: 400.0, 6: 600.0}, lane_bytes=10 * GIB)
    assert gpu.train(100, memory_bytes=63 * GIB) == 6


def test_lanes_are_not_added_before_their_memory_is_known() -> None:
    count = MeasuredLaneCount()
    for second in range(100):
        count.observe(float(second), 100 * second, count.now, waiting=True)
    assert count.now == 4


def test_lanes_are_not_added_while_no_trial_waits() -> None:
    gpu = Gpu({4: 400.0, 8: 800.0})
    assert gpu.train(100, waiting=False) == 4
    assert gpu.train(25) == 8


def test_the_first_steps_of_a_lane_are_not_measured_before_all_lanes_have_begun() -> None:
    count = MeasuredLaneCount()
    count.observe_memory(80 * GIB, GIB, 4)
    for second in range(60):
        count.observe(float(second), second, 3, waiting=True)
    assert count.now == 4


def test_memory_that_ran_out_is_not_tried_again() -> None:
    gpu = Gpu({4: 400.0, 7: 700.0, 8: 800.0})
    assert gpu.train(25) == 8
    gpu.count.lower_for_memory(8)
    assert gpu.train(200) == 7
