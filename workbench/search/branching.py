"""A training that begins with the steps of another one, from that one's checkpoint.

Two recipes whose first steps are the same have the same state there, bit for bit: the crops are a
function of seed, stage and step, and nothing else is random. So the checkpoint of the one serves
the other, and a training that finds none gets there from its first step, only later.
"""

import io
import pickle
from pathlib import Path
from typing import Any

from workbench.ablation.plan import Arm
from workbench.config.trial import TrialConfig
from workbench.files import write_atomically
from workbench.keys import TrialKey, trial_key
from workbench.ledger import CHECKPOINT, Ledger
from workbench.trial_images import known_hashes


def branch(
    first: TrialConfig, second: TrialConfig, steps: int, *, seeds: tuple[int, ...], store: Path
) -> None:
    """Give a training that has not begun the checkpoint of another one, for each seed.

    Nothing happens where that is at another step by now.

    Args:
        first: Waits after `steps`.
        second: Has the same steps until then.
        steps: At which they part.
        seeds: Of the trainings.
        store: The store; its images are packed.

    Raises:
        StoreError: If the store cannot be written.
    """
    ledger = Ledger(store)
    for seed in seeds:
        begun, key = (_key(config, seed, ledger) for config in (first, second))
        if ledger.result(key.trial) is not None:
            continue
        with ledger.training_lock(key):
            target = ledger.training_folder(key) / CHECKPOINT
            content = _checkpoint(ledger.training_folder(begun) / CHECKPOINT, steps)
            if content is not None and not target.exists():
                write_atomically(target, content, store=ledger.store)


def _key(config: TrialConfig, seed: int, ledger: Ledger) -> TrialKey:
    hashes = known_hashes(config, ledger)
    assert hashes is not None, "images are packed before a search runs"
    return trial_key(Arm("", "", config).with_seed(seed), hashes)


def _checkpoint(path: Path, steps: int) -> bytes | None:
    """Return a checkpoint if it is one of this step."""
    import torch

    try:
        content = path.read_bytes()
        found: dict[str, Any] = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError):
        return None
    return content if found.get("step") == steps else None
