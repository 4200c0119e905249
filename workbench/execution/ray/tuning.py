"""Ray Tune in a thread of its own: it decides where and when the trials of a feed run."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workbench.execution.ray.connection import Connection, error_text
from workbench.execution.ray.feed import Feed

TRIALS_OF_A_TUNER = 100
"""Tune keeps 0.1 MB of each trial that it has run, so a new tuner takes over after this many."""
PATIENCE_S = 30.0
"""For running trials to write their checkpoints after a stop."""


@dataclass(frozen=True)
class Resources:
    """What one trial takes of a node."""

    cpus: float = 1.0
    gpus: float = 0.0


@contextmanager
def tuning(
    feed: Feed, connection: Connection, count: int | None, resources: Resources
) -> Iterator[None]:
    """Let Tune run what the feed holds until the block ends.

    Args:
        feed: The queue of trials; it gets Tune's own error if there is one.
        connection: To Ray.
        count: Trials at a time; None for as many as the cluster holds.
        resources: Of one trial.
    """

    def run() -> None:
        try:
            while not feed.closed:
                _tuner(feed, connection, count, resources).fit()
        except Exception as error:  # noqa: BLE001 (the driver's thread raises it)
            feed.error = error_text(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        feed.close()
        thread.join(PATIENCE_S)


def _tuner(feed: Feed, connection: Connection, count: int | None, resources: Resources) -> Any:
    from ray import tune

    from workbench.execution.ray.tune_parts import FeedSearcher, TuneTrial

    trial = tune.with_parameters(TuneTrial, server=connection.server, home_id=connection.node_id)
    return tune.Tuner(
        tune.with_resources(trial, {"cpu": resources.cpus, "gpu": resources.gpus}),
        tune_config=tune.TuneConfig(
            search_alg=FeedSearcher(feed, TRIALS_OF_A_TUNER),
            num_samples=-1,
            max_concurrent_trials=count,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            storage_path=str(connection.folder),
            failure_config=tune.FailureConfig(max_failures=0),
            verbose=0,
        ),
    )
