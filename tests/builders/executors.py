"""An executor for tests of what is around it: trials run one after the other in this process."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    Notice,
    Report,
    TrialEmit,
    TrialFailed,
    TrialFinished,
)
from workbench.execution.executor import Executor, Task
from workbench.execution.executors import LOCAL, ExecutorSpec
from workbench.execution.worker_trial import TrialReporter
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.system.stopping import signals_set
from workbench.trial.images import open_images
from workbench.trial.run import run_trial


class InlineExecutor:
    """Runs trials in this process: none has to start and to load torch, and all is repeatable."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.stop = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def run(self, tasks: Sequence[Task], emit: TrialEmit, /) -> None:
        done = 0
        with signals_set(self.stop):
            while done < len(tasks) and not self.stop.is_set():
                self._run(tasks[done], emit)
                done += 1
        if self.stop.is_set():
            raise StoppedByUserError("stopped; rerun the same command to resume")

    def _run(self, task: Task, emit: TrialEmit) -> None:
        try:
            emit(TrialFinished(task.arm, task.seed, self.result(task, emit)))
        except StoppedByUserError:
            assert self.stop.is_set()
        except WorkbenchError as error:
            emit(TrialFailed(task.arm, task.seed, error))

    def result(self, task: Task, emit: TrialEmit) -> TrialResult:
        def send(report: Report) -> None:
            assert not isinstance(report, Notice), "those of this process need no sending"
            emit(report)

        reporter = TrialReporter(task, send, self.stop.is_set)
        return run_trial(
            task.config,
            store=self.store,
            images=open_images(task.config, Ledger(self.store), check=False),
            until=task.until,
            on_validation=reporter.validated,
            progress=reporter.progress,
            waiting=reporter.waiting,
        )


def run_inline(patch: pytest.MonkeyPatch) -> None:
    """Let commands and functions run trials in this process, where worker processes would."""
    build = ExecutorSpec.build

    def build_inline(
        spec: ExecutorSpec, store: Path, at_once: int | None
    ) -> AbstractContextManager[Executor]:
        return InlineExecutor(store) if spec == LOCAL else build(spec, store, at_once)

    patch.setattr(ExecutorSpec, "build", build_inline)
