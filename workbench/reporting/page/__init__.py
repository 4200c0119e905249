"""One self-contained HTML page of a study: it loads nothing from anywhere."""

from workbench.reporting.page.assembly import page
from workbench.reporting.page.head import Header

__all__ = ["Header", "page"]
