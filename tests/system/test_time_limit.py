"""Time limits: how they are written, and that they leave the time that a stop takes."""

import threading
import time

import pytest

from workbench.errors import ConfigError
from workbench.system.stopping import StopRequested, signals_set, stop_requests
from workbench.system.time_limit import TimeLimit, read_time_limit, time_limited


@pytest.mark.parametrize(
    ("text", "seconds", "shown"),
    [
        ("90s", 90, "90s"),
        ("9m", 540, "9m"),
        ("1h30m", 5_400, "1h30m"),
        ("2d", 172_800, "2d"),
        ("1d2h3m4.5s", 93_784.5, "1d2h3m4.5s"),
        (" 0.5 ", 30, "0.5 min"),
        (9, 540, "9 min"),
        ("365d", 31_536_000, "365d"),
    ],
)
def test_times_are_read(text: str | float, seconds: float, shown: str) -> None:
    limit = read_time_limit(text)
    assert (limit.seconds, limit.text) == (seconds, shown)
    assert seconds - 5 < limit.left_s() <= seconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", r"must be a time such as 90s, 9m, 1h30m or 2d \(a number alone is minutes\), got ''$"),
        ("nan", "must be a time such as .* got 'nan'"),
        ("9 weeks", "got '9 weeks'"),
        ("30m1h", "got '30m1h'"),
        ("-3m", "got '-3m'"),
        ("0", "must be above 0 and at most 365 days, got 0$"),
        ("0s", "must be above 0"),
        ("366d", "must be above 0 and at most 365 days, got 366d"),
        ("9" * 400, "at most 365 days, got 9{40}$"),
    ],
)
def test_what_is_no_time_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^--time-limit .*{reason}"):
        read_time_limit(text)


def test_trials_are_stopped_before_the_end_by_the_time_that_a_stop_takes() -> None:
    stop, limit = threading.Event(), TimeLimit(60.0, "1m", time.monotonic() - 49.9)
    with stop_requests() as request, time_limited(limit, request, lambda: 10.0), signals_set(stop):
        assert stop.wait(10)
        assert request.reason == "the time limit of 1m"
    assert 9 < limit.left_s() <= 10


def test_a_stop_that_is_found_to_take_longer_comes_earlier() -> None:
    stop, limit = threading.Event(), TimeLimit(60.0, "1m", time.monotonic() - 35)
    reserve = iter([1.0])
    with (
        stop_requests() as request,
        time_limited(limit, request, lambda: next(reserve, 28.0)),
        signals_set(stop),
    ):
        assert stop.wait(10)
    assert limit.left_s() > 12


def test_half_of_the_time_is_for_training_however_long_a_stop_takes() -> None:
    stop, limit = threading.Event(), TimeLimit(60.0, "1m", time.monotonic() - 29.9)
    with stop_requests() as request, time_limited(limit, request, lambda: 1e9), signals_set(stop):
        assert not request.reason
        assert stop.wait(10)


def test_outside_of_trials_the_end_of_the_time_is_raised() -> None:
    limit = TimeLimit(0.2, "0.2s")
    with (
        pytest.raises(StopRequested, match=r"^the time limit of 0\.2s$"),
        stop_requests() as request,
        time_limited(limit, request, lambda: 5.0),
    ):
        threading.Event().wait(10)
    assert limit.left_s() > -5


def test_what_ends_in_time_is_left_alone() -> None:
    with stop_requests() as request:
        with time_limited(TimeLimit(0.1, "0.1s"), request, lambda: 0.0):
            pass
        time.sleep(0.15)
        with time_limited(None, request, lambda: 0.0):
            pass
    assert not request.reason
