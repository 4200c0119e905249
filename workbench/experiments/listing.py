"""What a store holds: its studies and searches, how far they are and what they found. No torch."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ConfigError, DataError, WorkbenchError
from workbench.experiments.declaration import read_study, studies
from workbench.experiments.stored_search import best_names, objectives_of, stored_search
from workbench.experiments.study import Results, compare_declared, finished_trials
from workbench.reporting.search_texts import value_text
from workbench.search.objectives import Objective
from workbench.search.record_file import find_record
from workbench.search.state import SearchState
from workbench.statistics.decision_rule import Verdict
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.events import Emit, Note, ignore


@dataclass(frozen=True)
class ListedStudy:
    """A study, as it was declared last."""

    name: str
    question: str
    """In one line; the questions of its variants if it has none of its own."""
    baseline: str
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    trials: int
    """Trials that are declared."""
    finished: int
    verdicts: Mapping[str, Mapping[str, Verdict]]
    """By data set and variant; empty while there is nothing to compare."""
    declarations: int
    declared_s: float
    """Unix time of the last declaration."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, for `--json`."""
        return {
            "kind": "study",
            "name": self.name,
            "question": self.question,
            "baseline": self.baseline,
            "variants": list(self.variants),
            "seeds": list(self.seeds),
            "trials": self.trials,
            "finished": self.finished,
            "verdicts": {dataset: dict(found) for dataset, found in self.verdicts.items()},
            "declarations": self.declarations,
            "declared_s": self.declared_s,
        }


@dataclass(frozen=True)
class ListedSearch:
    """A search, as far as its record goes."""

    name: str
    question: str
    space: str
    objectives: tuple[str, ...]
    seeds: tuple[int, ...]
    """Of the trainings."""
    trials: int
    """Networks that were proposed and are trained."""
    stopped: int
    """Of them, how many were stopped early at a rung."""
    rejected: int
    """Proposals that are not trained: beyond a limit, or the same network as another one."""
    scored: int
    """Networks that have a score under every seed."""
    best: Mapping[str, Mapping[str, float]]
    """Of the best network, or of each on the front: value of each objective. Empty before any
    network has a score."""
    changed_s: float
    """Unix time when something was added last."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, for `--json`."""
        return {
            "kind": "search",
            "name": self.name,
            "question": self.question,
            "space": self.space,
            "objectives": list(self.objectives),
            "seeds": list(self.seeds),
            "trials": self.trials,
            "stopped": self.stopped,
            "rejected": self.rejected,
            "scored": self.scored,
            "best": {name: dict(values) for name, values in self.best.items()},
            "changed_s": self.changed_s,
        }


@dataclass(frozen=True)
class Listing:
    """What a store holds, the newest first."""

    studies: tuple[ListedStudy, ...]
    searches: tuple[ListedSearch, ...]


def list_store(store: Path, emit: Emit = ignore) -> Listing:
    """List the studies and searches of a store. Nothing is trained or written.

    Args:
        store: The store.
        emit: Gets a note on each file that cannot be used, which is then left out.

    Raises:
        ConfigError: If there is no such folder.
    """
    if not store.is_dir():
        raise ConfigError(
            f"{store}: no such folder; name the store with --store, or create one with "
            "workbench ablate"
        )
    found = []
    for name in studies(store):
        try:
            found.append(list_study(store, name))
        except WorkbenchError as error:
            emit(Note(f"left out: study {name} ({error})"))
    searches = []
    for name in Store(store).search_names():
        try:
            searches.append(list_search(store, name))
        except WorkbenchError as error:
            emit(Note(f"left out: search {name} ({error})"))
    searches.sort(key=lambda one: -one.changed_s)
    return Listing(tuple(found), tuple(searches))


def list_study(store: Path, name: str) -> ListedStudy:
    """Return one study.

    Raises:
        ConfigError: If there is none of this name, or its file cannot be used.
        StoreError: If a record cannot be read.
    """
    study = read_study(store, name)
    declared = study.declaration()
    results = finished_trials(declared, Ledger(store))
    baseline, *variants = (arm.name for arm in declared.arms)
    questions = [arm.question for arm in declared.arms]
    questions += [effect.question for effect in declared.effects]
    try:
        comparison = compare_declared(declared, results)
        verdicts = {
            dataset: {one.name: one.difference.decision.verdict for one in judged}
            for dataset in comparison.protocols
            if (judged := comparison.judged(dataset))
        }
    except WorkbenchError:  # nothing to compare yet
        verdicts = {}
    return ListedStudy(
        name=name,
        question=declared.question or " ".join(filter(None, questions)),
        baseline=baseline,
        variants=tuple(variants),
        seeds=declared.seeds,
        trials=len(declared.all_keys),
        finished=_finished(results),
        verdicts=verdicts,
        declarations=len(study.declarations),
        declared_s=declared.declared_s,
    )


def verdicts_text(study: ListedStudy) -> str:
    """Return how often each verdict was given on the first data set: `2 worse, 1 undecided`."""
    first = next(iter(study.verdicts.values()), {})
    return ", ".join(f"{count} {verdict}" for verdict, count in Counter(first.values()).items())


def _finished(results: Results) -> int:
    """Count trials; arms that are the same network share theirs."""
    return len({result.key for found in results.values() for result in found})


def list_search(store: Path, name: str) -> ListedSearch:
    """Return one search; without its images, as far as its own record goes.

    Raises:
        ConfigError: If there is none of this name, or its file cannot be used.
        StoreError: If a record of the ledger cannot be read.
    """
    try:
        state = stored_search(name, store)
    except DataError:  # keys of trials need the images
        state = SearchState(find_record(store, name))
    record, settings = state.record, state.record.settings
    objectives = objectives_of(settings)
    values = state.values(objectives)
    return ListedSearch(
        name=record.name,
        question=settings.space.question,
        space=settings.space_name,
        objectives=settings.objectives,
        seeds=settings.trial_seeds,
        trials=len(state.trained),
        stopped=len(record.stopped()),
        rejected=len(record.proposals) - len(state.trained),
        scored=len(values),
        best={
            network: dict(zip(settings.objectives, values[network], strict=True))
            for network in best_names(state)
        },
        changed_s=Store(store).search(name).stat().st_mtime,
    )


def best_text(search: ListedSearch) -> str:
    """Return the best network of a search, or how many are on its front; empty before a score."""
    if len(search.best) > 1:
        return f"{len(search.best)} networks on the front: {', '.join(search.best)}"
    return "".join(
        f"best {name}: "
        + ", ".join(value_text(Objective(objective), value) for objective, value in values.items())
        for name, values in search.best.items()
    )
