"""`workbench import`: merge a study that `workbench export` wrote into the store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.options import StoreOption, TrackingOption
from workbench.experiments.defaults import DEFAULT_STORE

if TYPE_CHECKING:  # which --help does not need
    from workbench.experiments.transfer import Count, Imported


def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="What `workbench export` has written.")
    ],
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
) -> None:
    """Merge an exported study into the store, and show its trials in MLflow.

    Every file is checked first. What the store has already is kept as it is. Code of networks of
    the author's own comes with the study; it runs once one of them is built, so import only from
    people whose code you would run.

    Example:
        workbench import exported --store mlflow_runs
    """
    from workbench.cli.console import note
    from workbench.cli.terminal import emit
    from workbench.experiments.importing import import_study
    from workbench.experiments.views import compare_text

    imported = import_study(folder, store, tracking_uri, emit)
    _print_merged(imported.merged, store)
    if imported.in_mlflow:
        note(compare_text(store, tracking_uri))


def _print_merged(merged: "Imported", store: Path) -> None:
    from workbench.cli.console import OUT, note
    from workbench.system.text import counted

    counts = (
        _count_text(merged.declarations, "declaration"),
        _count_text(merged.trials, "trial"),
        _count_text(merged.weights, "weights file"),
    )
    OUT.print(f"study {merged.study.study}: {'; '.join(counts)}", soft_wrap=True)
    if merged.code:
        note(
            f"code came with it: {', '.join(merged.code)}; it runs once one of these networks "
            f"is built. Read it, in sources/ of {store}, if you do not know its author"
        )
    if not merged.changed:
        note(f"nothing changed: {store} has all of it")
    if merged.other_keys:
        note(
            f"{counted(merged.other_keys, 'declaration')} there with other keys, of another "
            "version of results or images: reports keep to the store's own trials"
        )


def _count_text(count: "Count", what: str) -> str:
    from workbench.system.text import counted

    there = "was" if count.there == 1 else "were"
    return f"{counted(count.came, what)} came, {count.there:,} {there} there"
