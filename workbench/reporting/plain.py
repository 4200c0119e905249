"""A comparison as plain data, with units in the keys. No torch."""

from typing import Any

from workbench.analysis.comparison import ArmRow, ArmScore, Comparison, EffectRow
from workbench.analysis.judging import Difference
from workbench.reporting.baseline import shortfalls


def as_plain(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain data with units in the keys, for `--json`."""
    return {
        "question": comparison.question,
        "alpha": comparison.rule.alpha,
        "margin_db": comparison.rule.margin_db,
        "protocols": {name: p.plain() for name, p in comparison.protocols.items()},
        "looks": [list(seeds) for seeds in comparison.rule.looks],
        "family": comparison.family,
        "arms": [_plain_row(row) for row in comparison.rows],
        "effects": [_plain_effect(row) for row in comparison.effects],
        "bicubic": {name: score.plain() for name, score in comparison.bicubic.items()},
        "below_bicubic_db": {name: shortfalls(comparison, name) for name in comparison.bicubic},
    }


def _plain_row(row: ArmRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "question": row.question,
        "against": row.against,
        **row.cost.plain(),
        "seeds": list(row.seeds),
        "failures": list(row.failures),
        "datasets": {name: _plain_score(score) for name, score in row.datasets.items()},
    }


def _plain_effect(row: EffectRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "question": row.question,
        "terms": dict(row.terms),
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        "datasets": {
            name: {"delta_psnr_rgb_db": plain_difference(found)}
            for name, found in row.datasets.items()
        },
    }


def _plain_score(score: ArmScore) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, spread in score.scores.items():
        plain |= {name: spread.mean, f"{name}_seed_sd": spread.seed_sd}
    if score.difference is not None:
        plain["delta_psnr_rgb_db"] = plain_difference(score.difference)
    return plain


def plain_difference(difference: Difference) -> dict[str, Any]:
    """Return a difference as plain data; all in dB unless the name says otherwise."""
    decision, extra = difference.decision, difference.sensitivity
    low, high = decision.interval or (None, None)
    return {
        "mean": decision.estimate.mean,
        "low": low,
        "high": high,
        "verdict": decision.verdict,
        "further_seeds": decision.further_seeds,
        "seeds": len(difference.seeds),
        "images": len(difference.images),
        "seed_sd": decision.estimate.seed_sd,
        "image_sd": decision.estimate.image_sd,
        "p": decision.p,
        "p_holm": decision.p_holm,
        "p_equivalence_holm": decision.p_equivalence_holm,
        "p_sign_flip": decision.p_sign_flip,
        "smallest_p_sign_flip": decision.smallest_p_sign_flip,
        "bootstrap": difference.bootstrap and list(difference.bootstrap),
        "median": extra.median,
        "win_rate": extra.win_rate,
        "without_one_image": [extra.low_without_one, extra.high_without_one],
        "most_influential_image": extra.most_influential,
    }
