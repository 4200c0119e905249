"""HTML pages shown inside a notebook."""

import html

from workbench.errors import ConfigError

HEIGHT_PX = 700


def inline(page: str, height_px: int = HEIGHT_PX) -> str:
    """Return a frame that holds a whole page, so that its styles do not touch the notebook's."""
    return (
        f'<iframe srcdoc="{html.escape(page)}" style="width: 100%; border: 0" '
        f'height="{height_px}"></iframe>'
    )


def show_inline(page: str, height_px: int = HEIGHT_PX) -> None:
    """Show a page in the notebook that this process serves.

    Raises:
        ConfigError: If it serves none.
    """
    try:
        from IPython import get_ipython
        from IPython.display import HTML, display
    except ModuleNotFoundError:
        session = None
    else:
        session = get_ipython()
    if session is None:
        raise ConfigError("show() needs a notebook; save('report.html') writes the page to a file")
    display(HTML(inline(page, height_px)))
