"""What networks cost and how long they take, side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from workbench.config.network import Network
from workbench.errors import ForeignCodeError, InputSizeError
from workbench.evaluation.devices import open_device
from workbench.evaluation.latency import THREADS, measure
from workbench.models.complexity import count_network
from workbench.models.foreign import Foreign
from workbench.models.fvcore_counter import MOST_LR_PX, fvcore_flops
from workbench.models.opening import OpenedNetwork, built_network, open_foreign, open_network
from workbench.system.events import Emit, Note, counting, ignore

Size = tuple[int, int]
"""Width and height in LR px."""


def open_networks(
    configs: Mapping[str, Network],
    paths: Sequence[Path],
    foreign: Foreign | None = None,
    emit: Emit = ignore,
) -> dict[str, OpenedNetwork]:
    """Build configs with random weights, open the networks of weights files, and foreign code.

    Args:
        configs: By the names that tables show.
        paths: Weights files; each network is called by its file's name, or by its whole path if
            there is one of that name.
        foreign: A network of the user's own, with the weights of its constructor, which cost what
            trained ones do; its code is imported.
        emit: Gets a note for foreign code.

    Raises:
        CheckpointError: Naming the file that cannot be used.
        ForeignCodeError: If the foreign network cannot be imported, built or run.
    """
    opened = {name: built_network(name, config) for name, config in configs.items()}
    for path in paths:
        opened[path.name if path.name not in opened else str(path)] = open_network(path)
    if foreign is not None:
        emit(Note(f"foreign code: {foreign.arch} is imported and run"))
        network, _ = open_foreign(foreign, None)
        opened[network.name if network.name not in opened else foreign.arch] = network
    return opened


def check_size(what: str, size: Size, networks: Mapping[str, OpenedNetwork]) -> None:
    """Refuse a size below some network's smallest input, before any of them is run.

    Args:
        what: What the error calls the size, such as `--lr-size`.
        size: Width and height in LR px.
        networks: By name.

    Raises:
        InputSizeError: Naming the network and its smallest input.
    """
    for name, network in networks.items():
        smallest = network.smallest_lr_px
        if min(size) < smallest:
            raise InputSizeError(
                f"{what}: {name}: the input is {size[0]} x {size[1]} px; "
                f"this network needs at least {smallest} x {smallest} LR px"
            )


def inspect_networks(
    networks: Mapping[str, OpenedNetwork],
    counted: Size = (256, 256),
    timed: Size = (128, 128),
    rounds: int = 9,
    emit: Emit = ignore,
    device: str = "cpu",
) -> list[dict[str, Any]]:
    """Count what networks cost, and measure their times against that of the last one.

    Args:
        networks: By name; at least one.
        counted: LR size of the image that multiply-adds and activations are counted for.
        timed: LR size of the image that is timed.
        rounds: Timed runs of each network, in turn; 0 measures no time.
        emit: Gets the rounds while networks are timed. What it does takes CPU time between the
            runs, not during them.
        device: Where networks are timed: `cpu` for the CPU time of one thread; `cuda` or `cuda:N`
            for wall-clock time, fp32 with PyTorch's defaults, which leaves the networks there.

    Returns:
        A row for each network as plain data with units in the keys: `name`, `network`, `scale`,
        `smallest_lr_px`, its cost, `fvcore_flops` (None if the input is larger than is counted, or
        the network cannot be traced), `parts` (parameters, multiply-adds and activations by part);
        with rounds also `cpu_ms` and `cpu_ratio_to` (median and quartiles), on CUDA `cuda_ms` and
        `cuda_ratio_to`.

    Raises:
        ConfigError: If the device does not exist.
        ForeignCodeError: If foreign code cannot be counted or run.
    """
    place = open_device(device)
    rows = [_row(name, network, counted, emit) for name, network in networks.items()]
    if rounds:
        times = _times(networks, timed, rounds, emit, place)
        rows = [row | times[row["name"]] for row in rows]
    return rows


def _row(name: str, network: OpenedNetwork, size: Size, emit: Emit) -> dict[str, Any]:
    width, height = size
    counted = count_network(network.module, height, width)
    return {
        "name": name,
        "network": network.origin,
        "scale": network.scale,
        "smallest_lr_px": network.smallest_lr_px,
        **counted.cost.plain(),
        "fvcore_flops": _fvcore_flops(name, network, size, emit),
        "parts": {
            part.part: {
                "parameters": part.parameters,
                "multiply_adds": part.multiply_adds,
                "activations": part.activations,
            }
            for part in counted.parts
        },
    }


def _fvcore_flops(name: str, network: OpenedNetwork, size: Size, emit: Emit) -> int | None:
    """Return fvcore's count; foreign code may not be traceable, which is said."""
    width, height = size
    if width * height > MOST_LR_PX:
        return None
    try:
        return fvcore_flops(network.module, height, width)
    except ForeignCodeError as error:
        emit(Note(f"{name}: its FLOPs cannot be counted by fvcore ({error})"))
        return None


def _times(
    networks: Mapping[str, OpenedNetwork],
    size: Size,
    rounds: int,
    emit: Emit,
    device: torch.device,
) -> dict[str, dict[str, Any]]:
    """Time all networks in turn and compare each with the last."""
    models = {name: network.module.to(device) for name, network in networks.items()}
    width, height = size
    with counting(emit, "timing") as advance:
        measured = measure(models, height, width, rounds=rounds, device=device, progress=advance)
    last, reference = list(measured.items())[-1]
    common = {"rounds": rounds, "lr_size": f"{width}x{height}", "threads": THREADS}
    return {
        name: {
            f"{device.type}_ms": _spread(
                time.median_ms, time.lower_quartile_ms, time.upper_quartile_ms
            )
            | common,
            f"{device.type}_ratio_to": {"network": last, **_spread(*time.ratio(reference))},
        }
        for name, time in measured.items()
    }


def _spread(median: float, lower_quartile: float, upper_quartile: float) -> dict[str, Any]:
    return {"median": median, "lower_quartile": lower_quartile, "upper_quartile": upper_quartile}
