"""How long a command will still take, from what it has done itself."""

import pytest

from tests.search.test_run import settings, with_rungs
from workbench.cli.display import AblationDisplay
from workbench.cli.pace import Pace, clock
from workbench.cli.search_display import SearchDisplay
from workbench.search.record import SearchRecord, Stage
from workbench.tasks import Advance


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_what_was_done_before_makes_nothing_faster() -> None:
    now = Clock()
    pace = Pace(now)
    assert pace.left_s(0.0, 10.0) is None
    pace.before = 4.0
    pace.begin(0.5)  # a fifth trial goes on from its half
    assert pace.left_s(4.5, 10.0) is None
    now.seconds += 60.0
    pace.begin(0.0)
    assert pace.left_s(5.5, 10.0) == pytest.approx(4.5 * 60.0)
    assert pace.left_s(11.0, 10.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "00:00"), (61, "01:01"), (3_599.6, "1:00:00"), (90_061, "25:01:01")]
)
def test_hours_are_shown_when_there_are_some(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_trials_under_way_count_by_their_steps() -> None:
    display = AblationDisplay(4)
    display._pace.now_s = now = Clock()
    display.news("a", 1, Advance(0, 100, ""))
    assert display._left_s() is None
    now.seconds += 30.0
    display.news("a", 1, Advance(50, 100, ""))
    assert display._left_s() == pytest.approx(3.5 * 60.0)
    display.news("b", 1, Advance(50, 100, ""))  # goes on from its half
    assert display._left_s() == pytest.approx(3.0 * 60.0)


def test_a_search_counts_networks_also_under_two_seeds_and_what_is_stopped_is_done() -> None:
    record = SearchRecord(name="s", settings=settings(trial_seeds=(1, 2), space=with_rungs()))
    display = SearchDisplay(record, 10, ())
    display._pace.now_s = now = Clock()
    for seed in (1, 2):
        display.news("t0001", seed, Advance(0, 100, ""))
    now.seconds += 30.0
    for seed in (1, 2):
        display.news("t0001", seed, Advance(50, 100, ""))
    assert display._left_s() == pytest.approx(9.5 * 60.0)
    display.note(Stage(batch=1, rung=0, values={"t0002": (1.0,), "t0003": (2.0,)}))
    assert display._left_s() == pytest.approx(7.5 * 30.0 / 2.5)
