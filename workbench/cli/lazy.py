"""A group of commands that imports the module of a command only when the command is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import MarkupMode, TyperCommand, TyperGroup

from workbench.cli.help import PanelCommand


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is defined, and what the list of commands says about it."""

    target: str
    """`package.module:name` of a function with typer's options, or of a `typer.Typer`."""
    help: str
    """First line of the function's docstring."""
    panel: str
    """Heading in the list of commands."""

    def function(self) -> Any:
        """Import the function, or the `typer.Typer`."""
        module, _, attribute = self.target.partition(":")
        return getattr(import_module(module), attribute)

    def load(self, name: str, markup: MarkupMode) -> Any:
        """Import the command with its options.

        Args:
            name: What the command is called on the command line.
            markup: How its help is laid out.
        """
        app = self.function()
        if not isinstance(app, typer.Typer):
            function, app = app, typer.Typer(add_completion=False, rich_markup_mode=markup)
            app.command(name, cls=PanelCommand)(function)
        app.pretty_exceptions_enable, app.rich_markup_mode = False, markup
        command = typer.main.get_command(app)
        command.name = name
        return command


class LazyGroup(TyperGroup):
    """Lists the commands of a table and imports the one that is called."""

    table: ClassVar[Mapping[str, LazyCommand]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in self.table.items():
            listed = TyperCommand(
                name,
                help=entry.help,
                short_help=entry.help,
                rich_help_panel=entry.panel,
                rich_markup_mode=self.rich_markup_mode,
            )
            self.add_command(listed)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return name, command and remaining arguments; the command is imported here."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and self.loaded(str(name)), rest

    def loaded(self, name: str) -> Any:
        """Return a command of the table with its options."""
        return self.table[name].load(name, self.rich_markup_mode)
