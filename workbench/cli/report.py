"""`workbench report`: the comparison of a study, from the ledger, in any format."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.options import DEFAULT_STORE, StoreOption
from workbench.errors import ConfigError


def report(
    study: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="Its name; the last one if absent.")
    ] = None,
    form: Annotated[
        Literal["table", "csv", "parquet", "markdown", "latex", "json", "html", "svg", "png"],
        typer.Option("--format", help="What is written."),
    ] = "table",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there in place of printing.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Report a study from the ledger: nothing is trained, and torch is not needed.

    The family of comparisons is the one that was declared last, before its trials.
    """
    if out is not None and form == "table":
        raise ConfigError("--out needs another --format than table")
    if out is None and form in ("parquet", "png"):
        raise ConfigError(f"--format {form} needs --out FILE")
    from workbench.cli.report_steps import write_report

    write_report(study, form, out, store)
