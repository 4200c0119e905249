"""What users do with verdicts, tried where the truth is known: families, looks, missing seeds, ...

Each scenario says what counts, how often it happened in simulated studies, and what was meant. The
verdicts come from the functions that judge real studies; only the scores are made up.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.statistics.audit import Rate
from workbench.statistics.crossed import Values
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB
from workbench.statistics.estimate import Matrix
from workbench.statistics.gatekeeping import Gates
from workbench.statistics.many_studies import judge_studies
from workbench.statistics.simulation import Truth, simulate_studies

IMAGES = 20
FAMILY = 6
LOOKS = (3, 6, 10)
FACTORIAL = Gates({3: ((0, 1),), 4: ((0, 2),), 5: ((1, 2),)}, frozenset({0, 1, 2}))
"""Three main effects, and the interactions behind them."""
SEARCHED = 23
"""Networks that a search compares before it promotes the best."""


@dataclass(frozen=True)
class Scenario:
    """What happened in simulated studies of one kind."""

    name: str
    counts: str
    """What the rate counts, such as `any wrong verdict`."""
    rate: Rate
    most: float | None = None
    """What the rate must not exceed; None where it is a power."""


def scenarios(repeats: int, progress: Callable[[int], None] = lambda _: None) -> list[Scenario]:
    """Simulate all scenarios.

    Args:
        repeats: Studies of each, at least 1.
        progress: Called with the number of finished scenarios after each one.
    """
    found: list[Scenario] = []
    for make in _KINDS:
        found += make(repeats, np.random.default_rng(0))  # the same command prints the same table
        progress(len(found))
    return found


def _draw(
    repeats: int, seeds: int, draw: np.random.Generator, effect: float = 0.0, seed_sd: float = 0.02
) -> Matrix:
    truth = Truth(effect=effect, seed_sd=seed_sd, image_sd=0.02, noise_sd=seed_sd / 2)
    return simulate_studies(truth, seeds, IMAGES, repeats, draw)


def _rate(happened: Values) -> Rate:
    return Rate(int(np.count_nonzero(happened)), len(happened))


def _family(repeats: int, draw: np.random.Generator) -> list[Scenario]:
    """One member at 0 that nobody can measure, others at the margin that anybody can."""
    exact = Truth(effect=MARGIN_DB, seed_sd=0.002, image_sd=0.0, noise_sd=0.001)
    vague = Truth(seed_sd=0.5, image_sd=0.0, noise_sd=0.1)
    members = [simulate_studies(vague, 4, IMAGES, repeats, draw)]
    members += [simulate_studies(exact, 4, IMAGES, repeats, draw) for _ in range(FAMILY - 1)]
    found = judge_studies(members, (4,))
    wrong = (np.abs(found[:, 0]) == 1) | (found[:, 1:] == 2).any(axis=1)
    return [Scenario(f"family of {FAMILY}", "any wrong verdict", _rate(wrong), ALPHA)]


def _factorial(repeats: int, draw: np.random.Generator) -> list[Scenario]:
    """Three factors: two differ by the margin, one is vague; their interaction is at 0, vague, too.

    The interaction of the two is tested once both differ, which they do in every study.
    """
    exact = Truth(effect=MARGIN_DB, seed_sd=0.002, image_sd=0.0, noise_sd=0.001)
    vague = Truth(seed_sd=0.5, image_sd=0.0, noise_sd=0.1)
    members = [simulate_studies(t, 4, IMAGES, repeats, draw) for t in (vague, exact, exact)]
    members += [simulate_studies(vague, 4, IMAGES, repeats, draw) for _ in range(3)]
    found = judge_studies(members, (4,), gates=FACTORIAL)
    without, at_margin = np.abs(found[:, [0, 3, 4, 5]]) == 1, found[:, [1, 2]] == 2
    wrong = without.any(axis=1) | at_margin.any(axis=1)
    some = [_draw(repeats, 6, draw, effect=0.04), *(_draw(repeats, 6, draw) for _ in range(5))]
    power = judge_studies(some, (6,), gates=FACTORIAL)[:, 0] == 1
    return [
        Scenario("factorial of 3", "any wrong verdict", _rate(wrong), ALPHA),
        Scenario("factorial of 3", "main effect of 0.04 dB found", _rate(power)),
    ]


def _looks(repeats: int, draw: np.random.Generator) -> list[Scenario]:
    name = f"looks after {', '.join(map(str, LOOKS))} seeds"
    none = judge_studies([_draw(repeats, LOOKS[-1], draw)], LOOKS)
    some = judge_studies([_draw(repeats, LOOKS[-1], draw, effect=0.05)], LOOKS)
    return [
        Scenario(name, "better or worse without an effect", _rate(np.abs(none[:, 0]) == 1), ALPHA),
        Scenario(name, "0.05 dB found", _rate(some[:, 0] == 1)),
    ]


def _looks_of_family(repeats: int, draw: np.random.Generator) -> list[Scenario]:
    """All but the last member are clear at once, and leave their part of alpha to the last."""
    clear = [_draw(repeats, LOOKS[-1], draw, effect=0.5) for _ in range(FAMILY - 1)]
    name = f"last of {FAMILY}, the others clear"
    none = judge_studies([*clear, _draw(repeats, LOOKS[-1], draw)], LOOKS)
    some = judge_studies([*clear, _draw(repeats, LOOKS[-1], draw, effect=0.03)], LOOKS)
    return [
        Scenario(name, "better or worse without an effect", _rate(np.abs(none[:, -1]) == 1), ALPHA),
        Scenario(name, "0.03 dB found", _rate(some[:, -1] == 1)),
    ]


def _missing_seed(repeats: int, draw: np.random.Generator) -> list[Scenario]:
    """Seed 1 diverged: the first of the looks 2, 4, 8 sees one seed, the others one less."""
    none = judge_studies([_draw(repeats, 7, draw)], (3, 7))
    some = judge_studies([_draw(repeats, 7, draw, effect=-0.3)], (3, 7))
    return [
        Scenario(
            "seed 1 of 8 diverged",
            "better or worse without an effect",
            _rate(np.abs(none[:, 0]) == 1),
            ALPHA,
        ),
        Scenario("seed 1 of 8 diverged", "-0.3 dB found", _rate(some[:, 0] == -1)),
    ]


def _equivalence(repeats: int, draw: np.random.Generator) -> list[Scenario]:
    beyond = judge_studies([_draw(repeats, 6, draw, effect=MARGIN_DB, seed_sd=0.01)], (6,))
    inside = judge_studies([_draw(repeats, 6, draw, seed_sd=0.005)], (6,))
    return [
        Scenario("a difference at the margin", "equivalent", _rate(beyond[:, 0] == 2), ALPHA),
        Scenario("the same design", "equivalent", _rate(inside[:, 0] == 2)),
    ]


def _advice(repeats: int, draw: np.random.Generator) -> list[Scenario]:
    """3 seeds, then 8 as advised: in one study the error rate is spent, so the rerun has none."""
    delta = _draw(repeats, 8, draw)
    first = judge_studies([delta[:, :3]], (3,))[:, 0]
    again = judge_studies([delta], (8,))[:, 0]
    peeking = np.where(first == 0, again, first)
    return [
        Scenario(
            "3 seeds, then 8 in one study",
            "better or worse without an effect",
            _rate(np.abs(first) == 1),
            ALPHA,
        ),
        Scenario(
            "3 seeds, then 8 under another name",
            "better or worse without an effect",
            _rate(np.abs(peeking) == 1),
        ),
    ]


def _promotion(repeats: int, draw: np.random.Generator) -> list[Scenario]:
    """The best of equal networks, judged on what chose it and on seeds and images that did not."""
    few = min(repeats, 1_000)
    delta = simulate_studies(Truth(image_sd=0.05), 3, 5, few * SEARCHED, draw)
    scores = delta.mean(axis=(1, 2)).reshape(few, SEARCHED)
    best = delta.reshape(few, SEARCHED, 3, 5)[np.arange(few), scores.argmax(axis=1)]
    fresh = _draw(few, 3, draw)
    name = f"best of {SEARCHED} equal networks"
    same, new = judge_studies([best], (3,)), judge_studies([fresh], (3,))
    corrected = judge_studies([best], (3,), alpha=ALPHA / SEARCHED)
    return [
        Scenario(name, "better, on what chose it", _rate(same[:, 0] == 1)),
        Scenario(
            name,
            "better, on what chose it, all of them in the family",
            _rate(corrected[:, 0] == 1),
            ALPHA / 2,
        ),
        Scenario(name, "better, on new seeds and images", _rate(new[:, 0] == 1), ALPHA / 2),
    ]


_KINDS = (
    *(_family, _factorial, _looks, _looks_of_family, _missing_seed),
    *(_equivalence, _advice, _promotion),
)
SCENARIOS = 2 * len(_KINDS)
"""Rows of the whole table."""
