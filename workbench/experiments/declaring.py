"""Declaring a plan before its first trial, and merging declarations of another store."""

import heapq
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.execution.plan import Plan
from workbench.experiments.declaration import (
    Declaration,
    Study,
    declared_arms,
    declared_effects,
    read_study,
)
from workbench.experiments.spending import former_looks
from workbench.statistics.decision_rule import DecisionRule
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.digests import seal_json, sha256_of_json
from workbench.system.files import write_atomically
from workbench.system.locks import lock_beside, locked
from workbench.trial.images import named_hashes


@dataclass(frozen=True)
class Declared:
    """What came of a plan that was declared."""

    now: Declaration
    before: Declaration | None
    """The last one before it, if this one is new and the study had one."""
    number: int
    """Its place among the study's declarations, the oldest being 1."""


def declare(
    plan: Plan,
    rule: DecisionRule,
    keys: Mapping[tuple[str, int], str],
    store: Path,
    command: str = "",
) -> Declared:
    """Write down what a plan compares, before it is run.

    The same plan whose trials have other keys, as its images or the workbench's code have changed,
    is another declaration.

    Args:
        plan: Its arms that are compared, and its effects, are the family.
        rule: By what it is judged.
        keys: Of the ledger, by (arm, seed).
        store: The store.
        command: What the user typed.

    Returns:
        The declaration, and what the study declared before if this one is new.

    Raises:
        ConfigError: If the study's file is damaged.
        StoreError: If the store cannot be written.
    """
    arms, effects = declared_arms(plan), declared_effects(plan)
    declared = {
        "arms": [arm.plain() for arm in arms],
        "seeds": list(plan.seeds),
        # As version 0.4.0 hashed effects that are tested behind nothing.
        "effects": [
            {key: value for key, value in effect.plain().items() if key != "behind" or value}
            for effect in effects
        ],
        "looks": list(plan.looks),
        "alpha": rule.alpha,
        "margin_db": rule.margin_db,
    }
    if rule.scope != "dataset":  # as version 0.3.0 hashed it without
        declared |= {"error_rate": rule.scope}
    if rule.passed_over:
        declared |= {"passed_over": rule.passed_over}
    by_arm = {a.name: tuple(keys[a.name, seed] for seed in plan.seeds) for a in arms}
    declared |= {"keys": {name: list(found) for name, found in by_arm.items()}}
    new = Declaration(
        hash=sha256_of_json(declared),
        declared_s=time.time(),
        command=command,
        question=plan.question,
        arms=arms,
        effects=effects,
        seeds=plan.seeds,
        looks=plan.looks,
        alpha=rule.alpha,
        margin_db=rule.margin_db,
        error_rate=rule.scope,
        spending=rule.spending,
        passed_over=rule.passed_over,
        keys=by_arm,
        images=named_hashes(plan.base.config, Ledger(store)),
        weights_name=plan.weights_name,
    )
    path = Store(store).study(plan.study)
    with locked(lock_beside(path), store=store):
        return _add(new, plan.study, store)


def _add(new: Declaration, name: str, store: Path) -> Declared:
    """Add a declaration to a study's file, or keep the one that says the same."""
    earlier = read_study(store, name).declarations if Store(store).study(name).exists() else ()
    same = next((one for one in earlier if one.family == new.family), None)
    if same is not None:
        kept = ("hash", "declared_s", "command", "spending", "former", "effects")
        update: dict[str, Any] = {field: getattr(same, field) for field in kept}
        update["question"] = new.question or same.question
        # An older workbench did not write the images down, and keys alone do not name them.
        update["images"] = same.images or new.images
        new = new.model_copy(update=update)
    else:
        new = new.model_copy(update={"former": former_looks(new, earlier, Ledger(store))})
    if same is None or same != new:
        earlier = tuple(one for one in earlier if one is not same)
        study = Study(study=name, declarations=(*earlier, new))
        write_atomically(Store(store).study(name), seal_json(study.plain()), store=store)
    else:
        study = Study(study=name, declarations=earlier)
    before = earlier[-1] if earlier and same is None else None
    return Declared(new, before, study.number(new))


def merge(store: Path, study: Study) -> int:
    """Add declarations that were made with another store.

    Of two with one hash the store's own is kept, and its own keep their order.

    Args:
        store: The store.
        study: As it is in the other store.

    Returns:
        How many the store did not have.

    Raises:
        ConfigError: If the store's file of the study is damaged.
        StoreError: If the store cannot be written.
    """
    path = Store(store).study(study.study)
    with locked(lock_beside(path), store=store):
        own = read_study(store, study.study).declarations if path.exists() else ()
        known = {one.hash for one in own}
        new = [one for one in study.declarations if one.hash not in known]
        if new or not path.exists():
            both = heapq.merge(own, new, key=lambda one: one.declared_s)
            merged = Study(study=study.study, declarations=tuple(both))
            write_atomically(path, seal_json(merged.plain()), store=store)
    return len(new)
