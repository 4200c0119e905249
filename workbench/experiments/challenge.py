"""Networks by the score of the NTIRE challenge on efficient SR, with runtimes measured here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workbench.analysis.challenge import (
    RULES,
    ChallengeRules,
    ChallengeScore,
    challenge_score,
)
from workbench.errors import ConfigError, InputSizeError
from workbench.experiments.inspection import Size, inspect_networks
from workbench.models.fvcore_counter import fvcore_flops
from workbench.models.opening import OpenedNetwork
from workbench.models.peers.span import SPAN
from workbench.system.events import Emit, ignore
from workbench.system.global_state import random_streams_kept
from workbench.trial.environment import describe_hardware

TIMED: Size = (510, 339)
"""Width and height in LR px of the image that is timed: a usual one of DIV2K at x4. The challenge
times the 100 + 100 images of DIV2K_LSDIR_valid and _test, whole and one by one."""


@dataclass(frozen=True)
class ChallengeEntry:
    """One network in the challenge."""

    network: str
    rules: ChallengeRules
    score: ChallengeScore
    """At the median ratio of the runtimes."""
    score_lower_quartile: float
    """At the lower quartile of the ratio."""
    score_upper_quartile: float
    runtime_ms: float
    """Median, measured here."""
    baseline_runtime_ms: float
    """Median of the baseline, measured here in turn with the network."""
    runtime_ratio: float
    """Median over the rounds of runtime / runtime of the baseline."""
    flops: int
    """fvcore's, of an input of 256 x 256 LR px."""
    parameters: int
    device: str
    """`cpu` (CPU time of one thread) or `cuda` (wall-clock time)."""
    lr_size: str
    """Width and height of the timed image, LR px."""
    hardware: str
    """The machine that `device` is of."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; `quoted` holds what was not measured here."""
        rules = self.rules
        return {
            "year": rules.year,
            "score": self.score.total,
            "score_lower_quartile": self.score_lower_quartile,
            "score_upper_quartile": self.score_upper_quartile,
            "parts": {k: v for k, v in asdict(self.score).items() if k != "total"},
            "measured": {
                "device": self.device,
                "hardware": self.hardware,
                "lr_size": self.lr_size,
                "runtime_ms": self.runtime_ms,
                "baseline_runtime_ms": self.baseline_runtime_ms,
                "runtime_ratio": self.runtime_ratio,
            },
            "flops": self.flops,
            "parameters": self.parameters,
            "quoted": {
                "baseline": rules.baseline,
                "flops": rules.flops,
                "parameters": rules.parameters,
                "runtime_ms": rules.runtime_ms,
                "runtime_device": rules.device,
                "source": rules.source,
            },
        }


def rules_of(year: int) -> ChallengeRules:
    """Return the rules of a year.

    Raises:
        ConfigError: For a year whose rules are not known.
    """
    if year not in RULES:
        known = ", ".join(map(str, RULES))
        raise ConfigError(f"the challenge's rules are known for {known}, got {year}")
    return RULES[year]


@random_streams_kept()
def with_baseline(
    networks: Mapping[str, OpenedNetwork], rules: ChallengeRules
) -> dict[str, OpenedNetwork]:
    """Return the networks, and the challenge's baseline as the last one.

    Raises:
        ConfigError: If a network does not enlarge by the challenge's scale.
        InputSizeError: If one cannot be counted at the challenge's input.
    """
    for name, network in networks.items():
        if network.scale != rules.scale:
            raise ConfigError(
                f"{name}: NTIRE {rules.year} is for x{rules.scale}, this network is one of "
                f"x{network.scale}"
            )
        if network.smallest_lr_px > rules.lr_px:
            raise InputSizeError(
                f"{name}: NTIRE {rules.year} counts {rules.lr_px} x {rules.lr_px} LR px; this "
                f"network needs at least {network.smallest_lr_px} x {network.smallest_lr_px}"
            )
    origin = f"NTIRE {rules.year} baseline"
    baseline = OpenedNetwork(rules.baseline, SPAN().eval(), SPAN.scale, SPAN.smallest_lr_px, origin)
    name = rules.baseline if rules.baseline not in networks else f"{rules.baseline} ({origin})"
    return {**networks, name: baseline}


def challenge_entries(
    networks: Mapping[str, OpenedNetwork],
    rows: Sequence[Mapping[str, Any]],
    rules: ChallengeRules,
    device: str,
) -> list[ChallengeEntry]:
    """Score networks that were counted and timed.

    Args:
        networks: Of `with_baseline`.
        rows: Of `inspect_networks` for the same networks, in the same order.
        rules: Of the challenge.
        device: What the networks were timed on: `cpu`, `cuda` or `cuda:N`.

    Raises:
        ForeignCodeError: If fvcore cannot trace a network.
        WorkbenchError: If a score is beyond floating-point numbers.
    """
    hardware = describe_hardware(device)
    kind = device.partition(":")[0]
    return [_entry(networks[row["name"]], row, rows[-1], rules, kind, hardware) for row in rows]


def _entry(
    network: OpenedNetwork,
    row: Mapping[str, Any],
    baseline: Mapping[str, Any],
    rules: ChallengeRules,
    device: str,
    hardware: str,
) -> ChallengeEntry:
    ratio = row[f"{device}_ratio_to"]
    flops = row["fvcore_flops"]
    if flops is None or (row["lr_width_px"], row["lr_height_px"]) != (rules.lr_px, rules.lr_px):
        flops = fvcore_flops(network.module, rules.lr_px, rules.lr_px)
    median, lower, upper = (
        challenge_score(
            rules, runtime_ratio=ratio[which], flops=flops, parameters=row["parameters"]
        )
        for which in ("median", "lower_quartile", "upper_quartile")
    )
    return ChallengeEntry(
        network=row["name"],
        rules=rules,
        score=median,
        score_lower_quartile=lower.total,
        score_upper_quartile=upper.total,
        runtime_ms=row[f"{device}_ms"]["median"],
        baseline_runtime_ms=baseline[f"{device}_ms"]["median"],
        runtime_ratio=ratio["median"],
        flops=flops,
        parameters=row["parameters"],
        device=device,
        lr_size=row[f"{device}_ms"]["lr_size"],
        hardware=hardware,
    )


def enter_challenge(
    networks: Mapping[str, OpenedNetwork],
    rules: ChallengeRules,
    *,
    timed: Size = TIMED,
    rounds: int = 9,
    device: str = "cpu",
    emit: Emit = ignore,
) -> list[ChallengeEntry]:
    """Measure and score networks, and the baseline as the last one; see `with_baseline`.

    Args:
        networks: By name.
        rules: Of the challenge.
        timed: Width and height of the timed image, LR px.
        rounds: Timed runs of each network, in turn.
        device: `cpu`, `cuda` or `cuda:N`.
        emit: Gets the rounds.
    """
    entered = with_baseline(networks, rules)
    counted = (rules.lr_px, rules.lr_px)
    rows = inspect_networks(entered, counted, timed, rounds, emit, device)
    return challenge_entries(entered, rows, rules, device)
