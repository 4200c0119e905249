"""A trial on a node of the cluster: with the driver's store on its own node, else with a copy.

Without a shared file system the images are fetched once for each node and the checkpoint before a
trial starts; checkpoints, weights and result are sent back. If a node is lost, only the steps since
its last checkpoint are lost.
"""

import shutil
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workbench.config.sources import Source, remember
from workbench.data.image_store import ImageStore
from workbench.errors import DataError, StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    Notice,
    Report,
    TrialProgressed,
    TrialValidated,
    WaitingForLock,
)
from workbench.execution.executor import Task
from workbench.execution.ray.home import Bug, Failure, Home, Outcome, Stopped
from workbench.results import CurvePoint, TrialResult
from workbench.store.keys import TrialKey, trial_key
from workbench.store.ledger import Ledger
from workbench.store.store import WEIGHTS, Store
from workbench.system.digests import forwarded, sha256
from workbench.system.files import write_atomically
from workbench.system.locks import lock_beside, locked
from workbench.system.memory import in_one_line, one_line, ran_out
from workbench.trial.images import PackedImages, TrialImages, open_packed
from workbench.trial.run import run_trial_in_worker

REPORT_EVERY_S = 0.5
SEND_CHECKPOINT_EVERY_S = 10.0
"""If there is a new one."""


@dataclass(frozen=True)
class Shipped:
    """A task as it is sent to a node."""

    ticket: int
    """Number of this attempt; a trial whose process was lost gets another one."""
    task: Task
    images: PackedImages
    store: Path
    """On the driver's node."""
    sources: tuple[Source, ...] = ()
    """Of modules of the user's own in the network."""


def run_shipped(shipped: Shipped, home: Home, *, at_home: bool) -> TrialResult:
    """Run or resume a trial, or return its result if it is finished.

    Args:
        shipped: The trial.
        home: The driver's node.
        at_home: Whether this process is on it, and so can use the store itself.

    Raises:
        StoppedByUserError: If the driver stops; the checkpoint is in its store then.
        WorkbenchError: See `run_trial_in_worker`.
    """
    for source in shipped.sources:
        remember(source)
    with forwarded(lambda text: home.report(shipped.ticket, [Notice(text)])):
        return _run_at_home(shipped, home) if at_home else _run_away(shipped, home)


def outcome_of(run: Callable[[], TrialResult]) -> Outcome:
    """Call what runs a trial and return how it ended, whatever it raises."""
    try:
        return run()
    except StoppedByUserError:
        return Stopped()
    except WorkbenchError as error:
        return Failure(str(error))
    except Exception as error:  # noqa: BLE001 (the driver raises what is a bug)
        if ran_out(error):
            return Failure(in_one_line(error))
        if isinstance(error, OSError):  # of this machine, and no bug: it may have passed soon
            return Failure(one_line(error))
        return Bug("".join(traceback.format_exception(error)))


def _run_at_home(shipped: Shipped, home: Home) -> TrialResult:
    images = open_packed(shipped.images, Ledger(shipped.store))
    return _run(shipped, shipped.store, images, _Reporter(shipped, home))


def _run_away(shipped: Shipped, home: Home) -> TrialResult:
    store = _copy_of(shipped.store)
    images = _fetched(shipped.images, store, home)
    key = trial_key(shipped.task.config, images.hashes())
    point = home.start_point(key)
    if point.finished is not None:
        return point.finished
    checkpoint = Store(store).checkpoint(key.training)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.unlink(missing_ok=True)
    if point.checkpoint is not None:
        checkpoint.write_bytes(point.checkpoint)
    _fetch_pretrained(shipped.task, store, home)
    sender = _CheckpointSender(home, key, checkpoint)
    try:
        result = _run(shipped, store, images, _Reporter(shipped, home, sender))
    finally:
        sender.send()
    if result.state.is_final:
        weights = checkpoint.with_name(WEIGHTS)
        home.keep_result(result, weights.read_bytes() if weights.is_file() else None, key)
    return result


