"""`workbench weights`: the weights of finished trials, by study, variant and seed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.help import WHAT
from workbench.cli.options import JsonOption, StoreOption
from workbench.cli.weights_options import OutOption, OverwriteOption, SeedOption
from workbench.experiments.defaults import DEFAULT_STORE

if TYPE_CHECKING:  # which --help does not need
    from workbench.experiments.weights import TrainedWeights

VariantOption = Annotated[
    str | None,
    typer.Option(
        "--variant",
        metavar="NAME",
        help="A variant, the baseline, or a network of a search.",
        rich_help_panel=WHAT,
    ),
]


def weights(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Name of a study or a search.")],
    variant: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A variant, the baseline, or a network of a search.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    seed: SeedOption = None,
    out: OutOption = None,
    overwrite: OverwriteOption = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Find the weights of a study's finished trials, and copy them to a file.

    Before they are copied, they are checked to be those that were scored.

    Example:
        workbench weights mine --variant no-lvar --seed 1 --out no-lvar.safetensors
    """
    from workbench.cli.console import OUT, print_json
    from workbench.errors import ConfigError
    from workbench.experiments.weights import check_target, copy_weights, find_weights

    if out is not None:
        check_target(out)
    found = find_weights(store, study, variant, seed)
    if out is not None:
        if len(found) > 1:
            which = "--variant" if variant is None else "--seed"
            named = ", ".join(f"{one.variant} seed {one.seed}" for one in found[:8])
            raise ConfigError(f"--out needs one network, but there are {named}; add {which}")
        copy_weights(found[0], store, out, replace=overwrite)
    if as_json:
        print_json([_row(one, out) for one in found])
    elif out is not None:
        OUT.print(f"{out}: {found[0].variant} seed {found[0].seed}", soft_wrap=True)
    else:
        for one in found:
            OUT.print(f"{one.variant} seed {one.seed}: {one.path}", soft_wrap=True)


def _row(one: "TrainedWeights", out: Path | None) -> dict[str, object]:
    scores = {s.dataset: s.mean().plain() for s in one.result.scores}
    return {
        "variant": one.variant,
        "seed": one.seed,
        "key": one.result.key,
        "weights": str(out or one.path),
        "weights_hash": one.result.weights_hash,
        "scores": scores,
    }
