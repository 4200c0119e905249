"""`workbench inspect`: what networks cost and how long they take, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.ablation.variant import find_variants
from workbench.cli.console import print_json
from workbench.cli.help import EXECUTION, IMAGES, OUTPUT, WHAT
from workbench.cli.inspect_table import print_networks
from workbench.cli.option_values import set_values, size_px
from workbench.cli.options import JsonOption, SetOption, VariantOption
from workbench.config.model import ModelConfig
from workbench.config.presets import RECIPES, preset
from workbench.config.trial import TrialConfig
from workbench.experiments.defaults import DEFAULT_BASE

PresetsOption = Annotated[
    list[str] | None,
    typer.Option("--preset", metavar="NAME", help="A preset; repeatable.", rich_help_panel=WHAT),
]
WeightsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--weights", metavar="FILE", help="A weights file; repeatable.", rich_help_panel=WHAT
    ),
]
LrSizeOption = Annotated[
    str,
    typer.Option(
        "--lr-size",
        metavar="WxH",
        help="LR size in px that multiply-adds and activations are counted for.",
        rich_help_panel=IMAGES,
    ),
]
TimeSizeOption = Annotated[
    str,
    typer.Option(
        "--time-size",
        metavar="WxH",
        help="LR size in px of the image that is timed.",
        rich_help_panel=IMAGES,
    ),
]
RoundsOption = Annotated[
    int,
    typer.Option(
        "--rounds",
        metavar="N",
        min=0,
        max=100_000,
        help="Timed runs of each network; 0 measures no time.",
        rich_help_panel=EXECUTION,
    ),
]
PartsOption = Annotated[
    bool,
    typer.Option(
        "--parts",
        help="Show the parts of more than two networks, too.",
        rich_help_panel=OUTPUT,
    ),
]


def inspect(
    presets: PresetsOption = None,
    variant: VariantOption = None,
    weights: WeightsOption = None,
    set_: SetOption = None,
    lr_size: LrSizeOption = "256x256",
    time_size: TimeSizeOption = "128x128",
    rounds: RoundsOption = 9,
    parts: PartsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Count parameters, multiply-adds, activations and convolutions, and measure CPU time.

    Variants are those of the first preset; `--set` applies to every preset. Networks are timed in
    turn, and each is compared with the last one: presets come first, then variants, then weights.

    Example:
        workbench inspect --preset mdrn-s --variant no-lvar --rounds 0
    """
    counted_size, timed_size = size_px("--lr-size", lr_size), size_px("--time-size", time_size)
    configs = _presets_and_variants(presets or ([] if weights else [DEFAULT_BASE]), variant, set_)
    # torch, which --help does not need
    from workbench.cli.bars import bar_without_thread
    from workbench.experiments.inspection import check_size, inspect_networks, open_networks

    networks = open_networks(configs, weights or [])
    check_size("--lr-size", counted_size, networks)
    if rounds:
        check_size("--time-size", timed_size, networks)
    with bar_without_thread() as emit:
        rows = inspect_networks(networks, counted_size, timed_size, rounds, emit)
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