def _run(shipped: Shipped, store: Path, images: TrialImages, reporter: "_Reporter") -> TrialResult:
    result = run_trial_in_worker(
        shipped.task.config,
        store=store,
        images=images,
        until=shipped.task.until,
        on_validation=reporter.validated,
        progress=reporter.progress,
        waiting=reporter.waiting,
    )
    reporter.flush()
    return result


@dataclass
class _CheckpointSender:
    """Sends the checkpoints of a trial to the driver's store."""

    home: Home
    key: TrialKey
    checkpoint: Path
    """On this node."""
    sent: int = 0
    """Modification time of the last one that was sent, in ns."""
    sent_s: float = field(default_factory=time.monotonic)

    def send_now_and_then(self) -> None:
        if time.monotonic() - self.sent_s >= SEND_CHECKPOINT_EVERY_S:
            self.send()

    def send(self) -> None:
        """Send the checkpoint if it is a new one."""
        self.sent_s = time.monotonic()
        if not self.checkpoint.is_file():
            return
        version = self.checkpoint.stat().st_mtime_ns
        if version != self.sent:
            self.home.keep_checkpoint(self.key, self.checkpoint.read_bytes())
            self.sent = version


@dataclass
class _Reporter:
    """Sends a trial's reports to the driver now and then; a stop takes effect when it sends."""

    shipped: Shipped
    home: Home
    sender: _CheckpointSender | None = None
    """Of a node without the driver's store."""
    sent_s: float = 0.0
    reports: list[Report] = field(default_factory=list)

    def validated(self, point: CurvePoint) -> None:
        self.reports.append(TrialValidated(*self._trial, point))

    def progress(self, done: int, total: int, what: str) -> None:
        if self.sender is not None:
            self.sender.send_now_and_then()
        if time.monotonic() - self.sent_s >= REPORT_EVERY_S:
            self.reports.append(TrialProgressed(*self._trial, done, total, what))
            self.send()

    def waiting(self) -> None:
        self.reports.append(WaitingForLock(*self._trial))
        self.send()

    def send(self) -> None:
        if self.flush():
            raise StoppedByUserError("stopped")

    def flush(self) -> bool:
        """Send the reports; return whether the trial shall stop."""
        reports, self.reports = self.reports, []
        self.sent_s = time.monotonic()
        return self.home.report(self.shipped.ticket, reports)

    @property
    def _trial(self) -> tuple[str, int]:
        return self.shipped.task.arm, self.shipped.task.seed


def _copy_of(store: Path) -> Path:
    """Return this node's folder for parts of a store; it may be deleted at any time."""
    name = sha256(str(store))[:12]
    return Path(tempfile.gettempdir()) / f"workbench-{name}"


def _fetched(images: PackedImages, store: Path, home: Home) -> TrialImages:
    """Open images, after fetching what this node does not have."""
    ledger = Ledger(store)
    for fingerprint in images.fingerprints():
        place = Store(store).packed(fingerprint)
        with locked(lock_beside(place)):
            if place.is_dir() and _is_intact(place):
                continue
            shutil.rmtree(place, ignore_errors=True)
            partial = place.with_name(f"{fingerprint}.fetched")
            partial.mkdir(exist_ok=True)
            for name, content in home.packed(fingerprint).items():
                (partial / name).write_bytes(content)
            partial.rename(place)  # whole, or not there
    return open_packed(images, ledger)


def _fetch_pretrained(task: Task, store: Path, home: Home) -> None:
    """Fetch the weights that a trial starts from, which the trial checks itself."""
    if task.config.pretrained is None:
        return
    digest = task.config.pretrained.hash
    path, content = Store(store).pretrained(digest), home.pretrained(digest)
    if content is not None:
        write_atomically(path, content)


def _is_intact(place: Path) -> bool:
    """Tell whether packed images of an earlier trial are still as they were fetched."""
    try:
        return ImageStore(place, place.name).is_intact()
    except DataError:
        return False
