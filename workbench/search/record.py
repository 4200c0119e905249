"""What a search has proposed and decided: with it and the ledger a killed search goes on exactly.

The results are in the ledger. Here are the settings, the proposals in their order, and what was
decided at each rung. A batch is kept before it is run, so that a batch that was killed is the
batch that goes on.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from workbench.config.base import Frozen
from workbench.config.plausible import NotNegative, Seconds
from workbench.config.trial import TrialConfig
from workbench.results import Cost, TrialState
from workbench.spaces.space import SpaceFile

FAILED = "failed"
"""How the reason of a trial begins that did not end: a worker died, a file could not be read."""
MAY_PASS = (FAILED, TrialState.OUT_OF_MEMORY.value)
"""Endings that the machine may have caused; the others follow from the network and its training."""


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
    asynchronous: bool = False
    """There are no batches: each candidate is decided about when it comes to a rung, and `batch`
    is how many are under way at once. The order of arrival matters then."""


class Known(Frozen):
    """A combination that had its score before the search began."""

    params: dict[str, Any]
    """As the sampler knows it."""
    distributions: dict[str, str]
    """Likewise, as its own JSON."""
    values: tuple[float, ...] = ()
    """Of the objectives."""
    excess: dict[str, NotNegative] = Field(default_factory=dict)
    """By limit, how far above it is, as a share of the limit."""


def name_of(number: int) -> str:
    """Return how tables and MLflow call the proposal of a number."""
    return f"t{number:04}"


class Proposal(Frozen):
    """One combination that the sampler has given."""

    number: int
    """Of the sampler's trial, from 0; the canonical network is 0."""
    overrides: dict[str, Any]
    params: dict[str, Any]
    """As the sampler knows it."""
    distributions: dict[str, str]
    """Likewise, as its own JSON."""
    batch: int
    rejected: str = ""
    """Why it is not trained."""
    excess: dict[str, NotNegative] = Field(default_factory=dict)
    """By limit, how far above it is, as a share of the limit."""
    same_as: int | None = None
    """Number of the proposal that builds the same network."""
    cost: Cost | None = None
    """As it was counted; None if it is no trial of its own. So views build no network."""
    latency_ms: Seconds | None = None
    """As it was measured if there is a limit for it, so that a search goes on with it."""
    parent: int | None = None
    """Number of the candidate whose training it goes on from, in population based training."""
    parent_steps: int = 0
    """So many steps are that one's."""

    @property
    def name(self) -> str:
        """How tables and MLflow call it."""
        return name_of(self.number)

    @property
    def trained(self) -> bool:
        """Whether it is a trial of its own."""
        return not self.rejected and self.same_as is None

    @property
    def choices(self) -> dict[str, Any]:
        """What was chosen, by key of the space; of a schedule, with what it ends."""
        if self.parent is None:
            return self.overrides
        return {k: json.loads(v) if isinstance(v, str) else v for k, v in self.params.items()}


def _counted(proposal: Proposal) -> Proposal:
    if proposal.trained and proposal.cost is None:
        raise ValueError("a trial of a search has a cost")
    return proposal


Recorded = Annotated[Proposal, AfterValidator(_counted)]


class Batch(Frozen):
    """Candidates that were proposed together, and those that were rejected on the way."""

    kind: Literal["batch"] = "batch"
    proposals: tuple[Recorded, ...]
    exhausted: bool = False
    """Nothing new was found any more; so the same command does not look again."""


class Stage(Frozen):
    """What came of a batch at a rung, or at the end."""

    kind: Literal["stage"] = "stage"
    batch: int
    rung: int
    """From 0; the number of rungs stands for the end."""
    values: dict[str, tuple[float, ...]]
    """The objectives of each candidate that came so far, by name."""
    ended: dict[str, str] = Field(default_factory=dict)
    """Why the others did not."""
    goes_on: tuple[str, ...] = ()
    """Which of them are trained further."""
    born: tuple[Recorded, ...] = ()
    """Those that go on from others' weights in the place of those that do not."""


