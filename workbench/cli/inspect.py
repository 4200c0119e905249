"""`workbench inspect`: what networks cost, side by side, with a share for each part."""

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.ablation.variant import find_variants
from workbench.cli.console import OUT, billions, millions, note, print_json, table
from workbench.cli.options import DEFAULT_BASE, JsonOption, SetOption, VariantOption, set_values
from workbench.config.model import ModelConfig
from workbench.config.presets import RECIPES, preset
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError


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
    as_json: JsonOption = False,
) -> None:
    """Count parameters, multiply-adds, activations and convolutions, and each part's share.

    Variants are those of the first preset; `--set` applies to every preset.
    """
    width, height = _size(lr_size)
    names = presets or ([] if weights else [DEFAULT_BASE])
    bases = {name: set_values(_trial(preset(name)), set_) for name in names}
    networks = {name: trial.model for name, trial in bases.items()}
    if variant:
        first = next(iter(bases.values()), _trial(preset(DEFAULT_BASE)))
        networks |= {v.name: v.apply(first).model for v in find_variants(variant)}
    networks |= _from_files(weights or [])
    rows = [_row(name, model, width, height) for name, model in networks.items()]
    if as_json:
        print_json(rows)
        return
    _print(rows, lr_size)


def _trial(model: ModelConfig) -> TrialConfig:
    return TrialConfig(model=model, training=RECIPES["smoke"])


def _from_files(paths: list[Path]) -> dict[str, ModelConfig]:
    from workbench.models.checkpoints import read_weights

    return {path.name: read_weights(path).config for path in paths}


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) for part in parts):
        raise ConfigError(f"--lr-size must be WIDTHxHEIGHT in px, such as 256x256, got {text!r}")
    return int(parts[0]), int(parts[1])


def _row(name: str, model: ModelConfig, width: int, height: int) -> dict[str, Any]:
    from workbench.models.complexity import count

    counted = count(model, height, width)
    return {
        "name": name,
        "scale": model.scale,
        "smallest_lr_px": model.smallest_lr_px(),
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


def _print(rows: list[dict[str, Any]], lr_size: str) -> None:
    made = table("", *(row["name"] for row in rows))
    made.add_row("scale", *(f"x{row['scale']}" for row in rows))
    made.add_row("parameters", *(f"{row['parameters']:,}" for row in rows))
    made.add_row("multiply-adds G", *(billions(row["multiply_adds"]) for row in rows))
    if any(row["challenge_flops"] != row["multiply_adds"] for row in rows):
        made.add_row("challenge FLOPs G", *(_exact(row["challenge_flops"]) for row in rows))
    made.add_row("activations M", *(millions(row["activations"]) for row in rows))
    made.add_row("convolutions", *(str(row["convolutions"]) for row in rows))
    made.add_row("smallest LR px", *(str(row["smallest_lr_px"]) for row in rows))
    made.add_section()
    for part in dict.fromkeys(part for row in rows for part in row["parts"]):
        made.add_row(part, *(_share(row, part) for row in rows))
    OUT.print(made)
    note(f"at {lr_size} LR px; parts: share in % of parameters, multiply-adds, activations")


def _exact(count: int) -> str:
    return f"{count / 1e9:.9f}".rstrip("0")


def _share(row: dict[str, Any], part: str) -> str:
    if part not in row["parts"]:
        return "-"
    names = ("parameters", "multiply_adds", "activations")
    shares = [row["parts"][part][name] / max(1, row[name]) for name in names]
    return "  ".join(f"{100 * share:4.1f}" for share in shares)
