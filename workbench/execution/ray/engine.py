"""Ray Tune runs the trials. Only this file and `tune_parts` import ray.

Tune decides where and when a trial runs, and tells when its process or its node is lost.
What is tried, what is compared at the rungs and what is finished is decided by the search and its
ledger, as with the local engine; so both propose the same.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.errors import ConfigError, StoppedByUserError, WorkbenchError
from workbench.execution.messages import Listener, Lost, Message, Notice, Task, WorkerLostError
from workbench.execution.ray.address import check_reachable
from workbench.execution.ray.feed import Feed
from workbench.execution.ray.home import Failure, Outcome, StoreServer
from workbench.execution.ray.node import Shipped
from workbench.execution.ray.reaper import end_reaper, start_reaper
from workbench.results import TrialResult
from workbench.system.digests import say
from workbench.system.global_state import environment_kept, environment_set
from workbench.system.stopping import signals_set
from workbench.trial.images import packed_images

POLL_S = 0.1
MOST_LOSSES = 3
"""So often a trial begins again whose process or node is lost."""
TRIALS_OF_A_TUNER = 100
"""Tune keeps 0.1 MB of each trial that it has run; so it begins anew after so many."""
PATIENCE_S = 30.0
"""For running trials to write their checkpoints after a stop."""

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_TRAIN_V2_ENABLED": "0",
}

_SET_BY_RAY = ("RAY_AUTH_MODE", "RAY_CLIENT_MODE", "PYTHONBREAKPOINT")
"""Variables that Ray sets in its driver and leaves there."""
_LOCAL_SETTINGS = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray listens on all interfaces otherwise. It is read when ray is imported."""


@dataclass(frozen=True)
class Resources:
    """What one trial takes of a node."""

    cpus: float = 1.0
    gpus: float = 0.0


