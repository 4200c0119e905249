"""What a study declares before its first trial, so that no family is chosen afterwards.

A study is a file of declarations. The same plan again is the same declaration; another one - more
variants, more seeds, another margin - is added after it, and reports say so.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from workbench.ablation.plan import Plan
from workbench.config.base import Frozen
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
from workbench.files import write_atomically
from workbench.statistics.levels import ALPHA

FOLDER = "studies"


class DeclaredArm(Frozen):
    """One design of a study."""

    name: str
    question: str
    against: str
    """What it is compared with; empty for the base."""
    config: TrialConfig
    """Of the first seed; it holds the data, too."""


class Declaration(Frozen):
    """A family that was written down before it was run."""

    hash: str
    """SHA-256 over arms, seeds, alpha and margin."""
    declared_s: float
    """Unix time."""
    arms: tuple[DeclaredArm, ...]
    seeds: tuple[int, ...]
    alpha: float
    margin_db: float
    keys: dict[str, tuple[str, ...]]
    """By arm, the ledger's keys of its trials, one for each seed."""


class Study(Frozen):
    """All declarations of a study, the oldest first."""

    study: str
    declarations: tuple[Declaration, ...]


def declare(plan: Plan, margin_db: float, keys: Mapping[tuple[str, int], str], store: Path) -> None:
    """Write down what a plan asks, before it is run.

    Args:
        plan: Its arms, but for the first, are the family.
        margin_db: Differences within it do not matter.
        keys: Of the ledger, by (arm, seed).
        store: The store.

    Raises:
        ConfigError: If the study's file is damaged.
        StoreError: If the store cannot be written.
    """
    arms = tuple(
        DeclaredArm(name=a.name, question=a.question, against=a.against, config=a.config)
        for a in plan.arms
    )
    declared = {
        "arms": [arm.plain() for arm in arms],
        "seeds": list(plan.seeds),
        "alpha": ALPHA,
        "margin_db": margin_db,
    }
    digest = hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()
    path = _path(store, plan.study)
    earlier = read_study(store, plan.study).declarations if path.exists() else ()
    same = next((one for one in earlier if one.hash == digest), None)
    new = Declaration(
        hash=digest,
        declared_s=same.declared_s if same else time.time(),
        arms=arms,
        seeds=plan.seeds,
        alpha=ALPHA,
        margin_db=margin_db,
        keys={a.name: tuple(keys[a.name, seed] for seed in plan.seeds) for a in arms},
    )
    if same is not None and same.keys == new.keys:
        return
    kept = tuple(one for one in earlier if one.hash != digest)
    study = Study(study=plan.study, declarations=(*kept, new))
    write_atomically(path, json.dumps(study.plain(), indent=1).encode(), store=store)


def read_study(store: Path, name: str) -> Study:
    """Read a study's declarations.

    Raises:
        ConfigError: If there is none of this name, or its file cannot be used.
    """
    path = _path(store, name)
    if not path.is_file():
        known = [file.stem for file in (store / FOLDER).glob("*.json")]
        raise ConfigError(f"unknown study {name!r} in {store}; {nearest(name, known)}")
    try:
        return Study.check(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError):
        raise ConfigError(
            f"{path}: no study of this version; move it away and run the same command again, "
            "which trains nothing that is finished"
        ) from None


def studies(store: Path) -> list[str]:
    """Return the names of a store's studies, the one declared last first."""
    files = sorted((store / FOLDER).glob("*.json"), key=lambda file: -file.stat().st_mtime)
    return [file.stem for file in files]


def _path(store: Path, study: str) -> Path:
    return store / FOLDER / f"{study}.json"
