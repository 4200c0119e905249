"""What tests read of the documents."""

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from workbench.cli.command_table import COMMANDS

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
"""Documents whose blocks of code are checked."""


@dataclass(frozen=True)
class Block:
    """A block of code of a document."""

    document: str
    """Its file, such as `docs/python.md`."""
    line: int
    """Of the document, from 1."""
    language: str
    """`python`, `bash`, `yaml`, `text`, ...; that of an indented block follows from its words."""
    code: str
    not_run: str
    """What the line above it says if tests do not run it: `*Not run ...*`; else empty."""

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@cache
def blocks(document: Path) -> tuple[Block, ...]:
    """Return the blocks of code of a Markdown file, as GitHub finds them."""
    found, above = [], ""
    for token in _tokens(document):
        if token.type in ("fence", "code_block"):
            assert token.map is not None
            language = token.info.strip() or _language(token.content)
            reason = above if above.startswith("*Not run ") else ""
            name = document.relative_to(ROOT).as_posix()
            found.append(Block(name, token.map[0] + 1, language, token.content, reason))
        above = token.content if token.type in ("inline", "paragraph_close") else ""
    return tuple(found)


def _tokens(document: Path) -> list[Token]:
    text = document.read_text(encoding="utf-8")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    # A paragraph is three tokens, and its text is in the one in the middle.
    return [token for token in tokens if token.type not in ("paragraph_open", "paragraph_close")]


def _language(code: str) -> str:
    if code.split()[0] in ("workbench", "make", "python"):
        return "bash"
    try:
        return "yaml" if isinstance(YAML(typ="safe").load(code), dict) else "text"
    except YAMLError:
        return "text"


def python_blocks(document: Path) -> tuple[list[str], list[str]]:
    """Return the Python of a Markdown file: blocks that tests run in order, and the others."""
    found = [block for block in blocks(document) if block.language == "python"]
    run = [block.code for block in found if not block.not_run]
    return run, [block.code for block in found if block.not_run]


def named_files(document: Path) -> dict[str, str]:
    """Return the blocks of a document that begin with a comment of their file's name, by name."""
    found = {}
    for block in blocks(document):
        name = re.match(r"# ([\w/-]+\.(?:py|yaml))\n", block.code)
        if name:
            found[name[1]] = block.code
    return found


def shell_lines(code: str) -> list[str]:
    """Return the commands of a block of bash, without comments, each on one line."""
    joined = code.replace("\\\n", " ")
    lines = (shlex.join(shlex.split(line, comments=True)) for line in joined.splitlines())
    return [line for line in lines if line]


def commands(document: Path) -> list[str]:
    """Return each line of a document that calls `workbench`, in blocks and between backquotes."""
    called = [
        child.content.replace("\n", " ")
        for token in _tokens(document)
        for child in token.children or ()
        if child.type == "code_inline"
    ]
    for block in blocks(document):
        if block.language == "bash" and not block.code.startswith("#!"):
            called += shell_lines(block.code)
    return list(dict.fromkeys(line for line in called if re.match(r"workbench [a-z]", line)))


def parse(line: str) -> None:
    """Let a command of the workbench read its options, and nothing more.

    Raises:
        typer.TyperException: For an unknown command, option or value.
    """
    name, *words = shlex.split(line)[1:]
    command: Any = COMMANDS[name].load(name, None)
    while hasattr(command, "resolve_command"):
        context = command.make_context(name, words)
        name, command, words = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
    parsed = command.make_context(name, words)  # which raises for an unknown option or value
    assert parsed.command is command


def checked_blocks(language: str) -> list[Block]:
    """Return the blocks of a language that no line marks as not run, in all documents."""
    found = [block for document in DOCUMENTS for block in blocks(document)]
    return [block for block in found if block.language == language and not block.not_run]
