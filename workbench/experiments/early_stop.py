"""Stopping trials early: within a time limit, or at a signal other than Ctrl-C. No torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.errors import StoppedByUserError
from workbench.execution.events import to_all
from workbench.execution.unfinished import StoppedEarlyError, TrialWatch, Unfinished
from workbench.experiments.run_context import RunContext
from workbench.system.events import Emit, Note
from workbench.system.stopping import StopRequest, StopRequested, stop_requests
from workbench.system.time_limit import time_limited

LOCAL_RESERVE_S = 5.0
"""From a stop to the end of a command, at least; measured: 1 to 4 s with two workers."""
RAY_RESERVE_S = 15.0


@dataclass
class TrialsWatched:
    """A block whose trials may be stopped early."""

    emit: Emit
    """For the events of the trials, in place of the one that was given."""
    request: StopRequest
    watch: TrialWatch = field(default_factory=TrialWatch)
    study: str = ""
    """Name of the study whose trials have begun."""

    def plan(self, trials: int) -> None:
        """Count trials that are to be run or reused."""
        self.watch.planned += trials

    def left(self) -> Unfinished:
        """Return what is left after a stop."""
        return self.watch.left(self.request.reason)


@contextmanager
def stopped_early(context: RunContext, emit: Emit) -> Iterator[TrialsWatched]:
    """Run trials inside the block until the context's time limit, SIGTERM or SIGUSR1.

    Args:
        context: Has the limit.
        emit: Gets the events of the trials; after a stop, a note of what is left.

    Raises:
        StoppedEarlyError: After a stop that is not Ctrl-C, when all checkpoints are written.
    """
    least_s = RAY_RESERVE_S if context.executor.ray else LOCAL_RESERVE_S
    with stop_requests() as request:
        watch = TrialWatch()
        watched = TrialsWatched(to_all(watch, emit), request, watch)

        def reserve_s() -> float:
            return max(least_s, watch.starting_s) + 2 * watch.longest_s

        try:
            with time_limited(context.time_limit, request, reserve_s):
                yield watched
        except (StopRequested, StoppedByUserError):
            if not request.reason:
                raise
            left = watched.left()
            emit(Note(left.text()))
            raise StoppedEarlyError(left, watched.study) from None
