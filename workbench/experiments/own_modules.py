"""Modules of the user's own in a plan: kept in the store, and tried before they are trained."""

from collections.abc import Sequence
from pathlib import Path

from workbench.execution.executor import Task
from workbench.store.sources import keep_sources
from workbench.system.events import Caution, Emit, ignore


def admit_own_modules(tasks: Sequence[Task], store: Path, emit: Emit = ignore) -> None:
    """Keep the sources of networks that are to be trained, and refuse what cannot be trained.

    Args:
        tasks: The trials of a plan; those that are finished need no code.
        store: The store.
        emit: Gets a caution for parameters that get no gradient.

    Raises:
        ConfigError: If code is gone or has changed.
        ForeignCodeError: With the module and what does not fit.
        StoreError: If the store cannot be written.
    """
    waiting = dict.fromkeys(task.config.model for task in tasks if task.result is None)
    own = [network for network in waiting if any(network.own_modules())]
    if not own:
        return
    keep_sources(own, store)
    from workbench.models.probing import probe  # torch, which plans without own modules do without

    for network in own:
        for text in probe(network):
            emit(Caution(text))
