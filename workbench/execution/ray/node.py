"""A trial on some node: with the driver's store if this is its node, else with a copy of a part.

Without a shared file system the images come over once for each node, the checkpoint before a trial
begins, and checkpoints, weights and result go back. A node that is lost takes nothing with it but
the steps since its last checkpoint.
"""

import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from workbench.config.trial import TrialConfig
from workbench.data.image_store import ImageStore
from workbench.errors import DataError, StoppedByUserError
from workbench.execution.messages import Advance, Message, Notice, Waits
from workbench.execution.ray.home import Home
from workbench.results import CurvePoint, TrialResult
from workbench.store.keys import TrialKey, trial_key
from workbench.store.ledger import Ledger
from workbench.store.store import WEIGHTS, Store
from workbench.system.digests import forwarded, sha256
from workbench.system.locks import lock_beside, locked
from workbench.trial.images import PackedImages, TrialImages, open_packed
from workbench.trial.run import run_trial

TELL_EVERY_S = 0.5
SHIP_EVERY_S = 10.0
"""Checkpoints go back that often, if there is a new one."""


@dataclass(frozen=True)
class Shipped:
    """A trial as it travels to a node."""

    ticket: int
    config: TrialConfig
    until: int | None
    images: PackedImages
    store: Path
    """On the driver's node."""


def run_shipped(task: Shipped, home: Home, *, at_home: bool) -> TrialResult:
    """Run a trial, or go on with it, or return it if it is finished.

    Args:
        task: What.
        home: The driver's node.
        at_home: Whether this process is on it, and so can use the store itself.

    Raises:
        StoppedByUserError: If the driver wants it to stop; the checkpoint is at home then.
        WorkbenchError: See `run_trial`.
    """
    with forwarded(lambda text: home.tell(task.ticket, [Notice(text)])):
        return _run_at_home(task, home) if at_home else _run_away(task, home)


def _run_at_home(task: Shipped, home: Home) -> TrialResult:
    news = _News(task.ticket, home)
    return _run(task, task.store, open_packed(task.images, Ledger(task.store)), news)


def _run_away(task: Shipped, home: Home) -> TrialResult:
    store = _copy_of(task.store)
    images = _fetched(task.images, store, home)
    key = trial_key(task.config, images.hashes())
    beginning = home.begin(key)
    if beginning.finished is not None:
        return beginning.finished
    checkpoint = Store(store).checkpoint(key.training)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.unlink(missing_ok=True)
    if beginning.checkpoint is not None:
        checkpoint.write_bytes(beginning.checkpoint)
    news = _ShippingNews(task.ticket, home, key=key, checkpoint=checkpoint)
    try:
        result = _run(task, store, images, news)
    finally:
        news.ship()
    if result.state.is_final:
        weights = checkpoint.with_name(WEIGHTS)
        home.keep_result(result, weights.read_bytes() if weights.is_file() else None, key)
    return result


def _run(task: Shipped, store: Path, images: TrialImages, news: "_News") -> TrialResult:
    result = run_trial(
        task.config,
        store=store,
        images=images,
        until=task.until,
        on_validation=news.point,
        progress=news.progress,
        waiting=news.waiting,
    )
    news.flush()
    return result


@dataclass
class _News:
    """Sends a trial's news home now and then; where it sends, a stop takes effect."""

    ticket: int
    home: Home
    sent_s: float = 0.0
    messages: list[Message] = field(default_factory=list)

    def point(self, point: CurvePoint) -> None:
        self.messages.append(point)

    def progress(self, done: int, total: int, what: str) -> None:
        if time.monotonic() - self.sent_s >= TELL_EVERY_S:
            self.messages.append(Advance(done, total, what))
            self.send()

    def waiting(self) -> None:
        self.messages.append(Waits())
        self.send()

    def send(self) -> None:
        if self.flush():
            raise StoppedByUserError("stopped")

    def flush(self) -> bool:
        """Send what there is; return whether the trial shall stop."""
        messages, self.messages = self.messages, []
        self.sent_s = time.monotonic()
        return self.home.tell(self.ticket, messages)


@dataclass
class _ShippingNews(_News):
    """Also takes the checkpoints home."""

    key: TrialKey = field(kw_only=True)
    checkpoint: Path = field(kw_only=True)
    shipped: int = 0
    shipped_s: float = field(default_factory=time.monotonic)

    def progress(self, done: int, total: int, what: str) -> None:
        if time.monotonic() - self.shipped_s >= SHIP_EVERY_S:
            self.ship()
        super().progress(done, total, what)

    def ship(self) -> None:
        """Take the checkpoint home if it is a new one."""
        self.shipped_s = time.monotonic()
        if not self.checkpoint.is_file():
            return
        version = self.checkpoint.stat().st_mtime_ns
        if version != self.shipped:
            self.home.keep_checkpoint(self.key, self.checkpoint.read_bytes())
            self.shipped = version


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


def _is_intact(place: Path) -> bool:
    """Tell whether packed images of an earlier trial are still as they came."""
    try:
        return ImageStore(place, place.name).is_intact()
    except DataError:
        return False
