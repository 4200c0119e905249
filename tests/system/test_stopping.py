"""Signals as requests to stop: where they go, which are repeated, and what is left as it was."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from workbench.system.stopping import (
    StopRequested,
    children_spared,
    signals_set,
    stop_requests,
)

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_outside_of_trials_a_signal_is_raised_with_its_name(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in STOPS]
    with pytest.raises(StopRequested, match=f"^{number.name}$"), stop_requests():
        send(number)
    assert [signal.getsignal(each) for each in STOPS] == before


def test_a_stop_request_is_no_exception_that_a_view_could_swallow() -> None:
    assert not issubclass(StopRequested, Exception)


@pytest.mark.parametrize("number", STOPS)
def test_while_trials_run_a_signal_stops_them(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in STOPS]
    stop = threading.Event()
    with stop_requests() as request, signals_set(stop):
        send(number)
        assert stop.is_set()
        assert request.reason == ("" if number is signal.SIGINT else number.name)
    assert [signal.getsignal(each) for each in STOPS] == before


def test_a_second_sigusr1_changes_nothing_and_a_second_ctrl_c_ends_at_once() -> None:
    with stop_requests() as request, signals_set(threading.Event()):
        send(signal.SIGUSR1)
        send(signal.SIGUSR1)
        assert request.reason == "SIGUSR1"
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            send(signal.SIGINT)
        with pytest.raises(StopRequested, match=r"^SIGUSR1$"):
            send(signal.SIGTERM)


def test_a_sigusr1_after_the_trials_have_stopped_does_not_cut_off_what_follows() -> None:
    with stop_requests() as request:
        with signals_set(threading.Event()):
            send(signal.SIGUSR1)
        send(signal.SIGUSR1)
        assert request.delivered


def test_a_request_between_two_runs_stops_the_second_one() -> None:
    with stop_requests() as request:
        request.note("SIGTERM")
        stop = threading.Event()
        with signals_set(stop):
            assert stop.is_set()


def test_a_block_in_a_block_has_the_same_request() -> None:
    with stop_requests() as outer, stop_requests() as inner:
        assert inner is outer
    with stop_requests() as later:
        assert later is not outer
        assert not later.reason


def test_a_thread_stops_its_own_trials_without_signals() -> None:
    def run() -> None:
        with stop_requests() as request, signals_set(stop):
            assert not request.takes_signals
            request.make("the time limit of 1s")

    before = [signal.getsignal(each) for each in STOPS]
    stop = threading.Event()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert stop.is_set()
    assert [signal.getsignal(each) for each in STOPS] == before


def test_sigusr1_does_not_end_a_process_that_is_started_spared() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGUSR1); print('alive')"
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, check=False).returncode == -signal.SIGUSR1
    with children_spared():
        spared = subprocess.run(run, check=True, capture_output=True, text=True)
    assert spared.stdout == "alive\n"


def test_a_sigusr1_that_comes_while_processes_start_is_not_lost() -> None:
    with (
        stop_requests(),
        pytest.raises(StopRequested, match=r"^SIGUSR1$"),
        children_spared(),
    ):
        send(signal.SIGUSR1)
