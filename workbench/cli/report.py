"""`workbench report`: the comparison of a study, from the ledger, in any format."""

import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.console import json_text, note
from workbench.cli.options import DEFAULT_STORE, StoreOption


def report(
    study: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="Its name; the last one if absent.")
    ] = None,
    form: Annotated[
        Literal["table", "csv", "markdown", "latex", "json"],
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
    from workbench.ablation.declaration import read_study, studies
    from workbench.cli.comparison_table import print_comparison
    from workbench.errors import ConfigError
    from workbench.files import write_atomically
    from workbench.ledger import Ledger
    from workbench.reporting.comparison import Rules, as_plain, compare
    from workbench.reporting.exports import export

    if out is not None and form == "table":
        raise ConfigError("--out needs --format csv, markdown, latex or json")
    names = studies(store)
    if study is None and not names:
        raise ConfigError(f"{store} holds no study; `workbench ablate` makes one")
    found = read_study(store, study or names[0])
    declared = found.declarations[-1]
    ledger = Ledger(store)
    results = {
        arm.name: [r for key in declared.keys[arm.name] if (r := ledger.result(key))]
        for arm in declared.arms
    }
    comparison = compare(
        results,
        {arm.name: arm.question for arm in declared.arms},
        {arm.name: arm.against for arm in declared.arms if arm.against},
        Rules(declared.alpha, declared.margin_db),
    )
    if form == "table":
        print_comparison(comparison)
    else:
        plain = {"study": found.study, "declared": declared.hash} | as_plain(comparison)
        text = json_text(plain) if form == "json" else export(comparison, form)
        if out is None:
            sys.stdout.write(text)
        else:
            write_atomically(out, text.encode())
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(declared.declared_s))
    note(f"study {found.study}, declared {day} as {declared.hash[:12]}")
    if len(found.declarations) > 1:
        note(
            f"{len(found.declarations) - 1} other plans were declared in this study before; "
            "their comparisons are not in this family"
        )
    missing = sum(len(declared.seeds) - len(rows) for rows in results.values())
    if missing:
        note(f"{missing} trials of it are not finished")
