"""A group of commands that imports the module of a command only when the command is called."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import MarkupMode, TyperCommand, TyperGroup

from workbench.cli.help import PanelCommand, split_example, write_example


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is defined, and what the list of commands says about it."""

    target: str
    """`package.module:name` of a function with typer's options, or of a `typer.Typer`."""
    help: str
    """First line of the function's docstring."""
    panel: str = ""
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
        text, self.example = split_example(attributes.pop("help", None) or "")
        super().__init__(help=text, **attributes)
        for name, entry in self.table.items():
            listed = TyperCommand(
                name,
                help=entry.help,
                short_help=entry.help,
                rich_help_panel=entry.panel,
                rich_markup_mode=self.rich_markup_mode,
            )
            self.add_command(listed)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example."""
        super().format_epilog(ctx, formatter)
        write_example(self.example, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return name, command and remaining arguments; the command is imported here."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and self.loaded(str(name)), rest

    def loaded(self, name: str) -> Any:
        """Return a command of the table with its options."""
        return self.table[name].load(name, self.rich_markup_mode)


class DefaultGroup(LazyGroup):
    """Runs a default subcommand where none is named. Options may stand before the subcommand."""

    default: ClassVar[str]
    """Name of the default subcommand."""
    default_has_argument: ClassVar[bool] = False
    """Whether a word that is no subcommand is an argument of the default one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the subcommand first."""
        if not ctx.resilient_parsing or args:  # a shell that completes gets all subcommands
            args = self._with_subcommand(ctx, args)
        return super().parse_args(ctx, args)

    def _with_subcommand(self, ctx: Any, args: list[str]) -> list[str]:
        if args and (args[0] in self.table or args[0] in ctx.help_option_names):
            return args
        index = next(_positions(args, self._value_options()), None)
        if index is None:
            return [self.default, *args]
        word, following = args[index], args[index + 1 : index + 2]
        if word in self.table or not self.default_has_argument:
            return [word, *args[:index], *args[index + 1 :]]
        close = difflib.get_close_matches(word, self.table, n=1, cutoff=0.75)
        if close and following and not following[0].startswith("-"):
            ctx.fail(f"No such command {word!r}. Did you mean {close[0]!r}?")
        return [self.default, *args]

    def _value_options(self) -> set[str]:
        """Return the options of all subcommands that take a value."""
        parameters = (p for name in self.table for p in self.loaded(name).params)
        return {
            option
            for parameter in parameters
            if not getattr(parameter, "is_flag", False)
            for option in parameter.opts
        }


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield a command, or the commands of a group, with the words that call it.

    Args:
        name: The words that call `command`, without `workbench`.
        command: A command or a group, as `LazyCommand.load` returns it.
    """
    if isinstance(command, LazyGroup):
        for word, entry in command.table.items():
            yield from leaves(f"{name} {word}", entry.load(word, None))
    elif hasattr(command, "commands"):
        for word, one in command.commands.items():
            yield from leaves(f"{name} {word}", one)
    else:
        yield name, command


def _positions(args: Sequence[str], value_options: set[str]) -> Iterator[int]:
    """Give the places of the arguments that are neither options nor their values."""
    is_value = False
    for index, word in enumerate(args):
        if not is_value and not word.startswith("-"):
            yield index
        is_value = not is_value and word in value_options
