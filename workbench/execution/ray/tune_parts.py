"""What Ray calls: a searcher that hands trials to Tune, the trainable of a trial, lanes."""

from collections.abc import Sequence
from typing import Any, cast

import ray
from ray import tune
from ray.tune.search import Searcher

from workbench.execution.events import Report
from workbench.execution.ray.feed import Feed
from workbench.execution.ray.home import Home, Outcome, StartPoint, Stopped
from workbench.execution.ray.node import Shipped, outcome_of, run_shipped
from workbench.results import TrialResult
from workbench.store.keys import TrialKey


class FeedSearcher(Searcher):  # type: ignore[misc]  # ray has no types
    """Hands Tune the trials of the driver and proposes none of its own."""

    def __init__(self, feed: Feed, max_trials: int) -> None:
        """Take trials from a feed until it is closed, at most `max_trials`."""
        super().__init__(metric="done", mode="max")
        self._feed, self._left = feed, max_trials
        self._tickets: dict[str, int] = {}

    def set_search_properties(self, *_: Any, **__: Any) -> bool:
        """Accept and ignore Tune's own settings."""
        return True

    def suggest(self, trial_id: str) -> Any:
        """Return the next trial, None if there is none now."""
        if self._feed.closed or self._left == 0:
            return Searcher.FINISHED
        shipped = self._feed.next()
        if shipped is None:
            return None
        self._left -= 1
        self._tickets[trial_id] = shipped.ticket
        return {"shipped": shipped}

    def on_trial_complete(
        self,
        trial_id: str,
        result: Any = None,  # noqa: ARG002
        error: bool = False,
    ) -> None:
        """Note which trials Tune has lost; results are reported to the server."""
        ticket = self._tickets.pop(trial_id, None)
        if error and ticket is not None:
            self._feed.add_lost(ticket)

    def save(self, checkpoint_path: str) -> None:
        """Save nothing: the search's record and the ledger are the truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Restore nothing."""


class TuneTrial(tune.Trainable):  # type: ignore[misc]
    """One trial, to its end or to the step at which it stops for now, in one step of Tune's."""

    def setup(self, config: dict[str, Any], server: Any = None, home_id: str = "") -> None:
        """Prepare this process for its first trial."""
        self._shipped: Shipped = config["shipped"]
        self._server = server
        self._at_home = ray.get_runtime_context().get_node_id() == home_id

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Prepare this process for its next trial."""
        self._shipped = new_config["shipped"]
        return True

    def step(self) -> dict[str, Any]:
        """Run the trial and report how it ended."""
        ticket = self._shipped.ticket
        if ray.get(self._server.may_start.remote()):
            ray.get(self._server.add_outcome.remote(ticket, outcome_of(self._run_trial)))
        return {"done": True}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Save nothing: a trial writes its own checkpoints."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Load nothing."""

    def _run_trial(self) -> TrialResult:
        return run_shipped(self._shipped, RemoteHome(self._server), at_home=self._at_home)


class LaneActor:
    """A process that runs several trials at a time: Ray calls `run` in threads.

    Args:
        server: Handle of the server of the driver's store.
        home_id: Of the driver's node.
    """

    def __init__(self, server: Any, home_id: str) -> None:
        self._server = server
        self._at_home = ray.get_runtime_context().get_node_id() == home_id

    def run(self, shipped: Shipped) -> Outcome:
        """Run a trial and return how it ended."""
        if not ray.get(self._server.may_start.remote()):
            return Stopped()
        home = RemoteHome(self._server)
        return outcome_of(lambda: run_shipped(shipped, home, at_home=self._at_home))


class RemoteHome(Home):
    """The server's methods, called across the cluster."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def start_point(self, key: TrialKey) -> StartPoint:
        """See `Home`."""
        return cast("StartPoint", ray.get(self._server.start_point.remote(key)))

    def packed(self, fingerprint: str) -> dict[str, bytes]:
        """See `Home`."""
        return cast("dict[str, bytes]", ray.get(self._server.packed.remote(fingerprint)))

    def pretrained(self, weights_hash: str) -> bytes | None:
        """See `Home`."""
        return cast("bytes | None", ray.get(self._server.pretrained.remote(weights_hash)))

    def report(self, ticket: int, reports: Sequence[Report]) -> bool:
        """See `Home`."""
        return bool(ray.get(self._server.report.remote(ticket, list(reports))))

    def keep_checkpoint(self, key: TrialKey, content: bytes) -> None:
        """See `Home`."""
        ray.get(self._server.keep_checkpoint.remote(key, content))

    def keep_result(self, result: TrialResult, weights: bytes | None, key: TrialKey) -> None:
        """See `Home`."""
        ray.get(self._server.keep_result.remote(result, weights, key))
