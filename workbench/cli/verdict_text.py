"""Verdicts in the terminal: a word, a sign and a colour; colour alone says nothing.

`rich` prints no colour where `NO_COLOR` is set, and none into files and pipes.
"""

from rich.text import Text

from workbench.reporting.colours import SIGNS, TERMINAL
from workbench.statistics.decision_rule import Verdict


def verdict_text(verdict: Verdict) -> Text:
    """Return a verdict as the tables print it: `▲ better` in green."""
    return Text(f"{SIGNS[verdict]} {verdict}", style=TERMINAL[verdict])
