"""What tests read of the documents."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_BLOCK = re.compile(r"(<!-- not run[^>]*-->\n)?```python\n(.*?)```", re.DOTALL)


def python_blocks(document: Path) -> tuple[list[str], list[str]]:
    """Return the Python of a Markdown file: blocks that tests run in order, and the others."""
    found = _BLOCK.findall(document.read_text())
    return [code for mark, code in found if not mark], [code for mark, code in found if mark]
