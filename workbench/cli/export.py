"""`workbench export`: a study with its finished trials and weights, as a folder to pass on."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.help import OUTPUT
from workbench.cli.options import StoreOption
from workbench.experiments.defaults import DEFAULT_STORE


def export(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Name of the study.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="The folder that is written; absent or empty.",
            rich_help_panel=OUTPUT,
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write a study, its finished trials and their weights to a folder for `workbench import`.

    So is the code of networks of one's own, as the store has it. Images and checkpoints of
    unfinished trials are left out.

    Example:
        workbench export no-lvar-vs-mdrn-s_smoke_embedded --out exported
    """
    from workbench.cli.console import OUT, note
    from workbench.cli.terminal import emit
    from workbench.experiments.transfer import export_study
    from workbench.system.events import counting
    from workbench.system.text import counted

    with counting(emit, "trials") as advance:
        exported = export_study(store, study, out, advance)
    OUT.print(
        f"{out}: study {study}, {counted(exported.finished, 'finished trial')}, "
        f"weights of {counted(exported.weights, 'training')}, {exported.size_bytes / 1e6:,.1f} MB",
        soft_wrap=True,
    )
    if exported.unfinished:
        note(f"{counted(exported.unfinished, 'declared trial')} not finished, so not in it")
    if exported.without_code:
        classes = ", ".join(exported.without_code)
        note(f"the store has no code of {classes}, so it is not in it; copy it by hand")
    note(f"on the other machine: workbench import {shlex.quote(out.resolve().name)}")
