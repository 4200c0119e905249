"""What `workbench report` does: read a study, compare it again, write it down. No torch."""

import sys
from pathlib import Path

from workbench.cli.comparison_table import print_comparison
from workbench.cli.console import json_text, note
from workbench.cli.streams import write_document
from workbench.errors import ConfigError
from workbench.experiments.declaration import studies
from workbench.experiments.study import OpenedStudy, declared_text, html_page, open_study
from workbench.reporting.exports import FORMATS, export
from workbench.reporting.plain import as_plain
from workbench.reporting.prints import effects
from workbench.system.files import write_atomically


def write_report(name: str | None, form: str, out: Path | None, store: Path) -> None:
    """Compare a study's trials and write the comparison.

    Args:
        name: Of the study; None is the one that was declared last.
        form: `table`, `json`, `html`, `svg`, `png` or one of `FORMATS`.
        out: File; None prints.
        store: The store.

    Raises:
        WorkbenchError: If there is no such study, or none of its base's trials is finished.
    """
    opened = open_study(store, name or last_study(store))
    if form == "table":
        print_comparison(opened.comparison)
    else:
        content = _render(form, opened, store)
        if out is None and form in ("html", "svg"):
            write_document(content)
        elif out is None:
            sys.stdout.write(content.decode())
        else:
            write_atomically(out, content)
    note(f"study {opened.study.study}, declared {declared_text(opened.declared)}")
    for remark in opened.remarks:
        note(remark)


def last_study(store: Path) -> str:
    """Return the study that was declared last.

    Raises:
        ConfigError: If the store holds none.
    """
    names = studies(store)
    if not names:
        raise ConfigError(f"{store} holds no study; `workbench ablate` makes one")
    return names[0]


def _render(form: str, opened: OpenedStudy, store: Path) -> bytes:
    if form == "json":
        known = {"study": opened.study.study, "declared": opened.declared.hash}
        return json_text(known | as_plain(opened.comparison)).encode()
    if form == "html":
        return html_page(opened, store).encode()
    if form in ("svg", "png"):
        return effects(opened.comparison, "svg" if form == "svg" else "png")
    return export(opened.comparison, next(known for known in FORMATS if known == form))
