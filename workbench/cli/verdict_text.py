"""Verdicts in the terminal: a word, a sign and a colour; colour alone says nothing.

`rich` prints no colour where `NO_COLOR` is set, and none into files and pipes.
"""

from collections.abc import Mapping

from rich.text import Text

from workbench.statistics.verdicts import Verdict

STYLES: Mapping[Verdict, tuple[str, str]] = {
    "better": ("▲", "green"),
    "worse": ("▼", "red"),
    "equivalent": ("■", "cyan"),
    "undecided": ("●", "yellow"),
    "not testable": ("\u00d7", "dim"),
}
"""Sign and style of each."""


def verdict_text(verdict: Verdict) -> Text:
    """Return a verdict as the tables print it: `▲ better` in green."""
    sign, style = STYLES[verdict]
    return Text(f"{sign} {verdict}", style=style)
