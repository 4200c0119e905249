"""Help of a command: its options in panels, plain text in terminals and pipes alike, an example.

The docstring of a command ends with its example, which is printed as it is:

Example:
        workbench ablate --variant no-lvar --seeds 3
"""

import re
from typing import Any

from typer import _click as click
from typer.core import TyperCommand

HELP_OPTIONS = ["-h", "--help"]

WHAT = "What"
IMAGES = "Images"
STATISTICS = "Statistics"
EXECUTION = "Execution"
OUTPUT = "Output"
PANELS = (WHAT, IMAGES, STATISTICS, EXECUTION, OUTPUT)
"""Panels in the order in which help shows them; options without one come last."""

_EXAMPLE = "Example:"
_RAW_TYPE = re.compile(r" <[\w\[\]]+>$")


class PanelCommand(TyperCommand):
    """A command whose help shows its options in panels, and its example at the end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        text, example = split_example(options.pop("help", None) or "")
        super().__init__(*args, help=text, **options)
        self.example = example

    def panels(self, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
        """Return name and help of arguments and options by panel, in the order of the help."""
        found: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            is_argument = parameter.param_type_name == "argument"
            panel = "Arguments" if is_argument else getattr(parameter, "rich_help_panel", None)
            # Arguments also show their type, as in `STUDY <str>`.
            name = _RAW_TYPE.sub("", record[0])
            found.setdefault(panel or "Options", []).append((name, plain_help(record[1])))
        return {panel: found[panel] for panel in sorted(found, key=_place)}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write arguments, then each panel's options."""
        for panel, entries in self.panels(ctx).items():
            with formatter.section(panel):
                formatter.write_dl(entries)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example."""
        super().format_epilog(ctx, formatter)
        write_example(self.example, formatter)


def split_example(docstring: str) -> tuple[str, str]:
    """Split a docstring into its text and the lines of its example, without their indentation."""
    text, _, example = docstring.partition(_EXAMPLE)
    lines = [line.strip() for line in example.strip().splitlines()]
    return text.rstrip(), "\n".join(lines)


def write_example(example: str, formatter: click.HelpFormatter) -> None:
    """Write the lines of an example as they are; nothing if there are none."""
    if example:
        formatter.write("\nExample:\n")
        formatter.write("".join(f"  {line}\n" for line in example.splitlines()))


def plain_help(text: str) -> str:
    """Return the help of an option with ranges as `1..1024` and defaults without parentheses."""
    text = re.sub(
        r"([\d.]+)<=x<=([\d.]+)", lambda ends: "..".join(map(_number, ends.groups())), text
    )
    text = re.sub(r"x>=([\d.]+)", lambda end: f"at least {_number(end.group(1))}", text)
    return re.sub(r"\[default: \(([^()]*)\)", r"[default: \1", text)


def _number(text: str) -> str:
    return f"{float(text):,.10g}"


def _place(panel: str) -> int:
    return ("Arguments", *PANELS, "Options").index(panel)
