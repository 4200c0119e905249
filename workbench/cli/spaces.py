"""`workbench spaces`: every search space with its question and size."""

from workbench.cli.console import OUT, note, print_json, table
from workbench.cli.options import JsonOption
from workbench.config.shipped import data_files
from workbench.search.space import FOLDER, read_space


def spaces(as_json: JsonOption = False) -> None:
    """List the search spaces with the question each asks and its number of combinations."""
    found = {name: read_space(path) for name, path in data_files(FOLDER).items()}
    rows = [
        {
            "name": name,
            "question": space.question,
            "base": space.base,
            "combinations": space.size(),
            "limits": {k: v for k, v in space.limits.plain().items() if v is not None},
        }
        for name, space in found.items()
    ]
    if as_json:
        print_json(rows)
        return
    made = table("space", "base", "combinations", "limits", "question", left=2)
    for column in made.columns[3:]:
        column.justify = "left"
    for row, space in zip(rows, found.values(), strict=True):
        limits = ", ".join(
            f"{key} <= {value:,}" for key, value in space.limits.plain().items() if value
        )
        made.add_row(str(row["name"]), space.base, _size(space.size()), limits, space.question)
    OUT.print(made)
    note("combinations are counted before the limits")


def _size(count: int | None) -> str:
    return "many" if count is None else f"{count:,}"
