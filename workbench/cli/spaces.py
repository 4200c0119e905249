"""`workbench spaces`: every search space with its question and size, or one of them in detail."""

from collections.abc import Mapping
from typing import ClassVar

import typer

from workbench.cli.lazy import DefaultGroup, LazyCommand
from workbench.cli.options import JsonOption
from workbench.cli.search_options import LimitOption, SpaceArgument

SUBCOMMANDS: Mapping[str, LazyCommand] = {
    "list": LazyCommand(
        "workbench.cli.spaces:list_", "List the search spaces with their questions and sizes."
    ),
    "show": LazyCommand(
        "workbench.cli.spaces:show",
        "Show the dimensions of a search space and how much of it is within its limits.",
    ),
}


class SpacesGroup(DefaultGroup):
    """`spaces` is `spaces list`."""

    table: ClassVar = SUBCOMMANDS
    default: ClassVar = "list"


spaces = typer.Typer(
    cls=SpacesGroup, add_completion=False, subcommand_metavar="[COMMAND] [ARGS]..."
)


@spaces.callback()
def _spaces() -> None:
    """List the search spaces, or show one of them in detail.

    `workbench spaces [OPTIONS]` is short for `workbench spaces list [OPTIONS]`.

    Example:
        workbench spaces
        workbench spaces show mdrn-size
    """


def list_(as_json: JsonOption = False) -> None:
    """List the search spaces with their questions and sizes.

    Example:
        workbench spaces --json
    """
    from workbench.cli.spaces_table import print_spaces
    from workbench.cli.terminal import emit
    from workbench.experiments.spaces import list_spaces

    print_spaces(list_spaces(emit), as_json=as_json)


def show(
    space: SpaceArgument,
    limit: LimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the dimensions of a search space and how much of it is within its limits.

    All networks of a small space are counted, of a large one some that are drawn at random.

    Example:
        workbench spaces show mdrn-size --limit 'parameters<=60000'
    """
    from workbench.cli.search_limits import limits_of
    from workbench.cli.spaces_table import print_space
    from workbench.cli.terminal import emit
    from workbench.experiments.spaces import sample_space

    print_space(sample_space(space, limits_of(limit), emit), as_json=as_json)
