"""A notebook as a page: its text and its code. The outputs are made by running it."""

import json
from pathlib import Path

from tools.docs_site.pages import Page

_NOTE = """
!!! note "This page is a notebook"
    Open `docs/first-steps.ipynb` in Jupyter to run it and to see its images, tables and report.
"""


def notebook_page(path: Path, page: str) -> Page:
    """Return the page of a notebook.

    Args:
        path: The notebook; it begins with a heading in a cell of its own.
        page: Its place in the folder of the documents.
    """
    first, *cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = ["".join(first["source"]), _NOTE]
    for cell in cells:
        text = "".join(cell["source"])
        parts.append(f"```python\n{text}\n```" if cell["cell_type"] == "code" else text)
    return Page(page, "First steps", "\n\n".join(parts) + "\n")
