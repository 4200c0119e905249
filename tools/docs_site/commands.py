"""Pages of the command reference, made from what `--help` of each command shows."""

import re
from functools import cache
from typing import Any

from tools.docs_site.pages import Page, anchor, definition, prose
from workbench.cli.command_table import COMMANDS
from workbench.cli.help import HELP_OPTIONS
from workbench.cli.lazy import LazyCommand, leaves

FOLDER = "commands"
"""Of the pages in the site."""
_BOUNDS = re.compile(r"^(?P<text>.*?)\s*\[(?P<bounds>[^\[\]]*)\]$", re.DOTALL)
_CALL = re.compile(
    r"<(?P<skipped>a|pre|h[1-6])\b.*?</(?P=skipped)>"
    r"|(?P<code><code>workbench (?P<name>[a-z][a-z-]*)(?P<rest>[^<]*)</code>)",
    re.DOTALL,
)
_INTRODUCTION = """\
# Commands

These pages are made from the commands' own help; `workbench COMMAND --help` prints the same.
`workbench --install-completion` lets the shell complete commands and options."""


def command_pages() -> list[Page]:
    """Return the list of commands, then a page for each command of the program."""
    pages = [_page(name, entry) for name, entry in COMMANDS.items()]
    groups = list(dict.fromkeys(page.group for page in pages))
    return [_index(), *sorted(pages, key=lambda page: groups.index(page.group))]


def command_links(html: str, path: str) -> str:
    """Return the HTML of a page in which `workbench NAME ...` as code leads to the command's page.

    Args:
        html: Code that is a link or in a heading already stays as it is.
        path: The page's Markdown in the folder of the documents.
    """
    above = "../" * path.count("/")

    def link(found: re.Match[str]) -> str:
        code, name, rest = found["code"], found["name"], found["rest"]
        if not code or name not in COMMANDS or path == f"{FOLDER}/{name}.md":
            return found.group()
        words = f"{name} {rest.split()[0]}" if rest.split() else name
        place = f"#{anchor('workbench', words)}" if words in _subcommands() else ""
        return f'<a href="{above}{FOLDER}/{name}.html{place}">{code}</a>'

    return _CALL.sub(link, html)


@cache
def _subcommands() -> frozenset[str]:
    """Return the words that call a subcommand, such as `search status`."""
    called = (
        words
        for name, entry in COMMANDS.items()
        for words, _ in leaves(name, entry.load(name, None))
    )
    return frozenset(words for words in called if " " in words)


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
    return Page(f"{FOLDER}/{name}.md", name, "\n".join(lines) + "\n", entry.panel)


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
            lines += _entry(words, option, text)
    return lines


def _entry(words: str, option: str, text: str) -> list[str]:
    """Return the entry of an option; its default and range come last."""
    split = _BOUNDS.match(text)
    meaning, bounds = (split["text"], split["bounds"]) if split else (text, "")
    long = next((word for word in option.split() if word.startswith("--")), option)
    return definition(option, anchor(words, long), meaning, bounds)


def _paragraphs(text: str | None) -> list[str]:
    """Return the paragraphs of a docstring, with an empty line between them."""
    paragraphs = re.split(r"\n\s*\n", (text or "").strip())
    return "\n\n".join(prose(" ".join(one.split())) for one in paragraphs).splitlines()


def _example(text: str) -> list[str]:
    return ["", "```bash", text, "```"] if text else []
