"""The file of a search: `searches/<name>.jsonl`, a line for the settings, then one for each event.

Lines are only added, and each is on the disk before anything follows from it. So the 2,000th trial
costs no more than the first, and a kill leaves at most half a line, which is dropped.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.config.base import explain
from workbench.errors import ConfigError, WorkbenchError, nearest, writing_to
from workbench.search.record import SearchEvent, SearchRecord
from workbench.store.store import Store
from workbench.system.digests import DamagedError, seal_json, unseal_json
from workbench.system.files import write_atomically
from workbench.system.locks import LockHeldError
from workbench.system.strict_json import loads

_START_OVER = "move it away and run the same command again, which trains nothing that is finished"


def start_record(record: SearchRecord, store: Path) -> None:
    """Write the first line of a search, and its events.

    Raises:
        StoreError: If the store cannot be written.
    """
    header = record.model_dump(mode="json", exclude={"events"})
    lines = [header, *(line.plain() for line in record.events)]
    content = b"".join(_encoded(line) for line in lines)
    write_atomically(Store(store).search(record.name), content, store=store)


def add_line(line: SearchEvent, store: Path, name: str) -> None:
    """Add an event; it is on the disk when this returns.

    Raises:
        StoreError: If the store cannot be written.
    """
    with writing_to(store), Store(store).search(name).open("r+b") as file:
        _drop_half_a_line(file)
        file.write(_encoded(line.plain()))
        file.flush()
        os.fsync(file.fileno())


def _encoded(line: Mapping[str, object]) -> bytes:
    return seal_json(line, indent=None) + b"\n"


def _drop_half_a_line(file: Any) -> None:
    """Cut off what a kill has left after the last whole line, and stand at the end."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 1))
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def read_record(store: Path, name: str) -> SearchRecord | None:
    """Return a search, or None if there is none of this name.

    Half a line at its end is what a kill has left, and is not read.

    Raises:
        ConfigError: If its file cannot be used: what was proposed cannot be made again.
    """
    path = Store(store).search(name)
    if not path.is_file():
        return None
    text = path.read_bytes()
    lines = text[: text.rfind(b"\n") + 1].split(b"\n")[:-1]
    try:
        head, *rest = (_decoded(line, number) for number, line in enumerate(lines, 1))
        data = head | {"name": name, "lines": rest}
        return SearchRecord.check(data)
    except DamagedError as damage:
        raise ConfigError(
            f"{path}: damaged ({damage}); restore it from a copy, or {_START_OVER}"
        ) from None
    except ValidationError as error:
        reason = " ".join(explain(error, data, SearchRecord).split())
        raise ConfigError(f"{path}: no search of this version; {_START_OVER} ({reason})") from None
    except (ValueError, TypeError):  # no JSON, no text, or no search
        raise ConfigError(f"{path}: no search of this version; {_START_OVER}") from None


def _decoded(line: bytes, number: int) -> Any:
    try:
        return loads(unseal_json(line))
    except DamagedError as damage:
        raise DamagedError(f"line {number}: {damage}") from None


def find_record(store: Path, name: str) -> SearchRecord:
    """Return a search.

    Raises:
        ConfigError: If there is none of this name, with the nearest.
    """
    record = read_record(store, name)
    if record is None:
        known = Store(store).search_names()
        raise ConfigError(f"unknown search {name!r} in {store}; {nearest(name, known)}")
    return record


def put_aside(store: Path, name: str) -> str | None:
    """Give a search another name, so that a new one can have its name.

    Returns:
        The other name, None if there is no such search.

    Raises:
        StoreError: If the store cannot be written.
    """
    path = Store(store).search(name)
    if not path.is_file():
        return None
    other = f"{name}-until-{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime())}"
    while Store(store).search(other).exists():  # within one second
        other += "+"
    with writing_to(store):
        path.rename(Store(store).search(other))
    return other


@contextmanager
def only_driver(store: Path, name: str) -> Iterator[None]:
    """Hold a search for this process; the system frees it however the process ends.

    Raises:
        WorkbenchError: If another process runs this search.
        StoreError: If the store cannot be written.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(Store(store).search_lock(name))
        except LockHeldError:
            raise WorkbenchError(
                f"search {name!r} in {store} is being run by another process; wait for it, stop "
                "it, or give another --study"
            ) from None
        yield