class RayWorkers:
    """Ray Tune in the place of `workers.Workers`.

    Args:
        store: The store that holds the ledger, on this node.
        count: Trials at a time at most; None for as many as the cluster holds.
        address: Of a cluster; None starts Ray on this machine, on 127.0.0.1 only.
        resources: Of one trial.
    """

    def __init__(
        self, store: Path, count: int | None, address: str | None, resources: Resources
    ) -> None:
        self._store = store.absolute()
        self._count, self._address, self._resources = count, address, resources
        self._stop = threading.Event()
        self._ticket = 0
        self._feed = Feed()
        self._shipped: dict[int, Shipped] = {}
        """What is under way, by ticket."""
        self._losses: dict[int, int] = {}
        """How often it was lost, by ticket."""

    def __enter__(self) -> "RayWorkers":
        with ExitStack() as stack:
            stack.enter_context(environment_kept(_SET_BY_RAY))
            stack.enter_context(environment_set(_SETTINGS))
            if self._address is None:
                stack.enter_context(environment_set(_LOCAL_SETTINGS, replace=True))
            import ray

            self._ray: Any = ray
            self._open(stack)
            self._opened = stack.pop_all()
        return self

    def _open(self, stack: ExitStack) -> None:
        """Start or join Ray, and let Tune wait for trials."""
        # Ray prints the logs of lost nodes to stdout, where the table goes.
        stack.enter_context(redirect_stdout(sys.stderr))
        self._folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-tune-"))
        if self._address is None:
            stack.callback(end_reaper, start_reaper())
        stack.callback(_quietly, self._ray.shutdown)
        self._connect()
        self._server = _start_server(self._ray, self._store)
        tune = threading.Thread(target=self._run_tune, daemon=True)
        tune.start()
        stack.callback(tune.join, PATIENCE_S)
        stack.callback(self._feed.close)

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def run(self, tasks: Sequence[Task], listener: Listener) -> None:
        """Run trials and tell the listener what happens; see `workers.Workers.run`.

        Raises:
            StoppedByUserError: After a stop, when all checkpoints are written.
            WorkbenchError: If Ray is lost.
        """
        left, taken = self._submit(tasks, 0), len(tasks)
        with signals_set(self._stop):
            told, until_s = False, 0.0
            while left:
                if self._stop.is_set() and not told:
                    self._ray.get(self._server.stop.remote())
                    left = {t: i for t, i in left.items() if not self._feed.take_back(t)}
                    told, until_s = True, time.monotonic() + PATIENCE_S
                if told and time.monotonic() > until_s:
                    break
                self._take_news(left, listener)
                if not told:  # the listener may have added some
                    left |= self._submit(tasks, taken)
                    taken = len(tasks)
        if self._stop.is_set():
            raise StoppedByUserError("stopped; rerun the same command to resume")

    def _submit(self, tasks: Sequence[Task], first: int) -> dict[int, int]:
        """Hand out the tasks from the first on; return their places by ticket."""
        tickets = {}
        for index in range(first, len(tasks)):
            task = tasks[index]
            self._ticket += 1
            images = packed_images(task.config)
            shipped = Shipped(self._ticket, task.config, task.until, images, self._store)
            tickets[self._ticket] = index
            self._ship(shipped, losses=0)
        return tickets

    def _ship(self, shipped: Shipped, losses: int) -> None:
        self._shipped[shipped.ticket], self._losses[shipped.ticket] = shipped, losses
        self._feed.put(shipped)

    def _again(self, lost: int) -> int | None:
        """Hand a lost trial out under a new ticket; None if it was lost too often, or at a stop.

        Tune's own retries are not used: it hears of one death twice, and gives the trial up then.
        """
        shipped, losses = self._shipped.pop(lost), self._losses.pop(lost) + 1
        if losses > MOST_LOSSES or self._stop.is_set():
            return None
        self._ticket += 1
        self._ship(replace(shipped, ticket=self._ticket), losses)
        return self._ticket

    def _take_news(self, left: dict[int, int], listener: Listener) -> None:
        """Pass on what has happened; what has ended is no longer left."""
        time.sleep(POLL_S)
        try:
            events = self._ray.get(self._server.take.remote())
        except self._ray.exceptions.RayError as error:
            raise WorkbenchError(f"Ray is lost ({_one_line(error)}); {_GOES_ON}") from None
        for ticket, what in events:
            if isinstance(what, Notice):
                say(what.text)
            elif ticket in left:
                self._pass_on(ticket, what, left, listener)
        for lost in self._feed.lost():  # their own last news have come before
            if lost in left:
                self._take_loss(lost, left, listener)
        if self._feed.error is not None:
            raise WorkbenchError(f"Ray Tune has stopped: {self._feed.error}; {_GOES_ON}")

    def _pass_on(
        self,
        ticket: int,
        what: Message | Outcome,
        left: dict[int, int],
        listener: Listener,
    ) -> None:
        if not isinstance(what, Outcome):
            listener.news(left[ticket], what)
            return
        del self._shipped[ticket], self._losses[ticket]
        if isinstance(what, Failure):
            listener.failed(left.pop(ticket), _failure(what))
        elif isinstance(what, TrialResult):
            listener.finished(left.pop(ticket), what)
        else:
            del left[ticket]

    def _take_loss(self, lost: int, left: dict[int, int], listener: Listener) -> None:
        index, ticket = left.pop(lost), self._again(lost)
        if ticket is None:
            listener.failed(index, _failure(Failure("")))
        else:
            left[ticket] = index
            listener.news(index, Lost())

    def _connect(self) -> None:
        ray = self._ray
        quiet = {"log_to_driver": False, "logging_level": "ERROR"}
        if self._address is not None:
            check_reachable(self._address)
            try:
                ray.init(address=self._address, **quiet)
            except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
                raise ConfigError(
                    f"--address {self._address}: no Ray cluster that lets this process in "
                    f"({_one_line(error)})"
                ) from None
            return
        cpus = max(1, round((self._count or 1) * self._resources.cpus))
        ray.init(address="local", num_cpus=cpus, include_dashboard=False, **quiet)

    def _run_tune(self) -> None:
        """Let Tune run what the feed gives, in a thread of its own."""
        try:
            while not self._feed.closed:
                self._tuner().fit()
        except Exception as error:  # noqa: BLE001 (it is told to the driver's thread)
            self._feed.error = _one_line(error)

    def _tuner(self) -> Any:
        from ray import tune

        from workbench.execution.ray.tune_parts import FeedSearcher, TuneTrial

        home_id = _node_id(self._ray)
        trial = tune.with_parameters(TuneTrial, server=self._server, home_id=home_id)
        resources = {"cpu": self._resources.cpus, "gpu": self._resources.gpus}
        return tune.Tuner(
            tune.with_resources(trial, resources),
            tune_config=tune.TuneConfig(
                search_alg=FeedSearcher(self._feed, TRIALS_OF_A_TUNER),
                num_samples=-1,
                max_concurrent_trials=self._count,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                storage_path=self._folder,
                failure_config=tune.FailureConfig(max_failures=0),
                verbose=0,
            ),
        )


_GOES_ON = "finished trials are kept, and the same command goes on"


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _failure(what: Failure) -> WorkbenchError:
    if what.text:
        return WorkbenchError(what.text)
    return WorkerLostError(
        f"its process or its node was lost {MOST_LOSSES + 1} times, perhaps because memory ran out"
    )


def _quietly(end: Callable[[], None]) -> None:
    with suppress(Exception):  # nothing that happens at the end can lose anything
        end()


def _node_id(ray: Any) -> str:
    return str(ray.get_runtime_context().get_node_id())


def _start_server(ray: Any, store: Path) -> Any:
    """Start the server of the store, on this node and no other."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(_node_id(ray), soft=False)
    actor = ray.remote(StoreServer).options(
        num_cpus=0, max_concurrency=8, scheduling_strategy=here, max_restarts=0
    )
    return actor.remote(store)
