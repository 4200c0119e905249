"""What a study declares before its first trial, so that no family is chosen afterwards.

A study is a file of declarations. The same plan again is the same declaration; another one - more
variants, more seeds, another margin, other images under the same names - is added after it, and
reports say so.
"""

from pathlib import Path

from pydantic import Field, ValidationError

from workbench.config.base import Frozen
from workbench.config.evidence import TakenWeights
from workbench.config.plausible import Count
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
from workbench.execution.plan import Plan
from workbench.statistics.decision_rule import (
    DecisionRule,
    ErrorRateScope,
    FormerLook,
    Spending,
)
from workbench.statistics.effects import Effect
from workbench.store.store import Store
from workbench.system.digests import DamagedError, unseal_json
from workbench.system.strict_json import loads


class DeclaredArm(Frozen):
    """One design of a study."""

    name: str
    question: str
    against: str
    """What it is compared with; empty for the base."""
    config: TrialConfig
    """Of the first seed; it holds the data, too."""
    taken: TakenWeights | None = Field(default=None, exclude_if=lambda value: value is None)
    """What it takes from trained weights; None if it starts from initial ones."""


class DeclaredEffect(Frozen):
    """An effect over several designs that a study estimates."""

    name: str
    question: str
    terms: dict[str, float]
    """Weight of each design."""
    behind: tuple[tuple[str, str], ...] = ()
    """Of an interaction: the pairs of main effects that it is tested behind. Version 0.4.0 tested
    all effects at once and did not have it."""


class DeclaredLook(Frozen):
    """A look that an earlier declaration had at the same trials."""

    seeds: tuple[int, ...]
    alpha: float
    """Error rate that it spent."""
    members: tuple[str, ...]


class Declaration(Frozen):
    """A family that was written down before it was run."""

    hash: str
    """SHA-256 over arms, effects, seeds, looks, alpha, margin and keys."""
    declared_s: float
    """Unix time."""
    command: str = ""
    """What was typed when it was declared."""
    question: str = ""
    """What the study is to answer, in one line. Another wording is no other declaration."""
    arms: tuple[DeclaredArm, ...]
    effects: tuple[DeclaredEffect, ...] = ()
    seeds: tuple[int, ...]
    looks: tuple[int, ...] = ()
    """After how many seeds the study looks, if it adds seeds for what is undecided."""
    alpha: float
    margin_db: float
    error_rate: ErrorRateScope = "dataset"
    """Whether `alpha` holds on each data set or over all of them."""
    spending: Spending = "obrien-fleming"
    """How the looks share alpha; version 0.3.0 did not write it down."""
    passed_over: Count = 0
    """Networks of a search that were compared with the members before, and not chosen."""
    former: tuple[DeclaredLook, ...] = ()
    """Looks at its trials that earlier declarations of the study have had."""
    keys: dict[str, tuple[str, ...]]
    """By arm, the ledger's keys of its trials, one for each seed."""
    images: dict[str, str] = Field(default_factory=dict)
    """Content hash of each set of images, by use and name such as `benchmark Set5`; empty if an
    older workbench declared it."""
    weights_name: str = Field(default="", exclude_if=lambda name: not name)
    """What the user called the weights that all arms start from. Their hash is in the configs:
    another name is no other declaration."""

    @property
    def all_keys(self) -> frozenset[str]:
        """The ledger's keys of all its trials."""
        return frozenset(key for keys in self.keys.values() for key in keys)

    @property
    def family(self) -> tuple[object, ...]:
        """Everything that makes it another declaration if it changes."""
        return (*self._without_keys, self.keys)

    @property
    def _without_keys(self) -> tuple[object, ...]:
        rule = (self.alpha, self.margin_db, self.error_rate, self.passed_over)
        return (self.arms, _ungated(self.effects), self.seeds, self.looks, *rule)

    def declares(self, plan: Plan, rule: DecisionRule) -> bool:
        """Tell whether it is the declaration of a plan, whatever its images and keys are."""
        effects = _ungated(declared_effects(plan))
        wanted = (declared_arms(plan), effects, plan.seeds, plan.looks)
        return self._without_keys == (
            *wanted,
            rule.alpha,
            rule.margin_db,
            rule.scope,
            rule.passed_over,
        )

    @property
    def rule(self) -> DecisionRule:
        """By what its family is judged."""
        looks = tuple(self.seeds[:count] for count in self.looks)
        former = tuple(
            FormerLook(look.seeds, look.alpha, frozenset(look.members)) for look in self.former
        )
        return DecisionRule(
            self.alpha,
            self.margin_db,
            looks,
            self.error_rate,
            self.spending,
            former,
            self.passed_over,
        )

    @property
    def members(self) -> dict[str, dict[str, float]]:
        """The members of the family by name: the weights of the arms that each compares."""
        differences = {
            arm.name: {arm.name: 1.0, arm.against: -1.0} for arm in self.arms if arm.against
        }
        return differences | {effect.name: effect.terms for effect in self.effects}


