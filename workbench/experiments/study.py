"""A study read back from the store: its family, its results, its verdicts. No torch."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from workbench.analysis.comparison import Comparison, compare
from workbench.experiments.changes import change_text
from workbench.experiments.declaration import Declaration, Study, planned_effects, read_study
from workbench.reporting.crops import find_crops
from workbench.reporting.page import Header, page
from workbench.reporting.verdict_texts import spent_text
from workbench.results import TrialResult
from workbench.store.ledger import Ledger

Results = dict[str, list[TrialResult]]
"""By arm, in the order of the seeds."""


@dataclass(frozen=True)
class OpenedStudy:
    """A study, as one of its declarations has it."""

    study: Study
    declared: Declaration
    results: Results
    comparison: Comparison

    @property
    def until(self) -> tuple[Declaration, ...]:
        """The study's declarations up to this one."""
        declarations = self.study.declarations
        return declarations[: declarations.index(self.declared) + 1]

    @property
    def number(self) -> int:
        """Number of the declaration, 1 for the first."""
        return self.study.number(self.declared)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know of the family, and what is missing."""
        spent = spent_text(self.comparison.rule)
        return (*_added(self), *([spent] if spent else []), *_known_before(self), *_missing(self))


def open_study(
    store: Path,
    name: str,
    declaration: int | None = None,
    comparison: Comparison | None = None,
) -> OpenedStudy:
    """Read a study and compare it again, by the rule that it declared.

    Args:
        store: The store.
        name: Of the study.
        declaration: Its number, 1 for the first one; None is the last one.
        comparison: That of these arms and results if it was made already; None to compare.

    Raises:
        ConfigError: If there is no such study or declaration.
        WorkbenchError: If none of its base's trials is finished, or a record cannot be read.
    """
    study = read_study(store, name)
    declared = study.declaration(declaration)
    results = finished_trials(declared, Ledger(store))
    if comparison is None or comparison.question != declared.question:
        comparison = compare_declared(declared, results)
    return OpenedStudy(study, declared, results, comparison)


def finished_trials(declared: Declaration, ledger: Ledger) -> Results:
    """Return what is finished of a declaration, by arm and in the order of the seeds.

    Raises:
        StoreError: If a record cannot be read.
    """
    return {
        arm.name: [found for key in declared.keys[arm.name] if (found := ledger.result(key))]
        for arm in declared.arms
    }


def compare_declared(declared: Declaration, results: Results) -> Comparison:
    """Compare the arms of a declaration by its own rule.

    Raises:
        WorkbenchError: If none of its base's trials is finished.
    """
    return compare(
        results,
        {arm.name: arm.question for arm in declared.arms},
        {arm.name: arm.against for arm in declared.arms if arm.against},
        declared.rule,
        planned_effects(declared),
        question=declared.question,
        weights_name=declared.weights_name,
    )


def html_page(opened: OpenedStudy, store: Path) -> str:
    """Return the HTML page of a study, with the crops that the store has."""
    declared = opened.declared
    header = Header(
        study=opened.study.study,
        declared=declared_text(declared),
        remarks=opened.remarks,
        configs={arm.name: arm.config for arm in declared.arms},
        taken={arm.name: arm.taken.describe() for arm in declared.arms if arm.taken},
        question=declared.question,
        commands=tuple(one.command for one in opened.until if one.command),
    )
    crops = find_crops(opened.comparison, opened.results, store)
    return page(header, opened.comparison, opened.results, crops)


def declared_text(declared: Declaration) -> str:
    """Say when a family was declared, and its hash."""
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(declared.declared_s))
    return f"{day} as {declared.hash[:12]}"


def _added(opened: OpenedStudy) -> list[str]:
    """Say what a declaration has that the first one had not."""
    first, last = opened.until[0], opened.declared
    if first is last:
        return []
    members = [e.name for e in first.effects] + [a.name for a in first.arms]
    now = [e.name for e in last.effects] + [a.name for a in last.arms]
    seeds = [str(seed) for seed in last.seeds if seed not in first.seeds]
    changes = [
        *_listed("added", [name for name in now if name not in members]),
        *_listed("left out", [name for name in members if name not in now]),
        *_listed("seeds added", seeds),
    ]
    for what, before, after in (
        ("margin", f"{first.margin_db:g} dB", f"{last.margin_db:g} dB"),
        ("error rate", f"{first.alpha:g}", f"{last.alpha:g}"),
        ("error rate of each", first.error_rate, last.error_rate),
    ):
        if before != after:
            changes.append(f"{what} {after} in place of {before}")
    changes += dict.fromkeys(
        text for before, after in pairwise(opened.until) if (text := change_text(before, after))
    )
    count = len(opened.until)
    text = "; ".join(changes) or "only the order of its plans differs"
    return [f"outside the first plan ({count} plans were declared in this study): {text}"]


def _listed(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what}: {', '.join(names)}"] if names else []


def _known_before(opened: OpenedStudy) -> list[str]:
    """Say how many results existed when the family was chosen."""
    trials = [result for results in opened.results.values() for result in results]
    known = sum(result.finished_s < opened.declared.declared_s for result in trials)
    if not known:
        return []
    verb = "was" if known == 1 else "were"
    return [f"{known} of {len(trials)} trials {verb} finished before this family was declared"]


def _missing(opened: OpenedStudy) -> list[str]:
    declared = opened.declared
    if declared.looks:
        return []  # which seeds a study that looks early needs, only its verdicts tell
    missing = sum(len(declared.seeds) - len(rows) for rows in opened.results.values())
    if not missing:
        return []
    trials = "1 trial of it is" if missing == 1 else f"{missing} trials of it are"
    return [f"{trials} not finished"]
