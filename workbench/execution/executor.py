"""The interface of an executor: what runs trials, on processes, a GPU or a cluster. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.config.trial import TrialConfig
from workbench.errors import WorkbenchError
from workbench.execution.events import TrialEmit
from workbench.results import TrialResult


@dataclass(frozen=True)
class Task:
    """One trial: an arm under one seed, and what the ledger has of it."""

    arm: str
    """Name of the arm."""
    config: TrialConfig
    """With the seed."""
    key: str | None = None
    """In the ledger; None while some of its images are not packed."""
    until: int | None = None
    """Training step at which it stops for now; None to run it to its end."""
    result: TrialResult | None = None
    """From the ledger; None if the trial is to be run."""

    @property
    def seed(self) -> int:
        """The trial's seed."""
        return self.config.seed

    @property
    def process_settings(self) -> tuple[str, int]:
        """What PyTorch sets for a whole process: the device, and the number of CPU threads."""
        return self.config.training.device, self.config.training.threads


class Executor(Protocol):
    """Runs trials. Which executor does so changes no result: weights, scores and keys are equal.

    An executor is a context manager around its workers; several calls of `run` share them. Each
    trial is run by `trial.run.run_trial`, which owns checkpoints, locks and the ledger's records,
    so an executor only hands out tasks and passes on reports. `tests/execution/conformance.py`
    holds every executor against this contract.

    Tasks: `tasks` may become longer whenever `emit` is called; what is appended is run, too. No
    two tasks that have not ended share arm and seed. Tasks start in the order of the sequence, as
    far as workers are free; one that is resumed after a death may come before those that have not
    started. Images are packed and checked before, so workers open them without reading every pixel.

    Events: `emit` is called in the thread that called `run`, never concurrently. A task has any
    number of TrialProgressed, TrialValidated, WaitingForLock and WorkerDied, then exactly one
    TrialFinished or TrialFailed, and nothing after it. All reports of a task come before its
    ending and in the order in which the worker made them; tasks interleave. A trial that the
    ledger has meanwhile is emitted as TrialFinished with the stored result.

    Notices: what a worker logs as a warning (such as a damaged file) reaches
    `system.digests.say` of the driver, which says each text once.

    Failures: a WorkbenchError of a trial is its TrialFailed; the other trials continue. Likewise
    an OSError, as a WorkbenchError of one line. Memory of the machine that runs out outside of
    training is TrialFailed with MemoryRanOutError, or a WorkbenchError whose text starts with
    `out of memory:`, and the process is not used again. (Memory that runs out inside `run_trial`
    is a result with the state OUT_OF_MEMORY.) Any other exception is a bug: `run` raises it, or a
    RuntimeError with its traceback. An executor whose `run` has raised runs nothing more.

    Death: if the process of a trial dies, WorkerDied is emitted and the trial is resumed from its
    last checkpoint in a new process; after a fixed number of deaths (at least two) it is
    TrialFailed with WorkerLostError. A process that runs several trials is resumed with fewer at a
    time, and a death counts only against a trial that was alone in it. Likewise OUT_OF_MEMORY is
    a result only of a trial that had the process to itself; others are run again, with fewer beside
    them. A worker that dies while it is idle is replaced silently.
    No worker outlives its driver, however the driver ends.

    Stop: the first SIGINT, SIGTERM or SIGUSR1 of the driver lets every worker write its checkpoint
    and stop; no further trial starts, and trials that stop emit no ending. A second SIGINT or
    SIGTERM acts as usual. Processes are started with SIGUSR1 blocked
    (`system.stopping.children_spared`), as schedulers send it to all processes of a job. If `emit`
    raises, the workers are stopped likewise and the exception propagates.
    """

    def run(self, tasks: Sequence[Task], emit: TrialEmit, /) -> None:
        """Run trials until each has ended.

        Args:
            tasks: The trials; the sequence may grow while `emit` is called.
            emit: Gets all events.

        Raises:
            StoppedByUserError: After a stop, when all checkpoints are written.
            WorkbenchError: If the executor itself cannot continue, such as a lost cluster.
        """


class WorkerLostError(WorkbenchError):
    """The worker processes of a trial died; usually the system took them as memory ran out."""


class MemoryRanOutError(WorkbenchError):
    """The memory of a worker did not suffice; its process is not used again."""
