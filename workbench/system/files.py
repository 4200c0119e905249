"""Writing files so that a reader, or a kill at any instant, never sees half of one."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import ConfigError, writing_file, writing_to


def write_atomically(path: Path, content: bytes, *, store: Path | None = None) -> None:
    """Write a file under another name, force it to disk, and rename it into place.

    Args:
        path: The file; its folder is created.
        content: All of it.
        store: The store that the file is part of, which an error then names; None for a file that
            the user has named.

    Raises:
        StoreError: If anything on the way fails. `path` is then as it was.
    """
    with writing_file(path) if store is None else writing_to(store):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not by tempfile, whose files only their owner may read.
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write to, which becomes `out` at the end and vanishes after an error.

    Raises:
        ConfigError: If `out` is anything but absent or an empty folder.
        StoreError: If something cannot be written.
    """
    out = out.resolve()
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out must be a folder, absent or empty, got the file {out}")
    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"--out must be a folder, absent or empty, and {out} holds files")
    temporary = out.with_name(f".{out.name}.{uuid.uuid4().hex}.tmp")
    with writing_file(out):
        try:
            temporary.mkdir(parents=True)
            yield temporary
            if out.exists():
                out.rmdir()
            temporary.rename(out)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
