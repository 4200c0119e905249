"""`workbench inspect`: what networks cost and how long they take, side by side."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from workbench.ablation.variant import find_variants
from workbench.cli.console import print_json
from workbench.cli.help import EXECUTION, IMAGES, OUTPUT, WHAT
from workbench.cli.inspect_table import print_networks
from workbench.cli.option_values import set_values
from workbench.cli.options import JsonOption, SetOption, VariantOption
from workbench.config.model import ModelConfig
from workbench.config.presets import RECIPES, preset
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.experiments.defaults import DEFAULT_BASE
from workbench.system.events import Emit, Progressed, WorkStarted

MOST_SIDE_PX = 16_384
Size = tuple[int, int]
"""Width and height in LR px."""


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
    counted_size, timed_size = _size("--lr-size", lr_size), _size("--time-size", time_size)
    configs = _presets_and_variants(presets or ([] if weights else [DEFAULT_BASE]), variant, set_)
    # torch, which --help does not need
    from workbench.experiments.inspection import check_size, inspect_networks, open_networks

    networks = open_networks(configs, weights or [])
    check_size("--lr-size", counted_size, networks)
    if rounds:
        check_size("--time-size", timed_size, networks)
    with _bar_without_thread() as emit:
        rows = inspect_networks(networks, counted_size, timed_size, rounds, emit)
    if as_json:
        print_json(rows)
    else:
        print_networks(rows, parts=parts)


@contextmanager
def _bar_without_thread() -> Iterator[Emit]:
    """Show work by a bar that is drawn between timed runs: a thread's CPU time would be counted."""
    from workbench.cli.bars import bars  # which --help does not need

    display = bars()
    display.live.auto_refresh = False

    def emit(event: object) -> None:
        match event:
            case WorkStarted(what):
                display.add_task(what, total=None, remark="")
            case Progressed(done, total, what):
                task = display.task_ids[-1]
                display.update(task, completed=done, total=total, remark=what, refresh=True)

    with display:
        yield emit


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
