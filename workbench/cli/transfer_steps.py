"""What `workbench export` and `workbench import` do, and what they say of it. No torch."""

import shlex
from pathlib import Path

from workbench.cli.console import OUT, note
from workbench.cli.display import bar
from workbench.cli.optional import optional, say_where, tracking
from workbench.experiments.exported import open_export
from workbench.experiments.transfer import Count, Imported, export_study, import_export, show


def write_export(name: str, out: Path, store: Path) -> None:
    """Write a study to a folder.

    Args:
        name: Of the study.
        out: The folder, absent or empty.
        store: The store.

    Raises:
        WorkbenchError: If there is no such study, or the folder cannot be used.
    """
    with bar("trials") as progress:
        exported = export_study(store, name, out, progress)
    _say(
        f"{out}: study {name}, {_counted(exported.finished, 'finished trial')}, "
        f"weights of {_counted(exported.weights, 'training')}, {exported.size_bytes / 1e6:,.1f} MB"
    )
    if exported.unfinished:
        note(f"{_counted(exported.unfinished, 'declared trial')} not finished, so not in it")
    note(f"on the other machine: workbench import {shlex.quote(out.resolve().name)}")


def bring_in(folder: Path, store: Path, tracking_uri: str | None) -> None:
    """Merge an export into the store and show it in MLflow.

    Args:
        folder: The export.
        store: The store.
        tracking_uri: MLflow of the user's own.

    Raises:
        WorkbenchError: If the folder is no export, or damaged, in which case nothing is written;
            or if the store or MLflow cannot be used.
    """
    with bar("checking") as progress:
        export = open_export(folder, progress)
    there = False
    with tracking(store, tracking_uri) as tracker:
        with bar("importing") as progress:
            imported = import_export(export, store, progress)
        _report(imported, store)
        with optional("MLflow"), bar("MLflow") as progress:
            show((imported.study, export.study), store, tracker, progress)
            there = tracker.compare_address(export.study.study) is not None
    if there:
        say_where(store, tracking_uri)


def _report(imported: Imported, store: Path) -> None:
    counts = (
        _came(imported.declarations, "declaration"),
        _came(imported.trials, "trial"),
        _came(imported.weights, "weights file"),
    )
    _say(f"study {imported.study.study}: {'; '.join(counts)}")
    if not imported.changed:
        note(f"nothing changed: {store} has all of it")
    if imported.other_keys:
        note(
            f"{_counted(imported.other_keys, 'declaration')} there with other keys, of another "
            "version of code or images: reports go on with the store's own trials"
        )


def _came(count: Count, what: str) -> str:
    there = "was" if count.there == 1 else "were"
    return f"{_counted(count.came, what)} came, {count.there:,} {there} there"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _say(text: str) -> None:
    OUT.print(text, soft_wrap=True)
