"""What was found as plain data, with units in the keys, for `--json`. No torch."""

from typing import Any

from workbench.analysis.attribution import Attribution
from workbench.analysis.baseline import below_bicubic
from workbench.analysis.comparison import ArmRow, ArmScore, Comparison, EffectRow
from workbench.analysis.judging import Difference
from workbench.analysis.networks import NetworkTable
from workbench.reporting.evidence_texts import MEANING
from workbench.results import WeightsRecord


def comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain data with units in the keys, for `--json`."""
    return {
        "question": comparison.question,
        "evidence": {
            "kind": comparison.evidence,
            "steps": list(comparison.steps),
            "pretrained": comparison.pretrained or None,
            "weights": comparison.weights_name or None,
            "says": MEANING[comparison.evidence],
        },
        "alpha": comparison.rule.alpha,
        "margin_db": comparison.rule.margin_db,
        "error_rate": comparison.rule.scope,
        "spent_before": [
            {"seeds": list(look.seeds), "alpha": look.alpha, "members": sorted(look.members)}
            for look in comparison.rule.former
        ],
        "protocols": {name: p.plain() for name, p in comparison.protocols.items()},
        "looks": [list(seeds) for seeds in comparison.rule.looks],
        "family": comparison.family,
        "arms": [_row_to_dict(row) for row in comparison.rows],
        "effects": [_effect_to_dict(row) for row in comparison.effects],
        "bicubic": {name: score.plain() for name, score in comparison.bicubic.items()},
        "below_bicubic_db": {name: below_bicubic(comparison, name) for name in comparison.bicubic},
    }


def _row_to_dict(row: ArmRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "question": row.question,
        "against": row.against,
        **row.cost.plain(),
        "seeds": list(row.seeds),
        "failures": list(row.failures),
        "datasets": {name: _score_to_dict(score) for name, score in row.datasets.items()},
    }


def _effect_to_dict(row: EffectRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "question": row.question,
        "terms": dict(row.terms),
        "tested_behind": [list(pair) for pair in row.behind],
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        "datasets": {
            name: {"delta_psnr_rgb_db": difference_to_dict(found)}
            for name, found in row.datasets.items()
        },
    }


def _score_to_dict(score: ArmScore) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, spread in score.scores.items():
        plain |= {name: spread.mean, f"{name}_seed_sd": spread.seed_sd}
    if score.difference is not None:
        plain["delta_psnr_rgb_db"] = difference_to_dict(score.difference)
    return plain


def difference_to_dict(difference: Difference) -> dict[str, Any]:
    """Return a difference as plain data; all in dB unless the name says otherwise."""
    decision, extra = difference.decision, difference.sensitivity
    low, high = decision.interval or (None, None)
    inner_low, inner_high = decision.equivalence_interval or (None, None)
    return {
        "mean": decision.estimate.mean,
        "low": low,
        "high": high,
        "verdict": decision.verdict,
        "tested": decision.verdict != "not testable" and not decision.closed,
        "further_seeds": decision.further_seeds,
        "further_seeds_odds": decision.more and decision.more.odds,
        "alpha": decision.alpha,
        "alpha_shared_by": decision.sharing,
        "alpha_left": difference.left,
        "look_seeds": difference.look,
        "seeds": len(difference.seeds),
        "images": len(difference.images),
        "seed_sd": decision.estimate.seed_sd,
        "image_sd": decision.estimate.image_sd,
        "rest_sd": decision.estimate.rest_sd,
        "p": decision.p,
        "p_holm": decision.p_holm,
        "p_equivalence": decision.p_equivalence,
        "p_equivalence_holm": decision.p_equivalence_holm,
        "equivalence_low": inner_low,
        "equivalence_high": inner_high,
        "p_sign_flip": decision.p_sign_flip,
        "smallest_p_sign_flip": decision.smallest_p_sign_flip,
        "bootstrap": difference.bootstrap and list(difference.bootstrap),
        "median": extra.median,
        "win_rate": extra.win_rate,
        "without_one_image": [extra.low_without_one, extra.high_without_one],
        "most_influential_image": extra.most_influential,
    }


def attribution_to_dict(attribution: Attribution) -> dict[str, Any]:
    """Return the shares as plain data with units in the keys, for `--json`."""
    return {
        share.component: {
            "parameters": share.parameters,
            "multiply_adds": share.multiply_adds,
            "activations": share.activations,
            "delta_psnr_rgb_db": {
                name: {
                    "mean": decision.estimate.mean,
                    "low": decision.interval and decision.interval[0],
                    "high": decision.interval and decision.interval[1],
                    "p_holm": decision.p_holm,
                    "p_equivalence_holm": decision.p_equivalence_holm,
                    "verdict": decision.verdict,
                }
                for name, decision in share.decisions.items()
            },
        }
        for share in attribution.shares
    }


def network_to_dict(table: NetworkTable, record: WeightsRecord) -> dict[str, Any]:
    """Return one network of a table as plain data with units in the keys, for `--json`."""
    plain: dict[str, Any] = {"record": record.plain(), "means": {}, "delta": {}}
    for scores in record.scores:
        plain["means"][scores.dataset] = scores.mean().plain()
        delta = table.differences.get((record.name, scores.dataset))
        if delta is not None:
            plain["delta"][scores.dataset] = {
                "mean_db": delta.mean,
                "low_db": delta.interval and delta.interval[0],
                "high_db": delta.interval and delta.interval[1],
                "confidence": delta.confidence,
                "images": delta.images,
                "images_won": delta.won,
            }
    return plain
