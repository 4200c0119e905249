"""Imports modules of one's own from their source as a config holds it, not from the disk.

So every process of every node runs the code that the trial's key holds, also if the file has
changed since; and two versions of one module can be in one process.
"""

import importlib
import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

from workbench.config.module import OwnModule, source_of
from workbench.config.sources import Source, known_source, split_path
from workbench.models.foreign import foreign_code
from workbench.system.global_state import torch_settings_kept

_PLACE = "workbench-source:"
"""Begins the `__path__` of a package that was imported from its source."""
_LOCK = threading.RLock()
_CLASSES: dict[tuple[str, str], Any] = {}
"""By digest and path."""


class _Loader(SourceLoader):
    """Loads one module from text."""

    loads_own_code = True
    """Errors name the file and the line; see `own_place`."""

    def __init__(self, file: str, text: str) -> None:
        self._file, self._text = file, text

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002 (it has one module)
        return self._file

    def get_data(self, path: str | bytes) -> bytes:
        if path != self._file:  # a cache of byte code
            raise OSError(f"{path!r} is not kept")
        return self._text.encode()


class _Finder(MetaPathFinder):
    """Finds modules in the source that is being imported, and submodules of its packages later."""

    def __init__(self) -> None:
        self.importing: Source | None = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        source = self.importing
        if path is not None:
            places = [place for place in path if place.startswith(_PLACE)]
            source = known_source(places[0].removeprefix(_PLACE)) if places else None
        return None if source is None else _spec(source, fullname)


_FINDER = _Finder()


def _spec(source: Source, fullname: str) -> ModuleSpec | None:
    stem, place = fullname.replace(".", "/"), [f"{_PLACE}{source.digest}"]
    for file, locations in ((f"{stem}/__init__.py", place), (f"{stem}.py", None)):
        if file in source.files:
            loader = _Loader(file, source.files[file])
            spec = spec_from_loader(fullname, loader, is_package=locations is not None)
            if spec is not None and locations is not None:
                spec.submodule_search_locations = locations
            return spec
    if any(file.startswith(f"{stem}/") for file in source.files):  # a package without a file
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = place
        return spec
    return None


def own_class(own: OwnModule) -> Any:
    """Import the class of a module of one's own.

    Raises:
        ConfigError: If its code is gone or has changed since the config was made.
        ForeignCodeError: If it cannot be imported.
    """
    mark = own.mark
    with _LOCK:
        found = _CLASSES.get((mark.digest, own.path))
        if found is None:
            source = source_of(own)
            with torch_settings_kept(), foreign_code(own.path, "imported"):
                found = _imported(source, own.path)
            _CLASSES[mark.digest, own.path] = found
    return found


def _imported(source: Source, path: str) -> Any:
    """Import from the source alone; modules of the same names are put back afterwards."""
    module, name = split_path(path)
    tops = {file.partition("/")[0].removesuffix(".py") for file in source.files}
    displaced = {key: sys.modules[key] for key in list(sys.modules) if key.split(".")[0] in tops}
    for key in displaced:
        del sys.modules[key]
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    _FINDER.importing = source
    try:
        return getattr(importlib.import_module(module), name)
    finally:
        _FINDER.importing = None
        if displaced:
            for key in [key for key in sys.modules if key.split(".")[0] in tops]:
                del sys.modules[key]
            sys.modules.update(displaced)
