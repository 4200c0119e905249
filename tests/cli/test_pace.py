"""How long a command will still take, from what it has done itself."""

from itertools import pairwise

import pytest

from tests.builders.clocks import Clock
from tests.builders.searches import settings, with_rungs
from workbench.cli.display import AblationDisplay
from workbench.cli.pace import Pace, clock
from workbench.cli.search_display import SearchDisplay
from workbench.execution.events import TrialProgressed
from workbench.search.record import RungResult, SearchRecord


def pace(now: Clock, workers: int = 1) -> Pace:
    return Pace(workers, now)


def test_nothing_is_known_before_the_first_step() -> None:
    now = Clock()
    one = pace(now)
    assert one.left_s(10) is None
    one.advance("a", 0.0)
    now.seconds += 1.0
    one.advance("a", 0.05)
    assert one.left_s(10) is None, "the first steps are slower than the others"


def test_the_steps_of_the_first_trial_tell_until_one_has_ended() -> None:
    now = Clock()
    one = pace(now)
    one.advance("a", 0.0)
    now.seconds += 30.0
    one.advance("a", 0.5)
    assert one.left_s(4) == pytest.approx(3.5 * 60.0)
    now.seconds += 30.0
    one.settle("a")
    assert one.left_s(3) == pytest.approx(3 * 60.0)


def test_what_was_done_before_makes_nothing_faster() -> None:
    now = Clock()
    one = pace(now)
    one.advance("a", 0.5)  # resumed at its half, which took this command no time
    now.seconds += 30.0
    one.settle("a")
    assert one.left_s(2) == pytest.approx(2 * 60.0)


def test_workers_share_what_is_left_and_the_last_trial_has_one() -> None:
    now = Clock()
    one = pace(now, workers=4)
    one.advance("a", 0.0)
    now.seconds += 60.0
    one.settle("a")  # alone, as the canonical network of a search is
    assert one.left_s(8) == pytest.approx(2 * 60.0)
    assert pace(now).left_s(0) == 0.0
    for name in "bcde":
        one.advance(name, 0.0)
    now.seconds += 60.0
    for name in "bcd":
        one.settle(name)
    one.advance("e", 0.75)
    now.seconds += 1_000.0  # so that the smoothing has no part in it
    assert one.left_s(1) == pytest.approx(0.25 * 60.0)


def test_the_start_of_a_trial_is_part_of_its_time() -> None:
    now = Clock()
    one = pace(now)
    for name in "ab":
        one.advance(name, 0.0)
        now.seconds += 10.0
        one.settle(name)
        now.seconds += 5.0  # the next network is built and compiled
    assert one.left_s(2) == pytest.approx(2 * (10 + 15) / 2)


def shown(now: Clock, one: Pace, trials: float, seconds: int) -> list[float]:
    """Return what is shown each second."""
    found = []
    for _ in range(seconds):
        now.seconds += 1.0
        left = one.left_s(trials)
        assert left is not None
        found.append(left)
    return found


def run_batch(now: Clock, one: Pace, left: float) -> list[float]:
    """Run four trials, two of them to a rung at a quarter of their steps; return what is shown."""
    names, seen = [f"{left} {place}" for place in range(4)], list[float]()
    for done in range(41):
        for name in names:
            one.advance(name, done / 40)
        seen += shown(now, one, left, 1)
        if done == 10:
            for name in names:
                one.pause(name)
            for name in names[2:]:
                one.settle(name)
            names, left = names[:2], left - 2
    for name in names:
        one.settle(name)
    return seen


def test_what_is_shown_does_not_jump_where_trials_are_stopped_early() -> None:
    now = Clock()
    one = pace(now, workers=4)
    one.advance("canonical", 0.0)
    now.seconds += 40.0
    one.settle("canonical")
    seen = [left for batch in range(5) for left in run_batch(now, one, 23 - 4 * batch)]
    changes = [later - earlier for earlier, later in pairwise(seen)]
    assert seen[0] == pytest.approx(23 * 40 / 4, abs=2.0)
    assert min(changes) > -6.0
    assert max(changes) < 2.0, "it hardly ever grows"
    assert seen[-1] < 60.0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "00:00"), (61, "01:01"), (3_599.6, "1:00:00"), (90_061, "25:01:01")]
)
def test_hours_are_shown_when_there_are_some(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_study_counts_the_steps_of_trials_under_way() -> None:
    display = AblationDisplay(4)
    display.bars.pace.now_s = now = Clock()
    display(TrialProgressed("a", 1, 0, 100, ""))
    assert display.bars.left_s() is None
    now.seconds += 30.0
    display(TrialProgressed("a", 1, 50, 100, ""))
    assert display.bars.left_s() == pytest.approx(3.5 * 60.0)


def test_a_search_counts_networks_also_under_two_seeds_and_what_is_stopped_is_done() -> None:
    record = SearchRecord(name="s", settings=settings(trial_seeds=(1, 2), space=with_rungs()))
    display = SearchDisplay(record, 10)
    display.bars.pace.now_s = now = Clock()
    display(TrialProgressed("t0001", 1, 0, 100, ""))
    now.seconds += 30.0
    display(TrialProgressed("t0001", 1, 50, 100, ""))
    assert display.bars.left_s() == pytest.approx(19.5 * 60.0)
    display.note(RungResult(batch=1, rung=0, values={"t0002": (1.0,), "t0003": (2.0,)}))
    assert display.trials_left() == 16
