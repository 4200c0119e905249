"""`workbench export`: a study with its finished trials and weights, as a folder to pass on."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import DEFAULT_STORE, StoreOption


def export(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Its name.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Written anew; absent or empty.")
    ],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write a study, its finished trials and their weights to a folder for `workbench import`.

    Images and checkpoints of unfinished trials stay where they are.
    """
    from workbench.cli.transfer_steps import write_export

    write_export(study, out, store)
