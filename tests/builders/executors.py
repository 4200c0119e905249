"""An executor for tests of what is around it: trials run one after the other in this process."""

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    TrialEmit,
    TrialFailed,
    TrialFinished,
    TrialProgressed,
    TrialValidated,
)
from workbench.execution.executor import Task
from workbench.execution.executors import ExecutorSpec
from workbench.results import CurvePoint, TrialResult
from workbench.system.stopping import signals_set
from workbench.trial.run import run_trial


class InlineExecutor:
    """Runs trials in this process. No process has to load torch, and all is repeatable."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._stop = threading.Event()

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
        with signals_set(self._stop):
            while done < len(tasks) and not self._stop.is_set():
                self._run(tasks[done], emit)
                done += 1
        if self._stop.is_set():
            raise StoppedByUserError("stopped; rerun the same command to resume")

    def _run(self, task: Task, emit: TrialEmit) -> None:
        try:
            emit(TrialFinished(task.arm, task.seed, self._result(task, emit)))
        except StoppedByUserError:
            assert self._stop.is_set()
        except WorkbenchError as error:
            emit(TrialFailed(task.arm, task.seed, error))

    def _result(self, task: Task, emit: TrialEmit) -> TrialResult:
        def validated(point: CurvePoint) -> None:
            emit(TrialValidated(task.arm, task.seed, point))

        def progress(done: int, total: int, what: str) -> None:
            emit(TrialProgressed(task.arm, task.seed, done, total, what))
            if self._stop.is_set():
                raise StoppedByUserError("stopped")

        run = partial(run_trial, task.config, store=self._store, until=task.until)
        return run(on_validation=validated, progress=progress)


def run_inline(patch: pytest.MonkeyPatch) -> None:
    """Let commands and functions run their trials in this process."""
    patch.setattr(ExecutorSpec, "build", lambda _self, store, _at_once: InlineExecutor(store))
