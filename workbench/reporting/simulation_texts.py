"""What `workbench search simulate` says: names, sentences, plain data. No torch."""

from typing import Any

from workbench.reporting.wording import listed
from workbench.search.objectives import Objective
from workbench.search.simulation.outcome import REFERENCE, RegretPoint, Simulation
from workbench.statistics.verdicts import Decision
from workbench.system.numbers import difference_text, p_text
from workbench.system.text import counted

SHARES = (0.25, 0.5, 1.0)
"""Of the budget, at which tables give the regret."""
UNIFORM = "uniform"
"""What networks are called that no sampler proposes: the exact expectation."""


def unit(objective: Objective) -> str:
    """Return the unit of the regret with a space before it; empty of SSIM."""
    return " dB" if objective.name.endswith("_db") else ""


def scheduler_text(found: Simulation) -> str:
    """Return how networks were stopped early: `halving at 33 %, 67 % of the steps, keep 0.5`."""
    fidelity = found.searched.space.fidelity
    if not fidelity.rungs:
        return "no rungs: every network trains to its end"
    name = "ASHA" if found.settings.asynchronous else "successive halving"
    rungs = listed([f"{100 * share:g} %" for share in fidelity.rungs])
    audits = found.settings.audit_share
    audited = f", {100 * audits:g} % audited" if audits else ""
    return f"{name} at {rungs} of the steps, keep {fidelity.keep:g}{audited}"


def searches_text(found: Simulation) -> str:
    """Return what was simulated, in one line."""
    searched = found.searched
    searches = counted(found.repeats, "search", "searches")
    return (
        f"{searches} of {counted(found.settings.trials, 'network')} for each sampler, on "
        f"{counted(len(searched.networks), 'network')} of {searched.table.name} in the space "
        f"{searched.space_name}; {scheduler_text(found)}"
    )


def target_text(found: Simulation) -> str:
    """Return what regret is measured against: the best network within the limits."""
    searched = found.searched
    best = searched.best()
    name = searched.objective.name
    of = name if "/" in name else f"validation {name}"
    return (
        f"best network within the limits: {best.name}, {of} {best.quality:.4f}, mean over "
        f"{counted(len(searched.seeds), 'seed')}; budget {found.budget:,} steps"
    )


def regret_text(point: RegretPoint | None) -> str:
    """Return the mean regret and half its interval, `-` where nothing has finished yet."""
    if point is None:
        return "-"
    low, high = point.interval
    return f"{point.mean:.4f} \u00b1{(high - low) / 2:.4f}"


def gain_text(decision: Decision, of: Objective) -> str:
    """Return how much less regret a sampler has than another one, with its interval."""
    return f"{difference_text(decision.estimate.mean, decision.interval)}{unit(of)}"


def p_holm_text(decision: Decision) -> str:
    """Return the p after Holm's correction."""
    return "-" if decision.p_holm is None else p_text(decision.p_holm)


def meaning_texts(found: Simulation) -> list[str]:
    """Return what the columns mean, and what the simulation does not show."""
    seeds = found.searched.seeds
    margin = found.rule.margin_db
    within = (
        f"equivalent: within {margin:g}{unit(found.searched.objective)} (TOST)"
        if margin
        else "with margin 0 nothing is called equivalent"
    )
    pairs = counted(len(found.comparisons), "pair")
    texts = [
        "regret: best quality of the table within the limits, less that of the network that the "
        "search would pick by what it has seen; mean over the searches, and half its 95 % interval",
        f"quality: mean over {counted(len(seeds), 'seed')}; each search sees the scores of one of "
        "them, and all samplers of a repetition the same one",
        "a sampler proposes in the whole space; the nearest network of the table (Gower's "
        "distance) that the search has not had is trained in place of the proposal, and reported "
        "to the sampler",
        f"gain: regret of the other sampler less that of this one, paired over the repetitions; "
        f"error rate {found.rule.alpha:g} for all verdicts ({pairs}, Holm); {within}",
        "uniform: exact expectation of as many networks drawn evenly from the table, each trained "
        "to its end",
        "the intervals are over repetitions on these networks: in another space, under another "
        "recipe or with longer trainings the ranks of the samplers may differ",
    ]
    if len(seeds) == 1:
        texts.append(
            "one seed: what a search sees is the quality itself, so that nothing is said about "
            "seed noise"
        )
    return texts


def to_dict(found: Simulation) -> dict[str, Any]:
    """Return a simulation as plain data with units in the keys, for `--json`."""
    searched, settings = found.searched, found.settings
    fidelity = searched.space.fidelity
    best = searched.best()
    return {
        "table": searched.table.name,
        "space": searched.space_name,
        "objective": searched.objective.name,
        "networks": len(searched.networks),
        "networks_outside_space": searched.outside_space,
        "networks_without_all_seeds": searched.without_seeds,
        "has_baseline": searched.baseline is not None,
        "seeds": list(searched.seeds),
        "best": {"name": best.name, "quality": best.quality},
        "trials": settings.trials,
        "batch": settings.batch,
        "asynchronous": settings.asynchronous,
        "rungs": list(fidelity.rungs),
        "keep": fidelity.keep,
        "audit_share": settings.audit_share,
        "seed": settings.seed,
        "repeats": found.repeats,
        "repeats_requested": found.planned,
        "steps_of_a_training": searched.steps,
        "budget_steps": found.budget,
        "samplers": [_sampler_to_dict(found, name) for name in found.repetitions],
        "uniform": [{"steps": steps, _key(found): value} for steps, value in found.uniform()],
        "comparisons": [
            {"sampler": one, "against": other} | _decision_to_dict(found, decision)
            for (one, other), decision in found.comparisons.items()
        ],
        "alpha": found.rule.alpha,
        "margin": found.rule.margin_db,
    }


def _key(found: Simulation) -> str:
    return "regret_db" if unit(found.searched.objective) else "regret"


def _sampler_to_dict(found: Simulation, name: str) -> dict[str, Any]:
    searches = found.repetitions[name]
    at = [found.point(name, share * found.budget) for share in SHARES]
    return {
        "sampler": name,
        "is_reference": name == REFERENCE,
        "started_mean": sum(one.started for one in searches) / len(searches),
        "finished_mean": sum(one.finished for one in searches) / len(searches),
        "steps_mean": sum(one.steps for one in searches) / len(searches),
        "at": [
            {"budget_share": share} | point_to_dict(point, _key(found))
            for share, point in zip(SHARES, at, strict=True)
            if point is not None
        ],
        "curve": [point_to_dict(point, _key(found)) for point in found.curve(name)],
    }


def point_to_dict(point: RegretPoint, key: str) -> dict[str, float]:
    """Return the regret at one cost as plain data.

    Args:
        point: The regret.
        key: What the keys of the values begin with.
    """
    low, high = point.interval
    p10, p50, p90 = point.quantiles
    return {
        "steps": point.steps,
        f"{key}_mean": point.mean,
        f"{key}_mean_low": low,
        f"{key}_mean_high": high,
        f"{key}_p10": p10,
        f"{key}_p50": p50,
        f"{key}_p90": p90,
    }


def _decision_to_dict(found: Simulation, decision: Decision) -> dict[str, Any]:
    end = "_db" if unit(found.searched.objective) else ""
    low, high = decision.interval or (None, None)
    return {
        f"gain{end}": decision.estimate.mean,
        f"gain{end}_low": low,
        f"gain{end}_high": high,
        "p": decision.p,
        "p_holm": decision.p_holm,
        "p_equivalence_holm": decision.p_equivalence_holm,
        "p_sign_flip": decision.p_sign_flip,
        "verdict": decision.verdict,
    }
