"""Builders of tests: searches in every order of arrival, with failures, and of a population."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.builders.searches import Failing, Fake, run, settings, with_rungs
from workbench.execution.plan import Arm
from workbench.execution.stream import ArmEnded
from workbench.search.loop import RunStream, run_loop
from workbench.search.objectives import parse_objectives
from workbench.search.record import SearchEvent, SearchRecord, Settings
from workbench.search.record_file import add_line
from workbench.search.state import SearchState
from workbench.spaces.space import Fidelity, SpaceFile

PSNR = parse_objectives([], ["Set5"])
RATE = "training.stages.0.learning_rate"
POPULATION_SPACE = SpaceFile.parse(
    {
        "question": "Why?",
        "base": "tiny",
        "dimensions": {
            RATE: {"kind": "floats", "low": 3e-4, "high": 0.03, "log": True},
            "training.stages.0.loss": {"kind": "choice", "values": ["l1", "charbonnier", "l2"]},
            "training.ema_decay": {"kind": "floats", "low": 0.9, "high": 0.999},
        },
    }
)


def of_population(keep: float = 0.5, batch: int = 6, **changes: object) -> Settings:
    fidelity = Fidelity(rungs=(0.3, 0.6), keep=keep)  # after 40 and 80 of 120 steps
    space = POPULATION_SPACE.model_copy(update={"fidelity": fidelity})
    return settings(space=space, sampler="pbt", batch=batch, **changes)


def search_with_failures(wanted: Settings) -> tuple[SearchRecord, Failing, list[str]]:
    """Return a search: of its first candidates one is lost, one out of memory, one diverged."""
    names = [p.name for p in run(wanted, 5, Fake()).trained]
    fake = Failing({names[1]: "lost", names[2]: "out of memory", names[3]: "diverged"})
    record = run(wanted, 9, fake).record
    fake.how = {names[3]: "diverged"}
    fake.forget(names[1:4])
    return record, fake, names


class Arrivals:
    """Runs arms one by one; which of those under way ends next is up to the order."""

    def __init__(self, fake: Fake, order: str, seed: int = 0) -> None:
        self.fake, self.order, self.draw = fake, order, random.Random(seed)
        self.most = 0
        """Arms that were under way at once."""
        self.failing: dict[str, str] = {}

    def __call__(self, first: Iterable[Arm], then: Callable[[ArmEnded], Iterable[Arm]]) -> None:
        waiting = list(first)
        while waiting:
            self.most = max(self.most, len(waiting))
            place = {"first come": 0, "last come": -1}.get(self.order)
            one = waiting.pop(self.draw.randrange(len(waiting)) if place is None else place)
            waiting += then(self.ended(one))

    def ended(self, one: Arm) -> ArmEnded:
        name = one.name
        if name in self.failing:
            return ArmEnded(name, [], self.failing[name])
        return self.fake.ended(one)


def asynchronous_settings(**changes: object) -> Settings:
    return settings(**({"space": with_rungs(), "asynchronous": True} | changes))


def run_asynchronously(
    requested: Settings,
    trials: int,
    arrivals: RunStream,
    record: SearchRecord | None = None,
    store: Path | None = None,
    *,
    retry: bool = False,
) -> SearchState:
    objectives = parse_objectives(requested.objectives, ["Set5"])
    start = record or SearchRecord(name="s", settings=requested)
    lines: list[SearchEvent] = []

    def keep(line: SearchEvent) -> None:
        lines.append(line)
        if store is not None:
            add_line(line, store, "s")

    state = run_loop(start, trials, objectives, arrivals, keep, retry=retry)
    assert state.record == start.with_events(lines)
    return state


def asynchronous_search_with_failures(fake: Fake) -> tuple[SearchRecord, list[str]]:
    """Return a search with two candidates that failed on the way to their first rung."""
    arrivals = Arrivals(fake, "first come")
    names = [
        p.name
        for p in run_asynchronously(
            asynchronous_settings(), 6, Arrivals(Fake(), "first come")
        ).trained
    ]
    failed = [names[2], names[4]]
    arrivals.failing = dict.fromkeys(failed, "its worker died")
    return run_asynchronously(asynchronous_settings(), 6, arrivals).record, failed
