"""`workbench report`: the comparison of a study, from the ledger, in any format."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from workbench.cli.help import OUTPUT, WHAT
from workbench.cli.options import StoreOption
from workbench.errors import ConfigError
from workbench.experiments.defaults import DEFAULT_STORE

if TYPE_CHECKING:  # numpy, which --help does not need
    from workbench.experiments.study import OpenedStudy

DeclarationOption = Annotated[
    int | None,
    typer.Option(
        "--declaration",
        metavar="N",
        min=1,
        max=1_000_000,
        help="The study as it was declared first (1), second (2), ...",
        show_default="the last",
        rich_help_panel=WHAT,
    ),
]
FormatOption = Annotated[
    Literal["table", "csv", "parquet", "markdown", "latex", "json", "html", "svg", "png"],
    typer.Option(
        "--format",
        metavar="NAME",
        help="table, csv, parquet, markdown, latex, json, html, svg or png.",
        rich_help_panel=OUTPUT,
    ),
]
OverTrainingOption = Annotated[
    bool,
    typer.Option(
        "--over-training",
        help="Differences of validation PSNR against the training step, and whether they still "
        "move; as table, csv, parquet, json, svg or png.",
        rich_help_panel=WHAT,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Write there in place of printing.", rich_help_panel=OUTPUT
    ),
]


def report(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="Name of the study; the last one by default."),
    ] = None,
    declaration: DeclarationOption = None,
    over_training: OverTrainingOption = False,
    form: FormatOption = "table",
    out: OutOption = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Report a study from the ledger: nothing is trained, and torch is not needed.

    The family of comparisons is the one that was declared last, before its trials.

    Example:
        workbench report no-lvar-vs-mdrn-s_smoke_embedded --format markdown
        workbench report no-lvar-vs-mdrn-s_smoke_embedded --over-training
    """
    if out is not None and form == "table":
        raise ConfigError("--out needs a --format other than table")
    if out is None and form in ("parquet", "png"):
        raise ConfigError(f"--format {form} needs --out FILE")
    # numpy, which --help does not need
    from workbench.cli.comparison_table import print_comparison
    from workbench.cli.training_table import note_trends, print_over_training
    from workbench.experiments.study import open_study
    from workbench.experiments.study_report import last_study, render_report
    from workbench.experiments.training_report import differences_of, render_training

    opened = open_study(store, study or last_study(store), declaration)
    if form == "table" and over_training:
        print_over_training(opened.comparison, differences_of(opened))
    elif form == "table":
        print_comparison(opened.comparison)
        note_trends(opened.comparison, opened.results)
    elif over_training:
        _write(render_training(form, opened), form, out)
    else:
        _write(render_report(form, opened, store), form, out)
    _note_study(opened)


def _write(content: bytes, form: str, out: Path | None) -> None:
    from workbench.cli.streams import write_document
    from workbench.system.files import write_atomically

    if out is not None:
        write_atomically(out, content)
    elif form in ("html", "svg"):
        write_document(content)
    else:
        sys.stdout.write(content.decode())


def _note_study(opened: "OpenedStudy") -> None:
    from workbench.cli.console import note
    from workbench.experiments.study import declared_text

    count = len(opened.study.declarations)
    which = f", declaration {opened.number} of {count}" if count > 1 else ""
    note(f"study {opened.study.study}{which}, declared {declared_text(opened.declared)}")
    for remark in opened.remarks:
        note(remark)
