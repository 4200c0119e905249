"""What tests read of the documents."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_BLOCK = re.compile(r"(<!-- not run[^>]*-->\n)?```python\n(.*?)```", re.DOTALL)


def python_blocks(document: Path) -> tuple[list[str], list[str]]:
    """Return the Python of a Markdown file: blocks that tests run in order, and the others."""
    found = _BLOCK.findall(document.read_text())
    return [code for mark, code in found if not mark], [code for mark, code in found if mark]


def commands(document: Path) -> list[str]:
    """Return each line of a document that calls `workbench`, in blocks and between backquotes."""
    text = document.read_text()
    called = re.findall(r"`(workbench [^`\n]+)`", text)
    called += re.findall(r"^ {4,}(workbench [^#\n]+?) *(?:#.*)?$", text, re.MULTILINE)
    return list(dict.fromkeys(called))
