"""Networks in the challenge: what is measured, what is quoted, and what cannot enter."""

from collections.abc import Mapping

import pytest
import torch
from torch import nn

from workbench.config.presets import PRESETS
from workbench.errors import ConfigError, InputSizeError
from workbench.evaluation.latency import Latency
from workbench.experiments.challenge import enter_challenge, rules_of, with_baseline
from workbench.models.opening import OpenedNetwork, built_network
from workbench.trial.environment import describe_hardware

RULES = rules_of(2026)
FASTER = {"tiny": (8.0, 6.0, 4.0), "SPAN": (10.0, 10.0, 10.0)}


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, torch.device]]:
    """Replace the clock by known times, and note what was timed."""
    seen: list[tuple[int, int, torch.device]] = []

    def measure(
        models: Mapping[str, nn.Module], height: int, width: int, **how: object
    ) -> dict[str, Latency]:
        device = how["device"]
        assert isinstance(device, torch.device)
        seen.append((height, width, device))
        return {name: Latency.of(FASTER[name]) for name in models}

    monkeypatch.setattr("workbench.experiments.inspection.measure", measure)
    return seen


def test_a_network_is_scored_by_its_measured_runtime_beside_the_baselines(
    timed: list[tuple[int, int, torch.device]],
) -> None:
    tiny, span = enter_challenge({"tiny": built_network("tiny", PRESETS["tiny"])}, RULES)
    assert timed == [(339, 510, torch.device("cpu"))]
    assert (tiny.runtime_ms, tiny.baseline_runtime_ms, tiny.runtime_ratio) == (6.0, 10.0, 0.6)
    assert round(tiny.score.runtime, 4) == 3.3201  # exp(2 * 0.6)
    assert tiny.score_lower_quartile < tiny.score.total < tiny.score_upper_quartile
    assert (tiny.parameters, tiny.flops) == (7_170, 398_528_752)
    assert (span.network, span.runtime_ratio, span.parameters) == ("SPAN", 1.0, 150_688)
    # Its true counts are a little below the rounded figures that are quoted.
    assert round(span.score.total, 2) == 7.39


def test_what_is_measured_and_what_is_quoted_is_told_apart(
    timed: list[tuple[int, int, torch.device]],
) -> None:
    networks = {"tiny": built_network("tiny", PRESETS["tiny"])}
    entry = enter_challenge(networks, RULES, timed=(32, 24))[0].to_dict()
    assert entry["measured"] == {
        **{"device": "cpu", "hardware": describe_hardware("cpu")},
        **{"lr_size": "32x24", "runtime_ms": 6.0},
        **{"baseline_runtime_ms": 10.0, "runtime_ratio": 0.6},
    }
    assert entry["quoted"] == {
        **{"baseline": "SPAN", "flops": 9.83e9, "parameters": 151_000.0},
        **{"runtime_ms": 5.59, "runtime_device": "NVIDIA RTX A6000"},
        "source": "https://github.com/Amazingren/NTIRE2026_ESR",
    }
    assert entry["parts"].keys() == {"runtime", "flops", "parameters"}


def test_what_the_challenge_does_not_take_is_refused() -> None:
    double = built_network("half", PRESETS["tiny"].model_copy(update={"scale": 2}))
    with pytest.raises(
        ConfigError, match=r"^half: NTIRE 2026 is for x4, this network is one of x2"
    ):
        with_baseline({"half": double}, RULES)
    large = OpenedNetwork("large", nn.Identity(), 4, 300, "a test")
    with pytest.raises(
        InputSizeError, match=r"^large: NTIRE 2026 counts 256 x 256 LR px; this net"
    ):
        with_baseline({"large": large}, RULES)
    with pytest.raises(ConfigError, match=r"^the challenge's rules are known for 2026, got 2021$"):
        rules_of(2021)


def test_a_network_called_as_the_baseline_keeps_its_name() -> None:
    mine = built_network("SPAN", PRESETS["tiny"])
    entered = with_baseline({"SPAN": mine}, RULES)
    assert list(entered) == ["SPAN", "SPAN (NTIRE 2026 baseline)"]
    assert entered["SPAN"] is mine
