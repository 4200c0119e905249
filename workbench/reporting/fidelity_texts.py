"""What `workbench fidelity` says: names of levels, sentences, plain data. No torch."""

from typing import Any

from workbench.analysis.fidelity import FidelityTable, RankPrediction
from workbench.analysis.fidelity_levels import VALIDATION, FidelityLevel
from workbench.analysis.proxies import rank_proxies
from workbench.reporting.fidelity_data import prediction_to_dict, proxies_to_dict
from workbench.reporting.wording import listed
from workbench.system.text import counted

COMPARED = {
    "curve": "a point of the learning curve, not the end of a shorter training: its learning rate "
    "was that of the long schedule",
    "constant": "a point of a training with a constant learning rate, which is also the end "
    "of a shorter one",
    "end": "the end of a training of that many steps",
}
"""What each kind of level is."""


def level_name(table: FidelityTable, level: FidelityLevel) -> str:
    """Return a level by what tells it apart: `healed, 300 of 1,200 steps of parts-short`."""
    if level.evidence == "lesion":
        parts = ["lesion"]
    else:
        kind = "" if level.evidence == "retrained" else f"{level.evidence}, "
        of = "" if level.compared == "end" else f" of {level.total:,}"
        parts = [f"{kind}{level.step:,}{of} steps"]
    if len({one.study for one in table.levels}) > 1:
        parts.append(f"of {level.study}")
    return " ".join(parts)


def training_name(level: FidelityLevel) -> str:
    """Return the training that a level is of: `parts-short: retrained, 1,200 steps`."""
    if level.evidence == "lesion":
        return f"{level.study}: lesion"
    return f"{level.study}: {level.evidence}, {level.total:,} steps"


def score_name(level: FidelityLevel) -> str:
    """Return what a level ranks by."""
    return "validation PSNR" if level.dataset == VALIDATION else f"PSNR on {level.dataset}"


def target_text(table: FidelityTable) -> str:
    """Return what is predicted: `predicted: 1,200 steps; validation PSNR, 16 networks, 3 seeds`."""
    level = table.levels[table.target]
    seeds = "" if level.evidence == "lesion" else f", {counted(len(level.seeds), 'seed')}"
    networks = counted(len(level.scores), "network")
    return f"predicted: {level_name(table, level)}; {score_name(level)}, {networks}{seeds}"


def tau_text(found: RankPrediction) -> str:
    """Return Kendall's tau with its interval, `-` without."""
    if found.tau is None:
        return "-"
    low, high = found.tau.interval()
    return f"{found.tau.tau:z.2f} [{low:z.2f}, {high:z.2f}]"


def fixed_text(found: RankPrediction) -> str:
    """Return Spearman's rho at fixed parameters with its interval, `-` without."""
    fixed = found.at_fixed_parameters
    if fixed is None:
        return "-"
    low, high = fixed.interval()
    return f"{fixed.rho:z.2f} [{low:z.2f}, {high:z.2f}]"


def regret_text(found: RankPrediction, k: int) -> str:
    """Return regret@k in dB, `-` where there are not more than k networks."""
    return f"{found.regrets[k]:.3f}" if k in found.regrets else "-"


def verdict_text(found: RankPrediction) -> str:
    """Return what the interval of tau says: nothing if it holds 0."""
    from workbench.statistics.ranks import FEWEST

    if found.networks < FEWEST:
        return f"says nothing: fewer than {FEWEST} networks"
    if found.tau is None:
        return "says nothing: equal scores"
    return "says nothing: 0 is in the interval" if found.says_nothing else ""


def ceiling_text(table: FidelityTable) -> str:
    """Return the ceiling that seed noise puts on tau, or why it is not known."""
    level = table.levels[table.target]
    ceiling = table.by_parameters().ceiling
    if ceiling is not None:
        return (
            f"ceiling: under {counted(len(level.seeds), 'other seed')} the predicted level would "
            f"rank itself with tau {ceiling:.2f}; points of the same trainings share the noise of "
            "their seeds and may be above it"
        )
    if level.evidence == "lesion":
        return "ceiling: none: a lesion has no seeds"
    if len(level.seeds) < 2:
        return "ceiling: not known with one seed: how much of the ranking is seed noise is not seen"
    return "ceiling: not known: too few networks, or equal scores"


def meaning_texts(table: FidelityTable) -> list[str]:
    """Return what the columns mean, what was compared, and what is left out."""
    kinds = dict.fromkeys(level.compared for level in table.levels)
    texts = [f"{kind}: {COMPARED[kind]}" for kind in kinds]
    texts.append(
        "tau: Kendall's, with its 95 % interval over networks that could have been drawn likewise; "
        "rho: Spearman's at a fixed number of parameters, which alone rank networks, too; "
        "regret@k: what the best of the k networks picked lacks to the best one, dB"
    )
    if table.levels[table.target].dataset != VALIDATION and len(kinds) > 1:
        texts.append("points of curves rank by validation PSNR, ends by that of the data set")
    if table.left_out:
        texts.append(f"left out, without a finished trial: {listed(table.left_out)}")
    return texts


def to_dict(table: FidelityTable) -> dict[str, Any]:
    """Return all levels and all pairs as plain data with units in the keys, for `--json`."""
    levels = range(len(table.levels))
    return {
        "target": table.target,
        "levels": [_level_to_dict(table, level) for level in table.levels],
        "pairs": [
            {"cheap": one, "dear": other} | prediction_to_dict(table.prediction(one, other))
            for one in levels
            for other in levels
            if one < other
        ],
        "parameters_alone": prediction_to_dict(table.by_parameters()),
        **proxies_to_dict(rank_proxies(table)),
        "left_out": list(table.left_out),
    }


def _level_to_dict(table: FidelityTable, level: FidelityLevel) -> dict[str, Any]:
    return {
        "name": level_name(table, level),
        "study": level.study,
        "evidence": level.evidence,
        "step": level.step,
        "total_steps": level.total,
        "compared": level.compared,
        "dataset": level.dataset or None,
        "seeds": list(level.seeds),
        "training_s_per_network": level.seconds,
        "psnr_rgb_db": {table.names[network]: level.mean(network) for network in level.scores},
    }
