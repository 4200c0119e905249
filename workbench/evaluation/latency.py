"""How long networks take, measured in turn so that they can be compared.

A machine's speed drifts by more than networks differ: its clock rate, its caches, its other work.
So each round runs everything once, and the next round starts with the next one; a drift hits all
alike, and ratios are taken round by round. Median and quartiles stand for the rounds,
since what disturbs a measurement only ever adds to it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from workbench.evaluation.running import inference
from workbench.models.own_code import own_code_run
from workbench.system.progress import Progress, silent

THREADS = 1
"""A time on more threads depends on the machine's other work, and on how many cores it has."""

Clock = Literal["process", "wall"]
"""CPU time of this process, in which work of other processes does not count, or wall-clock time."""
_CLOCKS: dict[Clock, Literal["process_time", "perf_counter"]] = {
    "process": "process_time",
    "wall": "perf_counter",
}
_INPUT_SEED = 0


@dataclass(frozen=True)
class Latency:
    """Milliseconds for one image, or one step, over the rounds of one measurement."""

    median_ms: float
    lower_quartile_ms: float
    upper_quartile_ms: float
    rounds: int
    rounds_ms: tuple[float, ...]
    """Round by round; entry i was measured next to entry i of the other networks."""

    @classmethod
    def of(cls, rounds_ms: tuple[float, ...]) -> "Latency":
        """Sum up the milliseconds of at least one round."""
        return cls(*_quartiles(rounds_ms), rounds=len(rounds_ms), rounds_ms=rounds_ms)

    def divided(self, parts: int) -> "Latency":
        """Return the time of one of `parts` equal parts of what was timed."""
        return Latency.of(tuple(ms / parts for ms in self.rounds_ms))

    def ratio(self, other: "Latency") -> tuple[float, float, float]:
        """Return median, lower and upper quartile of this time / the other's, round by round.

        Args:
            other: From the same call of `measure`; above 1 means that this network is slower.

        Raises:
            ValueError: If the numbers of rounds differ.
        """
        if self.rounds != other.rounds:
            raise ValueError(f"rounds must be paired, got {self.rounds} and {other.rounds}")
        pairs = zip(self.rounds_ms, other.rounds_ms, strict=True)
        return _quartiles(tuple(mine / theirs for mine, theirs in pairs))


def measure(
    networks: Mapping[str, nn.Module],
    lr_height_px: int,
    lr_width_px: int,
    *,
    rounds: int,
    warm_up: int = 1,
    device: torch.device,
    progress: Progress = silent,
) -> dict[str, Latency]:
    """Time one image of uniform noise through every network, in turn, on one thread.

    On the CPU it is the CPU time of this process: work of other processes does not count, that of
    other threads of this one does. On CUDA it is wall-clock time from an idle device to an idle
    device, transfers left out.

    Networks are put back into their modes, and the number of threads is put back, afterwards.

    Args:
        networks: (1, 3, h, w) RGB in 0..1 to (1, 3, scale * h, scale * w), all on `device`.
        lr_height_px: h.
        lr_width_px: w.
        rounds: How often each network is timed, at least 1.
        warm_up: Rounds before those, which are discarded: the first one allocates and is slow.
        device: Where the networks are.
        progress: Called for each run of a network, also of those of the warm-up.

    Raises:
        InputSizeError: If the size is below a network's smallest input.
        ValueError: If there is no round to time.
    """
    image = noise(lr_height_px, lr_width_px).to(device)
    runs = {name: _run_of(network, image) for name, network in networks.items()}
    clock: Clock = "process" if device.type == "cpu" else "wall"
    with ExitStack() as stack:
        stack.enter_context(_threads(THREADS))
        for network in networks.values():
            stack.enter_context(inference(network))
        timing = Timing(rounds, warm_up, clock, device)
        return measure_runs(runs, timing, progress)


def _run_of(network: nn.Module, image: Tensor) -> Callable[[], object]:
    """Return what runs a network; what modules of one's own in it raise is one line."""
    return own_code_run(getattr(network, "config", None), "timed", partial(network, image))


@dataclass(frozen=True)
class Timing:
    """How runs are timed."""

    rounds: int
    """How often each is timed, at least 1."""
    warm_up: int
    """Rounds before those, which are discarded: the first one allocates and is slow."""
    clock: Clock
    device: torch.device
    """CUDA is idle when the clock is read."""


def measure_runs(
    runs: Mapping[str, Callable[[], object]], timing: Timing, progress: Progress = silent
) -> dict[str, Latency]:
    """Time functions in turn.

    Args:
        runs: What is timed, by name.
        timing: How.
        progress: Called for each run, also of those of the warm-up.

    Raises:
        ValueError: If there is no round to time.
    """
    if timing.rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {timing.rounds}")
    times_ms: dict[str, list[float]] = {name: [] for name in runs}
    rounds = timing.warm_up + timing.rounds
    for done, name in enumerate(_in_turn(tuple(runs), rounds), start=1):
        times_ms[name].append(_run_ms(runs[name], timing))
        progress(done, rounds * len(runs), name)
    return {name: Latency.of(tuple(values[timing.warm_up :])) for name, values in times_ms.items()}


def noise(lr_height_px: int, lr_width_px: int) -> Tensor:
    """Return an image of uniform noise in 0..1, (1, 3, h, w), always the same."""
    generator = torch.Generator().manual_seed(_INPUT_SEED)
    return torch.rand((1, 3, lr_height_px, lr_width_px), generator=generator)


def _in_turn(names: tuple[str, ...], rounds: int) -> Iterator[str]:
    """Yield all names once a round; each round starts with the second name of the one before."""
    for number in range(rounds):
        first = number % len(names) if names else 0
        yield from names[first:] + names[:first]


def _run_ms(run: Callable[[], object], timing: Timing) -> float:
    now = time.process_time if timing.clock == "process" else time.perf_counter
    _wait(timing.device)
    started = now()
    run()
    _wait(timing.device)
    # A coarse clock may not have moved at all, and there is no ratio to zero.
    return 1e3 * max(now() - started, time.get_clock_info(_CLOCKS[timing.clock]).resolution)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _quartiles(values: tuple[float, ...]) -> tuple[float, float, float]:
    """Return median, lower and upper quartile, interpolated linearly between values."""
    median, lower, upper = np.quantile(values, (0.5, 0.25, 0.75)).tolist()
    return median, lower, upper


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
