"""Latencies of a table's networks, measured on this machine."""

import time

import torch

from workbench.evaluation.devices import open_device
from workbench.evaluation.latency import THREADS, measure
from workbench.experiments.inspection import Size, check_size
from workbench.models.opening import built_network
from workbench.system.events import Emit, counting, ignore
from workbench.tables.latency import NetworkLatency
from workbench.tables.table import TrialTable
from workbench.trial.environment import describe_hardware


def measured_latencies(
    table: TrialTable, size: Size, rounds: int, device: str, emit: Emit = ignore
) -> tuple[NetworkLatency, ...]:
    """Time one image through each network of a table, in turn, with untrained weights.

    Args:
        table: With at least one complete trial.
        size: Width and height of the image in LR px.
        rounds: How often each network is timed, at least 1.
        device: `cpu` for the CPU time of one thread; `cuda` or `cuda:N` for wall-clock time.
        emit: Gets the progress.

    Raises:
        ConfigError: If the device does not exist, or code of one's own is not what was trained.
        InputSizeError: If the image is smaller than a network's smallest input.
    """
    place = open_device(device)
    configs = {
        network: next(iter(trials.values())).config.model
        for network, trials in table.networks.items()
    }
    opened = {
        network: built_network(table.name_of(network), config)
        for network, config in configs.items()
    }
    check_size("--time-size", size, {one.name: one for one in opened.values()})
    modules = {network: one.module.to(place) for network, one in opened.items()}
    width, height = size
    with counting(emit, "timing") as advance:
        times = measure(modules, height, width, rounds=rounds, device=place, progress=advance)
    hardware, now = describe_hardware(device), time.time()
    return tuple(
        NetworkLatency(
            network=network,
            device=place.type,
            hardware=hardware,
            threads=THREADS,
            lr_height_px=height,
            lr_width_px=width,
            rounds=rounds,
            median_ms=one.median_ms,
            lower_quartile_ms=one.lower_quartile_ms,
            upper_quartile_ms=one.upper_quartile_ms,
            torch=str(torch.__version__),
            measured_unix_s=now,
        )
        for network, one in times.items()
    )
