"""Which trial runs in which actor of lanes; Ray is played and nothing trains."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.builders.comparisons import BASE
from workbench.config.overrides import apply_overrides
from workbench.execution.events import Notice
from workbench.execution.executor import Task
from workbench.execution.ray import lane_pool
from workbench.execution.ray.connection import Connection
from workbench.execution.ray.feed import Feed
from workbench.execution.ray.home import Outcome, StoreServer
from workbench.execution.ray.lane_pool import LanePool
from workbench.execution.ray.node import Shipped
from workbench.execution.ray.tuning import Resources
from workbench.results import TrialState
from workbench.trial.images import PackedImages

COMPLETE = BASE[0]
OUT_OF_MEMORY = COMPLETE.model_copy(update={"state": TrialState.OUT_OF_MEMORY})


class LostError(Exception):
    """What Ray raises for an actor that is gone."""


class Call:
    """A method of an actor, called here and at once."""

    def __init__(self, call: Any) -> None:
        self.remote = call


class Actor:
    """An actor whose trials end when the test says so."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.trials: list[str] = []
        self.run = Call(self._start)

    def _start(self, shipped: Shipped) -> tuple[int, str]:
        self.trials.append(shipped.task.arm)
        return id(self), shipped.task.arm


class Cluster:
    """Ray with a feed of trials that begins with these."""

    def __init__(self, lanes: int, resources: Resources, held: dict[str, float]) -> None:
        self.actors: list[Actor] = []
        self.outcomes: dict[str, Outcome | LostError] = {}
        self.server = StoreServer(Path("store"))
        self.feed = Feed()
        ray = SimpleNamespace(
            get=self._get,
            wait=lambda refs, **_: ([r for r in refs if r[1] in self.outcomes], []),
            remote=lambda _: SimpleNamespace(options=self._actor),
            kill=lambda _: None,
            cluster_resources=lambda: held,
            exceptions=SimpleNamespace(RayError=LostError),
        )
        names = ("add_outcome", "report")
        server = SimpleNamespace(**{name: Call(getattr(self.server, name)) for name in names})
        self.pool = LanePool(self.feed, Connection(ray, server, "", Path("x")), lanes, resources)

    def _actor(self, **options: Any) -> Call:
        def start(*_: object) -> Actor:
            self.actors.append(Actor(options))
            return self.actors[-1]

        return Call(start)

    def _get(self, value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        outcome = self.outcomes.pop(value[1])
        if isinstance(outcome, LostError):
            raise outcome
        return outcome

    def put(self, names: str, threads: int = 1) -> None:
        config = apply_overrides(COMPLETE.config, {"training.threads": threads})
        for name in names:
            images = PackedImages(training={}, validation=("v", "x"), benchmarks={})
            task = Task(name, config)
            self.feed.put(Shipped(ord(name), task, images, Path("store")))

    def end(self, **outcomes: Outcome | LostError) -> None:
        self.outcomes |= outcomes
        self.pool.advance()
        self.pool.advance()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_pool, "_POLL_S", 0.0)


def test_each_gpu_has_an_actor_and_each_actor_its_lanes() -> None:
    cluster = Cluster(2, Resources(gpus=1.0), {"GPU": 2.0, "CPU": 8.0})
    cluster.put("abcde")
    cluster.pool.advance()
    assert [actor.trials for actor in cluster.actors] == [["a", "b"], ["c", "d"]]
    assert cluster.actors[0].options == {
        "num_gpus": 1.0,
        "num_cpus": 0,
        "max_concurrency": 2,
        "max_restarts": 0,
    }
    cluster.end(c=COMPLETE)
    assert cluster.actors[1].trials == ["c", "d", "e"]
    assert cluster.server.take_events() == [(ord("c"), COMPLETE)]


def test_actors_without_a_gpu_take_a_core_for_each_lane() -> None:
    cluster = Cluster(3, Resources(cpus=1.0), {"CPU": 6.0})
    cluster.put("abcdefgh")
    cluster.pool.advance()
    assert [len(actor.trials) for actor in cluster.actors] == [3, 3]
    assert cluster.actors[0].options["num_cpus"] == 3.0


def test_trials_of_an_actor_have_the_same_settings_of_the_process() -> None:
    cluster = Cluster(2, Resources(gpus=1.0), {"GPU": 1.0})
    cluster.put("a")
    cluster.put("b", threads=2)
    cluster.put("c")
    cluster.pool.advance()
    assert cluster.actors[0].trials == ["a"]
    cluster.pool.advance()
    assert cluster.actors[0].trials == ["a", "c"], "b has gone behind it"
    cluster.end(a=COMPLETE)
    assert cluster.actors[0].trials == ["a", "c"]
    cluster.end(c=COMPLETE)
    assert cluster.actors[0].trials == ["a", "c", "b"]


def test_a_lost_actor_is_the_fault_of_a_trial_only_if_it_ran_alone() -> None:
    cluster = Cluster(2, Resources(gpus=1.0), {"GPU": 1.0})
    cluster.put("ab")
    cluster.pool.advance()
    cluster.end(a=LostError())
    assert cluster.feed.lost() == [(ord("a"), False), (ord("b"), False)]
    cluster.put("ab")  # as the driver does
    cluster.pool.advance()
    assert cluster.actors[1].trials == ["a"], "half as many lanes as before"
    cluster.end(a=LostError())
    assert cluster.feed.lost() == [(ord("a"), True)]
    assert cluster.actors[2].trials == ["b"]
    cluster.put("cd")
    cluster.end(b=COMPLETE)
    assert cluster.actors[2].trials == ["b", "c", "d"], "as many lanes as before"


def test_out_of_memory_beside_others_is_put_back_and_alone_it_is_the_outcome() -> None:
    cluster = Cluster(2, Resources(gpus=1.0), {"GPU": 1.0})
    cluster.put("ab")
    cluster.pool.advance()
    cluster.end(a=OUT_OF_MEMORY)
    assert cluster.actors[0].trials == ["a", "b"], "it waits for a lane"
    ((_, notice),) = cluster.server.take_events()
    assert isinstance(notice, Notice)
    assert "a seed 1: out of memory beside 1 other trials" in notice.text
    cluster.end(b=COMPLETE)
    assert cluster.actors[0].trials == ["a", "b", "a"]
    cluster.server.take_events()
    cluster.end(a=OUT_OF_MEMORY)
    assert cluster.server.take_events() == [(ord("a"), OUT_OF_MEMORY)]
    cluster.put("cd")
    cluster.pool.advance()
    assert cluster.actors[0].trials[3:] == ["c", "d"], "as many lanes as before"
