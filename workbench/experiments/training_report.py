"""Differences over training of a study as a document in one of several formats. No torch."""

from workbench.analysis.training_differences import TrainingDifference, training_differences
from workbench.errors import ConfigError, WorkbenchError
from workbench.experiments.study import OpenedStudy
from workbench.reporting.exports import rows_as
from workbench.reporting.prints import panels
from workbench.reporting.training_differences import COLUMNS, figures, to_json, to_rows

FORMATS = ("csv", "parquet", "json", "svg", "png")


def differences_of(opened: OpenedStudy) -> tuple[TrainingDifference, ...]:
    """Return the differences over training of a study.

    Raises:
        WorkbenchError: If there is none: no two networks share a seed and a validated step.
    """
    found = training_differences(opened.comparison, opened.results)
    if not found:
        raise WorkbenchError(
            f"study {opened.study.study!r} has no difference over training: no compared networks "
            "share a finished seed and a step at which both were validated on the same images"
        )
    return found


def render_training(form: str, opened: OpenedStudy) -> bytes:
    """Return the differences over training of a study.

    Args:
        form: `csv` or `parquet` (a row for each comparison and step), `json`, `svg` or `png`.
        opened: From `open_study`.

    Raises:
        ConfigError: For another format.
        WorkbenchError: If there is none.
    """
    found, comparison = differences_of(opened), opened.comparison
    title, drawn = comparison.question, figures(comparison, found)
    columns = min(len(drawn), COLUMNS)
    match form:
        case "json":
            return to_json(opened.study.study, found, comparison.rule)
        case "svg":
            return panels(drawn, "svg", title, columns)
        case "png":
            return panels(drawn, "png", title, columns)
        case "csv":
            return rows_as(to_rows(found), "csv")
        case "parquet":
            return rows_as(to_rows(found), "parquet")
    hint = "; the page of --format html has them already" if form == "html" else ""
    raise ConfigError(
        f"differences over training cannot be written as {form!r}; "
        f"valid: table, {', '.join(FORMATS)}{hint}"
    )
