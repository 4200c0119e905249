"""The Python of the README runs on the table that is in the repository."""

import re

import pytest

from tests.builders.docs import ROOT, checked_blocks
from workbench.tables.files import read_table, table_size_bytes


def test_a_sampler_of_optuna_runs_on_the_published_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = (one for one in checked_blocks("python") if one.document == "README.md")
    monkeypatch.chdir(ROOT)
    exec(compile(block.code, "README.md", "exec"), {})
    out = capsys.readouterr().out
    found = re.fullmatch(r"(mdrn-\S+) (0\.\d{3}) dB below the best network\n", out)
    assert found, out
    assert float(found[2]) < 0.03  # of 30 trials; networks differ by 0.7 dB


def test_the_published_table_is_whole_and_small() -> None:
    folder = ROOT / "docs" / "data" / "mdrn-bench-cpu"
    table = read_table(folder)
    assert len(table.networks) == 65
    assert {seed for trials in table.networks.values() for seed in trials} == {1, 2}
    assert all(result.steps == 600 for result in table.results)
    assert len(table.latencies) == 65
    assert {(one.network, one.seed) for one in table.proxies} == {
        (network, seed) for network, trials in table.networks.items() for seed in trials
    }
    assert table_size_bytes(folder) < 5e6