class Promotion(Frozen):
    """A candidate that waited at a rung is trained further, in a search without batches."""

    kind: Literal["promotion"] = "promotion"
    number: int
    """Of the proposal."""
    rung: int
    """At which it waited."""


class Retry(Frozen):
    """Trials that failed are run again, as a batch of their own."""

    kind: Literal["retry"] = "retry"
    batch: int
    numbers: tuple[int, ...]
    """Of the proposals."""


Line = Batch | Stage | Promotion | Retry
_OneLine = Annotated[Line, Field(discriminator="kind")]


class SearchRecord(Frozen):
    """A search: what decides it, and everything that has happened, in order."""

    name: str
    settings: Settings
    known: tuple[Known, ...] = ()
    """What the sampler is told first; kept, so that later results change no proposal."""
    images: dict[str, str] = Field(default_factory=dict)
    """Content hash of each set of images, by use and name; empty if an older workbench began it."""
    lines: tuple[_OneLine, ...] = ()

    def with_lines(self, lines: Iterable[Line]) -> "SearchRecord":
        """Return the record with more that has happened."""
        # Not a copy: that would take over what was found out about fewer lines.
        return SearchRecord.model_construct(
            name=self.name,
            settings=self.settings,
            known=self.known,
            images=self.images,
            lines=(*self.lines, *lines),
        )

    @cached_property
    def proposals(self) -> tuple[Proposal, ...]:
        """All that was proposed, in order."""
        found: list[Proposal] = []
        for line in self.lines:
            if isinstance(line, Batch):
                found += line.proposals
            elif isinstance(line, Stage):
                found += line.born
        return tuple(found)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """What came of candidates at rungs and at their ends, in order."""
        return tuple(line for line in self.lines if isinstance(line, Stage))

    @property
    def exhausted(self) -> bool:
        """Whether nothing new was found any more."""
        batches = (line for line in reversed(self.lines) if isinstance(line, Batch))
        return any(line.exhausted for line in islice(batches, 1))

    def stage(self, batch: int, rung: int) -> Stage | None:
        """Return what came of a batch at a rung, None if that is not known yet."""
        return next((s for s in reversed(self.stages) if (s.batch, s.rung) == (batch, rung)), None)

    @property
    def next_batch(self) -> int:
        """The number of the next batch."""
        retried = [line.batch for line in self.lines if isinstance(line, Retry)]
        return 1 + max([*retried, *(p.batch for p in self.proposals[-1:])], default=-1)

    def ended(self) -> Mapping[str, str]:
        """Return why candidates ended without a score, by name; those under way again are not in.

        Reasons begin with the state and a colon: `failed: ...`, `out of memory: ...`.
        """
        found: dict[str, str] = {}
        for line in self.lines:
            if isinstance(line, Stage):
                found |= line.ended
            elif isinstance(line, Retry):
                for number in line.numbers:
                    found.pop(name_of(number), None)
        return found

    def failed(self) -> tuple[Proposal, ...]:
        """Return the candidates that may have failed by no fault of their own."""
        ended = self.ended()
        return tuple(
            p for p in self.proposals if ended.get(p.name, "").partition(":")[0] in MAY_PASS
        )

    @property
    def retrying(self) -> bool:
        """Whether trials that failed are under way again: what runs them was stopped."""
        waiting = set[str]()
        for line in self.lines:
            if isinstance(line, Retry):
                waiting = {name_of(number) for number in line.numbers}
            elif isinstance(line, Stage):
                waiting -= {*line.ended, *(n for n in line.values if n not in line.goes_on)}
        return bool(waiting)

    def stopped(self) -> Mapping[str, Stage]:
        """Return the rung at which candidates were stopped, by name."""
        found: dict[str, Stage] = {}
        for line in self.lines:
            if isinstance(line, Promotion):
                found.pop(name_of(line.number), None)
            elif isinstance(line, Stage) and line.rung < len(self.settings.space.fidelity.rungs):
                found |= {name: line for name in line.values if name not in line.goes_on}
        return found
