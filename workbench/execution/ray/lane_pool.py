"""Lanes with Ray: an actor for each GPU, or for each group of cores, runs several trials at a time.

It takes the place of Ray Tune: it gets its trials from the same feed, and what they report and how
they end goes the same way.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from workbench.execution.events import Notice
from workbench.execution.lane_count import LaneCount
from workbench.execution.ray.connection import Connection, error_text
from workbench.execution.ray.feed import Feed
from workbench.execution.ray.home import NO_TICKET, Outcome
from workbench.execution.ray.node import Shipped
from workbench.execution.ray.tuning import PATIENCE_S, Resources
from workbench.results import TrialResult, TrialState

_POLL_S = 0.1


@contextmanager
def pool_of_lanes(
    feed: Feed, connection: Connection, lanes: int, resources: Resources
) -> Iterator[None]:
    """Let actors run what the feed holds until the block ends.

    Args:
        feed: The queue of trials; it gets the error that ends the actors, if there is one.
        connection: To Ray.
        lanes: Trials at a time in each actor.
        resources: GPUs of an actor; without one, CPU cores of each of its trials.
    """

    def run() -> None:
        try:
            pool = LanePool(feed, connection, lanes, resources)
            while not feed.closed:
                pool.advance()
        except Exception as error:  # noqa: BLE001 (the driver's thread raises it)
            feed.error = error_text(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        feed.close()
        thread.join(PATIENCE_S)


@dataclass
class _Running:
    """A trial in a lane."""

    shipped: Shipped
    beside: int = 1
    """Most trials of the actor at a time since it started, which is one of them."""


@dataclass
class _Actor:
    """A process on some node."""

    handle: Any
    running: dict[Any, _Running] = field(default_factory=dict)
    """By the reference of what it returns."""

    def fits(self, shipped: Shipped) -> bool:
        """Return whether a trial needs the settings of the process that those in it need."""
        wanted = shipped.task.process_settings
        return all(one.shipped.task.process_settings == wanted for one in self.running.values())


class LanePool:
    """The actors, and which trial runs in which.

    Args:
        feed: Brings the trials.
        connection: To Ray.
        lanes: Trials at a time in each actor.
        resources: See `pool_of_lanes`.
    """

    def __init__(
        self, feed: Feed, connection: Connection, lanes: int, resources: Resources
    ) -> None:
        self._feed, self._ray, self._server = feed, connection.ray, connection.server
        self._home_id = connection.node_id
        self._count = LaneCount(lanes)
        self._most_before: dict[tuple[str, int], int | None] = {}
        """Lanes for which memory sufficed before this trial ran out of it, by arm and seed."""
        self._actors: list[_Actor] = []
        self._options = (
            {"num_gpus": resources.gpus, "num_cpus": 0}
            if resources.gpus
            else {"num_cpus": resources.cpus * lanes}
        )
        self._threads = lanes

    def advance(self) -> None:
        """Start trials where there is room, and act on those that end within a moment."""
        while (shipped := self._next()) is not None:
            actor = self._with_room(shipped)
            if actor is None:
                self._feed.put_back(shipped)  # behind the others, of which one may fit
                break
            actor.running[actor.handle.run.remote(shipped)] = _Running(shipped)
            for one in actor.running.values():
                one.beside = max(one.beside, len(actor.running))
        references = [reference for actor in self._actors for reference in actor.running]
        if not references:
            time.sleep(_POLL_S)
            return
        ended, _ = self._ray.wait(references, timeout=_POLL_S)
        for actor in list(self._actors):
            if any(reference in actor.running for reference in ended):
                self._end(actor, [one for one in ended if one in actor.running])

    def _next(self) -> Shipped | None:
        """Return the next trial if there is room for one."""
        is_full = all(len(actor.running) >= self._count.now for actor in self._actors)
        if is_full and len(self._actors) >= self._most_actors():
            return None
        return self._feed.next()

    def _with_room(self, shipped: Shipped) -> _Actor | None:
        """Return the actor with the fewest trials that has room for one of its settings.

        A new one if there is none and the cluster has room for it, else None.
        """
        free = [
            actor
            for actor in self._actors
            if len(actor.running) < self._count.now and actor.fits(shipped)
        ]
        if not free and len(self._actors) < self._most_actors():
            free = [_Actor(self._new_actor())]
            self._actors += free
        return min(free, key=lambda actor: len(actor.running), default=None)

    def _most_actors(self) -> int:
        """Return for how many actors the cluster is large enough now; at least one may wait."""
        name, each = "GPU", self._options.get("num_gpus", 0.0)
        if not each:
            name, each = "CPU", self._options["num_cpus"]
        held = self._ray.cluster_resources().get(name, 0.0)
        return max(1, int(held / each)) if each else 1

    def _new_actor(self) -> Any:
        from workbench.execution.ray.tune_parts import LaneActor

        actor = self._ray.remote(LaneActor).options(
            max_concurrency=self._threads, max_restarts=0, **self._options
        )
        return actor.remote(self._server, self._home_id)

    def _end(self, actor: _Actor, ended: list[Any]) -> None:
        for reference in ended:
            try:
                outcome: Outcome = self._ray.get(reference)
            except self._ray.exceptions.RayError:
                self._lose(actor)
                return
            one = actor.running.pop(reference)
            if not (_ran_out(outcome) and self._put_back(one)):
                self._most_before.pop(_name(one.shipped), None)
                self._count.recover()
                self._ray.get(self._server.add_outcome.remote(one.shipped.ticket, outcome))

    def _lose(self, actor: _Actor) -> None:
        """Hand back the trials of a process that is lost; alone, a trial may be the reason."""
        self._actors.remove(actor)
        with suppress(Exception):  # it is gone
            self._ray.kill(actor.handle)
        lost = list(actor.running.values())
        self._count.lower_after_death(len(lost))
        for one in lost:
            self._feed.add_lost(one.shipped.ticket, was_alone=len(lost) == 1)

    def _put_back(self, one: _Running) -> bool:
        """Let a trial that ran out of memory beside others wait, and lower the number of lanes."""
        name = _name(one.shipped)
        if one.beside == 1:
            if name in self._most_before:
                self._count.most_in_memory = self._most_before.pop(name)
            return False
        self._most_before.setdefault(name, self._count.most_in_memory)
        self._count.lower_for_memory(one.beside)
        self._feed.put_back(one.shipped)
        text = (
            f"{name[0]} seed {name[1]}: out of memory beside {one.beside - 1} other trials; it "
            f"runs again later, with at most {self._count.now} at a time"
        )
        self._ray.get(self._server.report.remote(NO_TICKET, [Notice(text)]))
        return True


def _name(shipped: Shipped) -> tuple[str, int]:
    return shipped.task.arm, shipped.task.seed


def _ran_out(outcome: Outcome) -> bool:
    return isinstance(outcome, TrialResult) and outcome.state is TrialState.OUT_OF_MEMORY
