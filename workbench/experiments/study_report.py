"""A study's comparison as a document in one of several formats. No torch."""

import json
from pathlib import Path

from workbench.errors import ConfigError
from workbench.experiments.declaration import studies
from workbench.experiments.study import OpenedStudy, html_page
from workbench.reporting.exports import FORMATS, export
from workbench.reporting.json_data import comparison_to_dict
from workbench.reporting.prints import effects


def last_study(store: Path) -> str:
    """Return the name of the study that was declared last.

    Raises:
        ConfigError: If the store holds none.
    """
    names = studies(store)
    if not names:
        raise ConfigError(f"{store} holds no study; `workbench ablate` makes one")
    return names[0]


def render_report(form: str, opened: OpenedStudy, store: Path) -> bytes:
    """Return the report of a study.

    Args:
        form: `csv`, `parquet`, `markdown`, `latex`, `json`, `html`, `svg` or `png`.
        opened: From `open_study`.
        store: The store, which has the image crops of the page.

    Raises:
        ConfigError: For another format.
    """
    if form == "json":
        known = {"study": opened.study.study, "declared": opened.declared.hash}
        content = known | comparison_to_dict(opened.comparison)
        return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()
    if form == "html":
        return html_page(opened, store).encode()
    if form in ("svg", "png"):
        return effects(opened.comparison, "svg" if form == "svg" else "png")
    known_form = next((known for known in FORMATS if known == form), None)
    if known_form is None:
        valid = ", ".join([*FORMATS, "json", "html", "svg", "png"])
        raise ConfigError(f"a report cannot be written as {form!r}; valid: {valid}")
    return export(opened.comparison, known_form)
