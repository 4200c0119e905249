"""The tables of a search with a made-up objective."""

import pytest

from tests.builders.searches import Fake, run, settings
from workbench.cli.search_table import print_front
from workbench.search.objectives import parse_objectives
from workbench.search.state import BASELINE, cost_of_trial


def test_a_network_of_the_front_stands_beside_the_canonical_one_with_the_difference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    objectives = parse_objectives([], ["Set5"])
    state = run(settings(), 9, Fake())
    costs = {p.name: cost_of_trial(p) for p in state.trained}
    base = costs[BASELINE]
    names = [name for name in costs if costs[name].parameters != base.parameters][:1]
    print_front(state, names)
    table, _, differences = capsys.readouterr().out.partition("\ndifference from ")
    rows = [line.split()[0] for line in table.splitlines()[2:]]
    assert [row for row in rows if row.startswith("t")] == [BASELINE, *names]
    head, columns, row = differences.splitlines()
    assert head == "t0000, the canonical tiny"
    assert columns.split()[-1] == "psnr_rgb_db"
    values = state.values(objectives)
    best = costs[names[0]]
    cells = row.split()
    assert cells[0] == names[0]
    assert cells[1] == f"{best.parameters - base.parameters:+,}"
    share = 100 * (best.multiply_adds / base.multiply_adds - 1)
    assert f"({share:+.1f} %)" in row
    assert cells[-1] == f"{values[names[0]][0] - values[BASELINE][0]:+.4f}"


def test_nothing_differs_where_the_canonical_network_is_the_best(
    capsys: pytest.CaptureFixture[str],
) -> None:
    state = run(settings(), 1, Fake())
    print_front(state, [BASELINE])
    assert "difference" not in capsys.readouterr().out
