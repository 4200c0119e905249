"""What is printed under a comparison: a line for each difference, or one that sums up many."""

import numpy as np
import pytest

from tests.builders.comparisons import scored
from workbench.analysis.comparison import Comparison, compare
from workbench.cli import comparison_notes
from workbench.cli.comparison_notes import MOST_LINES, print_meaning


def compared(count: int, shift_db: float, spread_db: float) -> Comparison:
    """Three seeds of a base and of variants that are better by `shift_db`."""
    draw = np.random.default_rng(1)
    arms = {}
    for name in ("base", *(f"v{number}" for number in range(count))):
        better = 0.0 if name == "base" else shift_db
        moved = [better + spread_db * draw.standard_normal() for _ in range(3)]
        images = {seed: [30 + moved[seed] + 0.1 * image for image in range(9)] for seed in range(3)}
        arms[name] = [scored(f"{name}{seed}", seed, {"Set5": db}) for seed, db in images.items()]
    return compare(arms, {})


def printed(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(comparison_notes, "note", lines.append)
    print_meaning(comparison, {})
    return lines


@pytest.mark.parametrize(
    ("shift_db", "spread_db", "each", "together"),
    [
        (0.0, 0.5, "undecided; ", "9 comparisons are undecided or unclear; "),
        (1.0, 0.001, "rests on the t distribution", "9 verdicts rest on the t distribution; "),
    ],
)
def test_many_remarks_of_one_kind_are_one_line(
    shift_db: float, spread_db: float, each: str, together: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = printed(compared(MOST_LINES, shift_db, spread_db), monkeypatch)
    assert len([line for line in few if line.startswith("Set5, v") and each in line]) == MOST_LINES
    many = printed(compared(MOST_LINES + 1, shift_db, spread_db), monkeypatch)
    (line,) = [line for line in many if line.startswith("Set5")]
    assert line.startswith(f"Set5: {together}")
    assert line.endswith("; JSON has each")
