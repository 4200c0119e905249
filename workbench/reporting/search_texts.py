"""Sentences about a search and its candidates."""

from typing import TYPE_CHECKING

from workbench.reporting.baseline import warning_text
from workbench.reporting.wording import changes_text, overlap_texts
from workbench.search.bicubic import below_bicubic_db, bicubic_scores
from workbench.search.objectives import COSTS, Objective
from workbench.search.proposals import Proposal
from workbench.search.state import SearchState
from workbench.system import numbers

if TYPE_CHECKING:  # tables use these sentences, too, and load no scipy
    from workbench.search.analysis import Correlation, Importances, SearchAnalysis


VALIDATION_TEXT = (
    "scores without a data set are those of the validation images at the end of the training; "
    "promote scores the benchmarks"
)


def proposal_text(proposal: Proposal) -> str:
    """Return what a candidate changes; of a schedule, whose steps it begins with, and its last."""
    changes = changes_text(proposal.choices)
    if proposal.parent is None:
        return changes or "canonical"
    return f"t{proposal.parent:04} for {proposal.parent_steps:,} steps, then {changes}"


def value_text(objective: Objective, value: float) -> str:
    """Return the value of an objective with its unit: `24.471 dB`, `0.7097`, `95,396`."""
    if objective.name in COSTS:
        return f"{value:,.0f}"
    return f"{value:.3f} dB" if _in_db(objective) else f"{value:.4f}"


def difference_text(objective: Objective, value: float) -> str:
    """Return a difference of two values of an objective, with sign and unit."""
    if objective.name in COSTS:
        return numbers.count_change(value)
    if _in_db(objective):
        return f"{numbers.difference_text(value)} dB"
    return numbers.ratio_change(value)


def _in_db(objective: Objective) -> bool:
    return objective.name.endswith("_db")


def bicubic_warnings(state: SearchState) -> list[str]:
    """Return a sentence for each data set on which networks are below bicubic."""
    bicubic = bicubic_scores(state)
    return [
        warning_text(dataset, short, bicubic[dataset].psnr_rgb_db, ranked=True)
        for dataset, short in below_bicubic_db(state).items()
        if short
    ]


def importance_texts(found: "Importances") -> list[str]:
    """Return which dimensions stand out from noise, a sentence for each method."""
    from workbench.search.importances import FEWEST

    texts = []
    for method, fewest in FEWEST.items():
        measured = found.by_method.get(method)
        if measured is None:
            reason = (
                f"at least {fewest} networks that can be compared are needed, "
                f"there are {found.count}"
                if found.count < fewest
                else "no dimension varies that all networks have"
            )
            texts.append(f"{method}: {reason}.")
            continue
        clear = {name: one for name, one in measured.items() if one.stands_out}
        if clear:
            said = ", ".join(
                f"{name} (share {one.share:.2f}, p {one.p:.2g})" for name, one in clear.items()
            )
            texts.append(f"{method}: told from noise are {said}; the others are not.")
        else:
            least = min(one.p for one in measured.values())
            texts.append(
                f"{method}: no dimension can be told from noise (smallest p {least:.2f}), so no "
                "shares are shown."
            )
    return texts


def correlation_texts(analysis: "SearchAnalysis") -> list[str]:
    """Return the rank correlation of each rung with the end, over which networks, and its limit."""
    found = analysis.rungs.correlations()
    texts = [f"after {step:,} steps: {_correlation_text(analysis, f)}" for step, f in found.items()]
    if any(one.tau is not None and not one.audited for one in found.values()):
        texts.append(
            "without audited networks only those that no rung has stopped have an end, which makes "
            "tau smaller than it is over all (--audit-share)"
        )
    ceiling = analysis.rungs.ceiling
    if ceiling is not None:
        texts.append(f"under other seeds the ends themselves would agree with tau {ceiling:.2f}")
    elif len(analysis.state.record.settings.trial_seeds) == 1 and found:
        texts.append("one seed: how well the ends agree with those under other seeds is not known")
    return texts


def _correlation_text(analysis: "SearchAnalysis", found: "Correlation") -> str:
    from workbench.statistics.ranks import FEWEST

    if found.tau is None:
        return f"fewer than {FEWEST} networks, no rank correlation"
    low, high = found.tau.interval()
    parts = [f"Kendall's tau {found.tau.tau:z.2f} [{low:z.2f}, {high:z.2f}]"]
    if found.audited:
        parts[0] += " over all that reached the rung"
    fixed = found.at_fixed_parameters
    if fixed is not None:
        low, high = fixed.interval()
        parts.append(
            f"Spearman's rho at fixed parameters {fixed.rho:z.2f} [{low:z.2f}, {high:z.2f}]"
        )
    first = analysis.objectives[0]
    parts += [f"regret@{k} {value_text(first, lost)}" for k, lost in found.regrets.items()]
    audited = f", {found.audited} of them audited" if found.audited else ""
    return f"{', '.join(parts)}; {found.networks} networks{audited}"


def counts_text(analysis: "SearchAnalysis") -> str:
    """Say what became of the proposals."""
    record, rejections = analysis.state.record, analysis.rejections
    reasons = ", ".join(f"{count} for {reason}" for reason, count in rejections.most_common())
    results = (result for found in analysis.state.results.values() for result in found)
    overlaps = "".join(f" {text}." for text in overlap_texts(results))
    return (
        f"{len(record.proposals)} proposals: {len(analysis.scored)} networks scored, "
        f"{len(record.stopped())} stopped early, {len(record.failures())} failed, "
        f"{sum(rejections.values())} rejected before training{f' ({reasons})' if reasons else ''}, "
        f"{analysis.duplicates} were networks that were there already. "
        f"t0000 is the canonical network.{overlaps}"
    )
