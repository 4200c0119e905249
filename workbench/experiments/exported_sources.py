"""Code of networks of one's own on its way between stores: which of it a study needs."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from workbench.config.module import SourceMark
from workbench.config.network import Network
from workbench.config.sources import Source
from workbench.errors import ConfigError
from workbench.experiments.declaration import Study
from workbench.results import TrialResult
from workbench.store.sources import stored_source
from workbench.store.store import Store


def marks_of(study: Study, results: Iterable[TrialResult] = ()) -> dict[str, SourceMark]:
    """Return the sources that the networks of a study are built from, by digest.

    Args:
        study: Its declarations name networks.
        results: Trials of it; code of a stated version may have been edited since one of them.
    """
    arms = (arm.config.model for declared in study.declarations for arm in declared.arms)
    networks: Iterable[Network] = (*arms, *(result.config.model for result in results))
    marks = (own.mark for network in networks for own in network.own_modules())
    return {mark.digest: mark for mark in marks}


def stored_code(
    study: Study, results: Iterable[TrialResult], store: Path
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the code of a study's networks as a store has it.

    Args:
        study: Its declarations name networks.
        results: Trials of it.
        store: The store.

    Returns:
        The text of each file by its path in the store, and the classes whose code is not there.

    Raises:
        StoreError: If the store cannot be read.
    """
    own, files, without = Store(store), dict[str, str](), list[str]()
    for digest, mark in marks_of(study, results).items():
        folder = own.source(digest)
        source = stored_source(folder, mark)
        if source is None:
            without.append(mark.path)
        else:
            files |= {own.relative(folder / name): text for name, text in source.files.items()}
    return files, tuple(sorted(set(without)))


class CodeCheck:
    """The sources of an export, which are checked to be those that its networks name."""

    def __init__(self, folder: Path) -> None:
        """Check a folder.

        Args:
            folder: Of the export, which errors name.
        """
        self._folder = folder
        self._files: dict[str, dict[str, str]] = {}

    def add(self, digest: str, path: str, content: bytes) -> None:
        """Add a file of a source.

        Args:
            digest: Of the source.
            path: Of the file in the export.
            content: Of the file.

        Raises:
            ConfigError: If it is no text.
        """
        name = path.removeprefix(f"{Store(Path()).source(digest).as_posix()}/")
        try:
            self._files.setdefault(digest, {})[name] = content.decode()
        except UnicodeDecodeError:
            raise ConfigError(f"{self._folder / path}: not UTF-8 text") from None

    def check(self, marks: Mapping[str, SourceMark]) -> None:
        """Refuse sources that no network names, and files that are not those of their digest.

        Args:
            marks: From `marks_of`.

        Raises:
            ConfigError: Naming the source.
        """
        for digest, files in self._files.items():
            folder = Store(self._folder).source(digest)
            if digest not in marks:
                raise ConfigError(f"{folder}: no code of any network of the study")
            if Source(files).digest != digest:
                raise ConfigError(
                    f"{folder}: not the code of {marks[digest].path} that its networks were made "
                    "with: a file differs, is missing or left over; copy the export again"
                )