class Study(Frozen):
    """All declarations of a study, the oldest first."""

    study: str
    declarations: tuple[Declaration, ...]

    @property
    def numbered(self) -> dict[int, Declaration]:
        """The declarations by number, 1 for the one that was declared first.

        A number stays the same, also when a declaration gets another question and becomes the last.
        """
        return dict(enumerate(sorted(self.declarations, key=lambda one: one.declared_s), 1))

    def declaration(self, number: int | None = None) -> Declaration:
        """Return a declaration by its number; the last one by default.

        Raises:
            ConfigError: If there is none of this number.
        """
        if number is None:
            return self.declarations[-1]
        known = self.numbered
        if number not in known:
            raise ConfigError(
                f"study {self.study!r} has no declaration {number}; valid: 1..{len(known)}"
            )
        return known[number]

    def number(self, declaration: Declaration) -> int:
        """Return the number of one of the declarations."""
        return next(n for n, one in self.numbered.items() if one.hash == declaration.hash)


def declared_arms(plan: Plan) -> tuple[DeclaredArm, ...]:
    """Return the designs of a plan as they are declared."""
    return tuple(
        DeclaredArm(
            name=a.name, question=a.question, against=a.against, config=a.config, taken=a.taken
        )
        for a in plan.arms
    )


def declared_effects(plan: Plan) -> tuple[DeclaredEffect, ...]:
    """Return the effects of a plan as they are declared."""
    return tuple(
        DeclaredEffect(name=e.name, question=e.question, terms=dict(e.terms), behind=e.behind)
        for e in plan.effects
    )


def planned_effects(declared: Declaration) -> tuple[Effect, ...]:
    """Return the effects of a declaration as they are judged."""
    return tuple(
        Effect(effect.name, effect.terms, effect.question, effect.behind)
        for effect in declared.effects
    )


def _ungated(effects: tuple[DeclaredEffect, ...]) -> tuple[DeclaredEffect, ...]:
    """Return effects without the order of their tests, which is no other declaration."""
    return tuple(effect.model_copy(update={"behind": ()}) for effect in effects)


def last_declaration(store: Path, name: str) -> Declaration | None:
    """Return what a study declared last; None if there is no such study.

    Raises:
        ConfigError: If its file cannot be used.
    """
    return read_study(store, name).declarations[-1] if Store(store).study(name).is_file() else None


def read_study(store: Path, name: str) -> Study:
    """Read a study's declarations.

    Raises:
        ConfigError: If there is none of this name, or its file cannot be used.
    """
    path = Store(store).study(name)
    if not path.is_file():
        known = studies(store)
        raise ConfigError(f"unknown study {name!r} in {store}; {nearest(name, known)}")
    try:
        return Study.check(loads(unseal_json(path.read_bytes())))
    except DamagedError as damage:
        raise ConfigError(
            f"{path}: damaged ({damage}); restore it from a copy, or move it away and run the same "
            "command again, which trains nothing that is finished and declares the study again"
        ) from None
    except (ValueError, ValidationError):
        raise ConfigError(
            f"{path}: not a study file of this version; move it away and rerun the same command, "
            "which trains nothing that is finished"
        ) from None


def studies(store: Path) -> list[str]:
    """Return the names of a store's studies, the one declared last first."""
    return Store(store).study_names()
