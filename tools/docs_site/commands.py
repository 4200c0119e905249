"""Pages of the command reference, made from what `--help` of each command shows."""

import re
from typing import Any

from tools.docs_site.pages import Page, anchor, prose
from workbench.cli.command_table import COMMANDS
from workbench.cli.help import HELP_OPTIONS
from workbench.cli.lazy import LazyCommand, leaves

FOLDER = "commands"
"""Of the pages in the site."""
_BOUNDS = re.compile(r"^(?P<text>.*?)\s*\[(?P<bounds>[^\[\]]*)\]$", re.DOTALL)
_INTRODUCTION = """\
# Commands

These pages are made from the commands' own help; `workbench COMMAND --help` prints the same.
`workbench --install-completion` lets the shell complete commands and options."""


def command_pages() -> list[Page]:
    """Return the list of commands, then a page for each command of the program."""
    return [_index(), *(_page(name, entry) for name, entry in COMMANDS.items())]


def _index() -> Page:
    lines = [_INTRODUCTION]
    for panel in dict.fromkeys(entry.panel for entry in COMMANDS.values()):
        lines += ["", f"## {panel}", "", "| command | what it does |", "|---|---|"]
        lines += [
            f"| [`workbench {name}`]({name}.md) | {prose(entry.help)} |"
            for name, entry in COMMANDS.items()
            if entry.panel == panel
        ]
    return Page(f"{FOLDER}/index.md", "All commands", "\n".join(lines) + "\n")


def _page(name: str, entry: LazyCommand) -> Page:
    command = entry.load(name, None)
    lines = [f"# workbench {name}", ""]
    if hasattr(command, "panels"):
        lines += _body(name, command, level=2)
    else:
        lines += [*_paragraphs(command.help), *_example(getattr(command, "example", ""))]
        for words, one in leaves(name, command):
            lines += ["", f"## workbench {words}", "", *_body(words, one, level=3)]
    return Page(f"{FOLDER}/{name}.md", name, "\n".join(lines) + "\n")


def _body(words: str, command: Any, level: int) -> list[str]:
    """Return what follows the heading of one command."""
    context = command.make_context(
        words, [], resilient_parsing=True, help_option_names=HELP_OPTIONS
    )
    usage = " ".join(["workbench", words, *command.collect_usage_pieces(context)])
    lines = [*_paragraphs(command.help), "", "```text", usage, "```", *_example(command.example)]
    for panel, entries in command.panels(context).items():
        lines += ["", f"{'#' * level} {panel} {{ #{anchor(words, panel)} }}"]
        for option, text in entries:
            lines += ["", *_entry(words, option, text)]
    return lines


def _entry(words: str, option: str, text: str) -> list[str]:
    """Return an option as an entry of a definition list; its default and range come last."""
    split = _BOUNDS.match(text)
    meaning, bounds = (split["text"], split["bounds"]) if split else (text, "")
    name = anchor(words, option.split()[-1] if "," in option else option.split()[0])
    shown = f"`{option}`{{ #{name} }}"
    values = f" <span class='bounds'>{prose(bounds)}</span>" if bounds else ""
    return [shown, f":   {prose(meaning)}{values}"]


def _paragraphs(text: str | None) -> list[str]:
    """Return the paragraphs of a docstring, with an empty line between them."""
    paragraphs = re.split(r"\n\s*\n", (text or "").strip())
    return "\n\n".join(prose(" ".join(one.split())) for one in paragraphs).splitlines()


def _example(text: str) -> list[str]:
    return ["", "```bash", text, "```"] if text else []
