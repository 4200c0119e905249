"""Where a training starts: at its own checkpoint, at a fork of another one's, or at step 0."""

from pathlib import Path

from workbench.store.keys import TrialKey
from workbench.store.ledger import Ledger
from workbench.system.digests import DamagedError, say_damaged, unseal
from workbench.system.files import write_atomically


def fork_checkpoint(key: TrialKey, ledger: Ledger) -> None:
    """Give a training without a checkpoint the latest one that it can resume from, if any.

    A damaged checkpoint is named and counts as none. Other trainings can fork this one's
    checkpoints afterwards. The caller holds the lock of the training.

    Raises:
        StoreError: If the store cannot be written.
    """
    target = ledger.paths.checkpoint(key.training)
    if whole_checkpoint(target) is None:
        content = _latest(key, ledger)
        if content is not None:
            write_atomically(target, content, store=ledger.store)
    ledger.keep_prefix(key)


def _latest(key: TrialKey, ledger: Ledger) -> bytes | None:
    """Return the checkpoint of another training that saves the most steps."""
    found: tuple[int, bytes] | None = None
    for path, stages, shared in ledger.compatible_runs(key):
        if found is not None and shared <= found[0]:
            break  # the others have fewer steps in common
        step, content = _read(path)
        if key.prefix.can_resume_from(stages, step) and (found is None or step > found[0]):
            found = step, content
    return None if found is None else found[1]


def whole_checkpoint(path: Path) -> bytes | None:
    """Return a checkpoint as it is on the disk, None if there is none or it is damaged."""
    try:
        content = path.read_bytes()
        unseal(content)
    except FileNotFoundError:
        return None
    except DamagedError as damage:
        say_damaged(path, damage)
        return None
    return content


def _read(path: Path) -> tuple[int, bytes]:
    """Return a checkpoint and its step; step 0 if it cannot be used."""
    import torch

    from workbench.training.state import decode_checkpoint

    content = whole_checkpoint(path)
    found = content and decode_checkpoint(content, path, torch.device("cpu"))
    return (int(found["step"]), content) if content and found and "step" in found else (0, b"")
