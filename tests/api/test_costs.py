"""Costs by the challenge's counters from Python."""

import pytest

import workbench as wb
from tests.foreign_networks import Plain


def test_fvcore_counts_presets_configs_and_modules() -> None:
    network = wb.build("tiny")
    assert wb.count_fvcore("tiny") == wb.count_fvcore(network) == 398_528_752
    assert wb.count_fvcore(Plain(), (8, 10)) == 80 * 9 * (3 * 8 + 8 * 48)
    with pytest.raises(wb.WorkbenchError, match=r"^lr_size_px must lie in 1x1\.\.512x512 px, got"):
        wb.count_fvcore("tiny", (512, 513))
    with pytest.raises(wb.WorkbenchError, match=r"^unknown preset 'tini'; did you mean 'tiny'"):
        wb.count_fvcore("tini")


@pytest.mark.parametrize("network", ["tiny", Plain()])
def test_a_network_is_scored_by_the_challenge(network: str | Plain) -> None:
    events: list[object] = []
    entry = wb.challenge_score(network, lr_size_px=(16, 24), rounds=1, progress=events.append)
    assert entry.lr_size == "24x16"
    assert entry.score.total > 0.1
    assert entry.runtime_ms > 0 < entry.baseline_runtime_ms
    assert events


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(wb.WorkbenchError, match=r"^rounds must be at least 1, got 0$"):
        wb.challenge_score("tiny", rounds=0)
    with pytest.raises(
        wb.WorkbenchError, match=r"^Plain: NTIRE 2026 is for x4, this network is on"
    ):
        wb.challenge_score(Plain(scale=2), rounds=1)
