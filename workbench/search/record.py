"""The record of a search: its settings and every event; with the ledger it resumes a search.

The results are in the ledger. Here are the settings, the proposals in their order, and what was
decided at each rung. A batch is kept before it is run, so that a batch that was killed is the
batch that is resumed.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from workbench.config.base import Frozen
from workbench.config.module import SourceMark
from workbench.config.overrides import apply_overrides
from workbench.config.pinning import pinned
from workbench.config.trial import TrialConfig
from workbench.results import TrialState
from workbench.search.proposals import (
    PriorObservation,
    Proposal,
    candidate_name,
    params_key,
)
from workbench.spaces.space import SpaceFile

FAILED = "failed"
"""How the reason of a trial begins that did not end: a worker died, a file could not be read."""
RETRYABLE = (FAILED, TrialState.OUT_OF_MEMORY.value)
"""Endings that the machine may have caused; the others follow from the network and its training."""


EXHAUSTED: Literal["exhausted"] = "exhausted"
"""Every network of the space within its limits was proposed; a resumed search looks no further."""
NONE_FOUND: Literal["none found"] = "none found"
"""Many draws in a row gave no new network within the limits; a resumed search looks on."""
SearchEnd = Literal["", "exhausted", "none found"]


Selection = Literal["benchmarks", "validation"]


class Settings(Frozen):
    """Everything that decides what a search proposes."""

    space_name: str
    space: SpaceFile
    base: TrialConfig
    objectives: tuple[str, ...]
    sampler: str
    seed: int
    """Of the sampler."""
    trial_seeds: tuple[int, ...]
    """Of the trainings; the same for all candidates."""
    batch: int
    """Candidates that are proposed together; so the number of workers changes nothing."""
    selection: Selection = "benchmarks"
    """What scores without a data set are of; searches of 0.3.0 used the first benchmark."""
    asynchronous: bool = False
    """ASHA: a decision for each candidate when it reaches a rung. There are no batches, and `batch`
    is how many candidates train at once. The order of arrival matters."""
    audit_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Chance of a candidate that a rung would stop to train to its end regardless; see `audits.py`.
    Searches of older workbenches have none."""
    sources: dict[str, SourceMark] = Field(default_factory=dict, exclude_if=lambda marks: not marks)
    """Of the modules of one's own that the space names, by path: as they were when it began."""

    def trial(self, overrides: Mapping[str, Any]) -> TrialConfig:
        """Return the trial of a combination of the space, of the first seed.

        Raises:
            ConfigError: If it cannot be built.
        """
        return apply_overrides(self.base, self.pinned(overrides))

    def own_modules(self) -> dict[str, SourceMark]:
        """Return the source of every module of one's own in the base or the space, by path."""
        return {own.path: own.mark for own in self.base.model.own_modules()} | self.sources

    def pinned(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Return overrides whose modules of one's own are of the search's sources."""
        return pinned(overrides, self.sources)


def _counted(proposal: Proposal) -> Proposal:
    if proposal.trained and proposal.cost is None:
        raise ValueError("a trial of a search has a cost")
    return proposal


Recorded = Annotated[Proposal, AfterValidator(_counted)]


class BatchProposed(Frozen):
    """Candidates that were proposed together, and proposals that were rejected meanwhile."""

    kind: Literal["batch"] = "batch"
    proposals: tuple[Recorded, ...]
    end: SearchEnd = Field(default="", exclude_if=lambda end: not end)
    """Why there are fewer new networks than wanted; empty if there are not."""
    exhausted: bool = False
    """In searches of 0.3.0: 500 proposals in a row were rejected. A resumed search looks on."""


class RungResult(Frozen):
    """What came of candidates at a rung or at their end, and which of them are promoted."""

    # Files keep the names of the first version for some fields.
    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
    kind: Literal["stage"] = "stage"
    batch: int
    rung: int
    """From 0; the number of rungs stands for the end."""
    values: dict[str, tuple[float, ...]]
    """The objectives of each candidate that reached the rung, by name."""
    failures: dict[str, str] = Field(default_factory=dict, alias="ended")
    """Why the others have none, by name."""
    promoted: tuple[str, ...] = Field(default=(), alias="goes_on")
    """Names of those that train further; ASHA has a `Promoted` for each of them instead."""
    audited: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)
    """Those among them that were drawn to train further, and not promoted for their values."""
    offspring: tuple[Recorded, ...] = Field(default=(), alias="born")
    """Candidates that fork the checkpoints of others and take the places of stopped ones."""


class Promoted(Frozen):
    """A candidate is promoted from the rung at which it waited, in ASHA."""

    kind: Literal["promotion"] = "promotion"
    number: int
    """Of the proposal."""
    rung: int
    """At which it waited."""
    audited: bool = Field(default=False, exclude_if=lambda drawn: not drawn)
    """Whether it was drawn to train further, and not promoted for its values."""


class RetryStarted(Frozen):
    """Trials that failed are run again, as a batch of their own."""

    kind: Literal["retry"] = "retry"
    batch: int
    numbers: tuple[int, ...]
    """Of the proposals."""


SearchEvent = BatchProposed | RungResult | Promoted | RetryStarted
_OneEvent = Annotated[SearchEvent, Field(discriminator="kind")]


class SearchRecord(Frozen):
    """A search: what decides it, and everything that has happened, in order."""

    # Files keep the names of the first version for some fields.
    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
    name: str
    settings: Settings
    prior: tuple[PriorObservation, ...] = Field(default=(), alias="known")
    """What the sampler observes first; kept, so that later results change no proposal."""
    images: dict[str, str] = Field(default_factory=dict)
    """Content hash of each set of images, by use and name; empty if an older workbench began it."""
    events: tuple[_OneEvent, ...] = Field(default=(), alias="lines")

    def with_events(self, events: Iterable[SearchEvent]) -> "SearchRecord":
        """Return the record with more that has happened."""
        # Not a copy: that would take over what was found out about fewer lines.
        return SearchRecord.model_construct(
            name=self.name,
            settings=self.settings,
            prior=self.prior,
            images=self.images,
            events=(*self.events, *events),
        )

    @cached_property
    def proposals(self) -> tuple[Proposal, ...]:
        """All that was proposed, in order."""
        found: list[Proposal] = []
        for event in self.events:
            if isinstance(event, BatchProposed):
                found += event.proposals
            elif isinstance(event, RungResult):
                found += event.offspring
        return tuple(found)

    @cached_property
    def known(self) -> frozenset[str]:
        """Keys of the parameters of the networks that had their score before the search."""
        return frozenset(params_key(one.params) for one in self.prior)

    @cached_property
    def rung_results(self) -> tuple[RungResult, ...]:
        """What came of candidates at rungs and at their ends, in order."""
        return tuple(event for event in self.events if isinstance(event, RungResult))

    @property
    def end(self) -> SearchEnd:
        """Why the last batch has fewer new networks than wanted; empty if it has not."""
        batches = (event for event in reversed(self.events) if isinstance(event, BatchProposed))
        return next((event.end for event in batches), "")

    @property
    def next_batch(self) -> int:
        """The number of the next batch."""
        retried = [event.batch for event in self.events if isinstance(event, RetryStarted)]
        return 1 + max([*retried, *(p.batch for p in self.proposals[-1:])], default=-1)

    def failures(self) -> Mapping[str, str]:
        """Return why candidates ended without a score, by name; those under way again are not in.

        Reasons begin with the state and a colon: `failed: ...`, `out of memory: ...`.
        """
        found: dict[str, str] = {}
        for event in self.events:
            if isinstance(event, RungResult):
                found |= event.failures
            elif isinstance(event, RetryStarted):
                for number in event.numbers:
                    found.pop(candidate_name(number), None)
        return found

    def retryable(self) -> tuple[Proposal, ...]:
        """Return the candidates that may have failed by no fault of their own."""
        failures = self.failures()
        return tuple(
            p for p in self.proposals if failures.get(p.name, "").partition(":")[0] in RETRYABLE
        )

    @property
    def retrying(self) -> bool:
        """Whether trials that failed are under way again: what runs them was stopped."""
        waiting = set[str]()
        for event in self.events:
            if isinstance(event, RetryStarted):
                waiting = {candidate_name(number) for number in event.numbers}
            elif isinstance(event, RungResult):
                waiting -= {*event.failures, *(n for n in event.values if n not in event.promoted)}
        return bool(waiting)

    def stopped(self) -> Mapping[str, RungResult]:
        """Return the rung at which candidates were stopped, by name."""
        found: dict[str, RungResult] = {}
        for event in self.events:
            if isinstance(event, Promoted):
                found.pop(candidate_name(event.number), None)
            elif isinstance(event, RungResult) and event.rung < len(
                self.settings.space.fidelity.rungs
            ):
                found |= {name: event for name in event.values if name not in event.promoted}
        return found
