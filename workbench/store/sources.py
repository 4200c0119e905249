"""Sources of modules of one's own in a store, so that its trials outlive changes of the code."""

from collections.abc import Iterable
from pathlib import Path

from workbench.config.module import OwnModule, SourceMark, source_of
from workbench.config.network import Network
from workbench.config.sources import Source, known_source, remember
from workbench.errors import StoreError
from workbench.store.store import Store
from workbench.system.files import write_atomically


def keep_sources(networks: Iterable[Network], store: Path) -> None:
    """Write the sources of networks into a store, those that it does not have.

    This process can build the networks afterwards.

    Raises:
        ConfigError: If a source is neither in the store nor, unchanged, on the disk.
        StoreError: If the store cannot be read or written.
    """
    for own in _own_modules(networks):
        folder = Store(store).source(own.mark.digest)
        stored = stored_source(folder, own.mark)
        if stored is not None:
            remember(stored)
            continue
        for name, text in source_of(own).files.items():
            write_atomically(folder / name, text.encode(), store=store)


def load_sources(network: Network, store: Path) -> None:
    """Let this process build a network from the sources in a store, as far as they are there.

    Raises:
        StoreError: If a source is there and cannot be read.
    """
    load_marks((own.mark for own in _own_modules([network])), store)


def load_marks(marks: Iterable[SourceMark], store: Path) -> None:
    """Let this process build modules from the sources in a store, as far as they are there.

    Raises:
        StoreError: If a source is there and cannot be read.
    """
    for mark in marks:
        if known_source(mark.digest) is None:
            source = stored_source(Store(store).source(mark.digest), mark)
            if source is not None:
                remember(source)


def sources_of(network: Network) -> tuple[Source, ...]:
    """Return the sources that a network needs and this process knows."""
    found = (known_source(own.mark.digest) for own in _own_modules([network]))
    return tuple(source for source in found if source is not None)


def stored_source(folder: Path, mark: SourceMark) -> Source | None:
    """Read a source from its folder in a store; None if it is not there as a whole.

    Raises:
        StoreError: If it cannot be read.
    """
    try:
        files = {
            file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
            for file in sorted(folder.rglob("*.py"))
        }
    except (OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"{folder}: the source of {mark.path} cannot be read: {reason}") from None
    source = Source(files, mark.version)
    return source if source.digest == mark.digest else None


def _own_modules(networks: Iterable[Network]) -> dict[OwnModule, None]:
    return dict.fromkeys(own for network in networks for own in network.own_modules())
