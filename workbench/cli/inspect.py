"""`workbench inspect`: what networks cost and how long they take, side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.ablation.variant import find_variants
from workbench.cli.console import print_json
from workbench.cli.display import bars
from workbench.cli.inspect_table import print_networks
from workbench.cli.options import DEFAULT_BASE, JsonOption, SetOption, VariantOption, set_values
from workbench.config.model import ModelConfig
from workbench.config.presets import RECIPES, preset
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, InputSizeError

if TYPE_CHECKING:  # torch, which --help does not need
    from workbench.models.opening import OpenedNetwork

MOST_SIDE_PX = 16_384
Size = tuple[int, int]
"""Width and height in LR px."""


def inspect(
    presets: Annotated[
        list[str] | None, typer.Option("--preset", metavar="NAME", help="A preset, repeatable.")
    ] = None,
    variant: VariantOption = None,
    weights: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A weights file, repeatable.")
    ] = None,
    set_: SetOption = None,
    lr_size: Annotated[
        str, typer.Option(metavar="WxH", help="LR size in px that multiply-adds are for.")
    ] = "256x256",
    time_size: Annotated[
        str, typer.Option(metavar="WxH", help="LR size in px of the image that is timed.")
    ] = "128x128",
    rounds: Annotated[
        int,
        typer.Option(min=0, max=100_000, help="Timed runs of each network; 0 leaves the time out."),
    ] = 9,
    parts: Annotated[
        bool, typer.Option("--parts", help="Show the parts of more than two networks, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Count parameters, multiply-adds, activations and convolutions, and measure CPU time.

    Variants are those of the first preset; `--set` applies to every preset. Networks are timed in
    turn, and each is compared with the last one: presets come first, then variants, then weights.
    """
    counted_size, timed_size = _size("--lr-size", lr_size), _size("--time-size", time_size)
    configs = _presets_and_variants(presets or ([] if weights else [DEFAULT_BASE]), variant, set_)
    networks = _open(configs, weights or [])
    _check_size("--lr-size", counted_size, networks)
    if rounds:
        _check_size("--time-size", timed_size, networks)
    rows = [_row(name, network, counted_size) for name, network in networks.items()]
    if rounds:
        times = _times(networks, timed_size, rounds)
        rows = [row | times[row["name"]] for row in rows]
    if as_json:
        print_json(rows)
    else:
        print_networks(rows, parts=parts)


def _presets_and_variants(
    names: list[str], variants: list[str] | None, set_: list[str] | None
) -> dict[str, ModelConfig]:
    bases = {name: set_values(_trial(preset(name)), set_) for name in names}
    networks = {name: trial.model for name, trial in bases.items()}
    if variants:
        first = next(iter(bases.values()), _trial(preset(DEFAULT_BASE)))
        networks |= {v.name: v.apply(first).model for v in find_variants(variants)}
    return networks


def _trial(model: ModelConfig) -> TrialConfig:
    return TrialConfig(model=model, training=RECIPES["smoke"])


def _open(configs: Mapping[str, ModelConfig], paths: list[Path]) -> dict[str, "OpenedNetwork"]:
    """Build the configs with random weights, and open whatever the files hold."""
    from workbench.models.opening import built_network, open_network

    opened = {name: built_network(name, config) for name, config in configs.items()}
    return opened | {path.name: open_network(path) for path in paths}


def _size(option: str, text: str) -> Size:
    parts = text.lower().split("x")
    # Digits are counted first: Python refuses to convert thousands of them.
    whole = all(part.isdecimal() and len(part) < 10 and int(part) for part in parts)
    if len(parts) != 2 or not whole:
        raise ConfigError(
            f"{option} must be WIDTHxHEIGHT in px, such as 256x256, got {text[:60]!r}"
        )
    if max(map(int, parts)) > MOST_SIDE_PX:
        raise ConfigError(f"{option} must be at most {MOST_SIDE_PX:,} px a side, got {text!r}")
    return int(parts[0]), int(parts[1])


def _check_size(option: str, size: Size, networks: Mapping[str, "OpenedNetwork"]) -> None:
    """Refuse a size that is below some network's smallest input, before any of them is run."""
    for name, network in networks.items():
        smallest = network.smallest_lr_px
        if min(size) < smallest:
            raise InputSizeError(
                f"{option}: {name}: the input is {size[0]} x {size[1]} px; "
                f"this network needs at least {smallest} x {smallest} LR px"
            )


def _row(name: str, network: "OpenedNetwork", size: Size) -> dict[str, Any]:
    from workbench.models.complexity import count_network

    width, height = size
    counted = count_network(network.module, height, width)
    return {
        "name": name,
        "network": network.origin,
        "scale": network.scale,
        "smallest_lr_px": network.smallest_lr_px,
        **counted.cost.plain(),
        "parts": {
            part.part: {
                "parameters": part.parameters,
                "multiply_adds": part.multiply_adds,
                "activations": part.activations,
            }
            for part in counted.parts
        },
    }


def _times(
    networks: Mapping[str, "OpenedNetwork"], size: Size, rounds: int
) -> dict[str, dict[str, Any]]:
    """Time all networks and compare each with the last."""
    import torch

    from workbench.evaluation.latency import THREADS, measure

    models = {name: network.module for name, network in networks.items()}
    width, height = size
    display = bars()
    display.live.auto_refresh = False  # the CPU time of its thread would be counted
    with display:
        task = display.add_task("timing", total=None, remark="")

        def advance(done: int, total: int, what: str) -> None:
            display.update(task, completed=done, total=total, remark=what, refresh=True)

        cpu = torch.device("cpu")
        measured = measure(models, height, width, rounds=rounds, device=cpu, progress=advance)
    last, reference = list(measured.items())[-1]
    common = {"rounds": rounds, "lr_size": f"{width}x{height}", "threads": THREADS}
    return {
        name: {
            "cpu_ms": _spread(time.median_ms, time.lower_quartile_ms, time.upper_quartile_ms)
            | common,
            "cpu_ratio_to": {"network": last, **_spread(*time.ratio(reference))},
        }
        for name, time in measured.items()
    }


def _spread(median: float, lower_quartile: float, upper_quartile: float) -> dict[str, Any]:
    return {"median": median, "lower_quartile": lower_quartile, "upper_quartile": upper_quartile}
