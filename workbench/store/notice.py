"""The notice about trials of other versions that a store holds, said once. No torch."""

import re
from collections import Counter
from pathlib import Path

from workbench.errors import StoreError
from workbench.store.store import Store
from workbench.store.versions import RESULTS_VERSION, SOURCE_HASH_0_1
from workbench.system.digests import say, seal_json
from workbench.system.files import write_atomically

_VERSION = re.compile(rb'"results_version": (\d+)')
_SOURCE = re.compile(rb'"code_hash": "(\w*)"')
_NOTICE = re.compile(rb'"notice_of": (\d+)')


def say_how_trials_count(folder: Path) -> None:
    """Say, once for a store and a version of results, which of its trials are of other versions.

    Trials of another version have keys of that version: reports of their studies show them, and
    they are run again when they are requested, from their weights if only scores have changed.
    Trials of 0.1.0 name a hash of its source code in place of a version; those of its last state
    have the keys of version 1.

    A file in the store keeps that it was said. In a store that cannot be written it is said each
    time, which is no error. Commands that only read do not call it, as they write nothing.

    Args:
        folder: The store; it need not exist.
    """
    store = Store(folder)
    if _notice_version(store) == RESULTS_VERSION:
        return
    keys = store.finished_keys()
    if not keys:
        return
    text = _text(Counter(_version(store.trial_result(key)) for key in keys))
    if text:
        say(f"{folder}: {text}")
    try:
        content = seal_json({"notice_of": RESULTS_VERSION}, indent=None)
        write_atomically(store.version_notice, content, store=folder)
    except StoreError:
        return


def _notice_version(store: Store) -> int | None:
    """Return the version of the last notice; None if there was none."""
    try:
        found = _NOTICE.search(store.version_notice.read_bytes())
    except OSError:
        return None
    return int(found[1]) if found else None


def _version(record: Path) -> tuple[int | None, bool]:
    """Return the version of results of a record, None if unknown, and whether it is of 0.1.0."""
    try:
        content = record.read_bytes()
    except OSError:  # gone meanwhile, or not readable: whatever needs it says so
        return RESULTS_VERSION, False
    # Not parsed: a record takes a hundred times as long, and a store may have thousands.
    version, source = _VERSION.search(content), _SOURCE.search(content)
    if version:
        return int(version[1]), False
    if source is None:  # damaged: whatever needs it says so
        return RESULTS_VERSION, False
    return (1 if source[1].decode() == SOURCE_HASH_0_1 else None), True


def _text(counts: Counter[tuple[int | None, bool]]) -> str:
    parts = []
    same, foreign = counts[1, True], counts[None, True]
    if same:
        parts.append(f"{_trials(same)} of version 0.1.0: counted as results version 1")
    if foreign:
        parts.append(
            f"{_trials(foreign)} of other source code than version 0.1.0: kept, shown by reports, "
            "and trained again when requested"
        )
    other = sum(n for (version, _), n in counts.items() if version not in (None, RESULTS_VERSION))
    if other:
        parts.append(
            f"{_trials(other)} of another results version than {RESULTS_VERSION}: kept, shown by "
            "reports, and run again when requested"
        )
    return "; ".join(parts)


def _trials(count: int) -> str:
    return "1 trial" if count == 1 else f"{count:,} trials"
