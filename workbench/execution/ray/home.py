"""The driver's node as other nodes see it: what they need from its store, and what they return.

No ray here: `connection` starts a `StoreServer` as an actor on the driver's node, and `RemoteHome`
in `tune_parts` is how a trial calls it.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from workbench.execution.events import Notice, Report
from workbench.results import TrialResult
from workbench.store.keys import TrialKey
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.digests import DamagedError, forwarded, unseal
from workbench.system.files import write_atomically
from workbench.trial.resume import fork_checkpoint, whole_checkpoint

NO_TICKET = 0
"""For notices that concern no single trial; tickets of trials start at 1."""


@dataclass(frozen=True)
class Failure:
    """What kept a trial from ending, in one line."""

    text: str


@dataclass(frozen=True)
class Stopped:
    """A trial has written its checkpoint because the driver wants to stop."""


@dataclass(frozen=True)
class Bug:
    """An exception that is no failure of the trial; the driver raises it."""

    traceback: str


Outcome = TrialResult | Failure | Stopped | Bug
Event = tuple[int, Report | Outcome]
"""(ticket of the trial, what happened)."""


@dataclass(frozen=True)
class StartPoint:
    """What the driver's node has of a trial that starts on another node."""

    finished: TrialResult | None
    """Its result; there is nothing to train then."""
    checkpoint: bytes | None
    """From which it resumes; None to train it from the first step."""


class Home(Protocol):
    """The driver's node."""

    def start_point(self, key: TrialKey) -> StartPoint:
        """Return the result or the checkpoint of a trial.

        Raises:
            StoreError: If the store cannot be read or written.
        """

    def packed(self, fingerprint: str) -> dict[str, bytes]:
        """Return the files of packed images, by name."""

    def pretrained(self, weights_hash: str) -> bytes | None:
        """Return the file of weights that trials start from; None if it is not there."""

    def report(self, ticket: int, reports: Sequence[Report]) -> bool:
        """Pass reports on to the driver; return whether the trial shall stop."""

    def keep_checkpoint(self, key: TrialKey, content: bytes) -> None:
        """Keep a checkpoint in the store, so that any node can resume from it."""

    def keep_result(self, result: TrialResult, weights: bytes | None, key: TrialKey) -> None:
        """Keep weights and record of a trial in the store; with that it is finished."""


@dataclass
class StoreServer:
    """Serves a store to nodes that do not have it. Only this process writes for them."""

    store: Path
    events: list[Event] = field(default_factory=list)
    stopping: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def may_start(self) -> bool:
        """Return whether a process may start a trial: not after a stop."""
        with self.lock:
            return not self.stopping

    def start_point(self, key: TrialKey) -> StartPoint:
        """See `Home`."""
        ledger = Ledger(self.store)
        with forwarded(self._notice):
            finished = ledger.result(key.trial)
            if finished is not None:
                return StartPoint(finished, None)
            fork_checkpoint(key, ledger)
            return StartPoint(None, whole_checkpoint(Store(self.store).checkpoint(key.training)))

    def _notice(self, text: str) -> None:
        """Pass on a notice that concerns no single trial."""
        with self.lock:
            self.events.append((NO_TICKET, Notice(text)))

    def packed(self, fingerprint: str) -> dict[str, bytes]:
        """See `Home`."""
        folder = Store(self.store).packed(fingerprint)
        # A hidden file is one that another process is writing.
        whole = (p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
        return {path.name: path.read_bytes() for path in whole}

    def pretrained(self, weights_hash: str) -> bytes | None:
        """See `Home`."""
        path = Store(self.store).pretrained(weights_hash)
        return path.read_bytes() if path.is_file() else None

    def report(self, ticket: int, reports: Sequence[Report]) -> bool:
        """See `Home`."""
        with self.lock:
            self.events += [(ticket, report) for report in reports]
            return self.stopping

    def add_outcome(self, ticket: int, outcome: Outcome) -> None:
        """Pass on how a trial has ended."""
        with self.lock:
            self.events.append((ticket, outcome))

    def keep_checkpoint(self, key: TrialKey, content: bytes) -> None:
        """See `Home`."""
        path = Store(self.store).checkpoint(key.training)
        try:
            unseal(content)
        except DamagedError as damage:  # on its way: the last one is better than none
            self._notice(f"a checkpoint that came for {path} is damaged ({damage}) and not kept")
            return
        write_atomically(path, content, store=self.store)

    def keep_result(self, result: TrialResult, weights: bytes | None, key: TrialKey) -> None:
        """See `Home`. The record comes last: with it the trial is finished."""
        ledger = Ledger(self.store)
        if weights is not None:
            write_atomically(Store(self.store).weights(key.training), weights, store=self.store)
        ledger.record(result)

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call."""
        with self.lock:
            events, self.events = self.events, []
            return events

    def stop(self) -> None:
        """Let every trial write its checkpoint and stop."""
        self.stopping = True
