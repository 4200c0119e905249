"""The parts that Ray Tune calls: who gives it trials, and what it runs for each."""

from collections.abc import Sequence
from typing import Any, cast

import ray
from ray import tune
from ray.tune.search import Searcher

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.messages import Message
from workbench.execution.ray.feed import Feed
from workbench.execution.ray.home import Beginning, Failure, Home, Outcome, Stopped
from workbench.execution.ray.node import Shipped, run_shipped
from workbench.results import TrialResult
from workbench.store.keys import TrialKey
from workbench.system.memory import in_one_line, one_line, ran_out


class FeedSearcher(Searcher):  # type: ignore[misc]  # ray has no types
    """Gives Tune the trials of the search's driver and proposes none of its own."""

    def __init__(self, feed: Feed, most: int) -> None:
        """Take trials from a feed until it is closed, so many at most."""
        super().__init__(metric="done", mode="max")
        self._feed, self._left = feed, most
        self._tickets: dict[str, int] = {}

    def set_search_properties(self, *_: Any, **__: Any) -> bool:
        """Take nothing from Tune's own settings."""
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
        """Say which trials Tune has given up; the results come by the server."""
        ticket = self._tickets.pop(trial_id, None)
        if error and ticket is not None:
            self._feed.give_up(ticket)

    def save(self, checkpoint_path: str) -> None:
        """Save nothing: the search's record and the ledger are the truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Restore nothing."""


class TuneTrial(tune.Trainable):  # type: ignore[misc]
    """One trial, to its end or to a rung, in one step of Tune's."""

    def setup(self, config: dict[str, Any], server: Any = None, home_id: str = "") -> None:
        """Take the first trial of this process."""
        self._shipped: Shipped = config["shipped"]
        self._server = server
        self._at_home = ray.get_runtime_context().get_node_id() == home_id

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next trial of this process."""
        self._shipped = new_config["shipped"]
        return True

    def step(self) -> dict[str, Any]:
        """Run the trial and say how it ended."""
        ticket = self._shipped.ticket
        if ray.get(self._server.start.remote()):
            ray.get(self._server.end.remote(ticket, self._outcome()))
        return {"done": True}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Save nothing: a trial writes its own checkpoints."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Load nothing."""

    def _outcome(self) -> Outcome:
        try:
            home = RemoteHome(self._server)
            return run_shipped(self._shipped, home, at_home=self._at_home)
        except StoppedByUserError:
            return Stopped()
        except WorkbenchError as error:
            return Failure(str(error))
        except Exception as error:
            if ran_out(error):
                return Failure(in_one_line(error))
            if isinstance(error, OSError):
                return Failure(one_line(error))
            raise


class RemoteHome(Home):
    """The server's methods, called across the cluster."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def begin(self, key: TrialKey) -> Beginning:
        """See `Home`."""
        return cast("Beginning", ray.get(self._server.begin.remote(key)))

    def packed(self, fingerprint: str) -> dict[str, bytes]:
        """See `Home`."""
        return cast("dict[str, bytes]", ray.get(self._server.packed.remote(fingerprint)))

    def tell(self, ticket: int, messages: Sequence[Message]) -> bool:
        """See `Home`."""
        return bool(ray.get(self._server.tell.remote(ticket, list(messages))))

    def keep_checkpoint(self, key: TrialKey, content: bytes) -> None:
        """See `Home`."""
        ray.get(self._server.keep_checkpoint.remote(key, content))

    def keep_result(self, result: TrialResult, weights: bytes | None, key: TrialKey) -> None:
        """See `Home`."""
        ray.get(self._server.keep_result.remote(result, weights, key))
