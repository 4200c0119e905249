"""Modules of one's own in a config: a whole network, or what stands in a slot of ours. No torch."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from workbench.config.base import Frozen
from workbench.config.sources import Source, find_source, known_source, split_path
from workbench.errors import ConfigError


class Arguments(Frozen):
    """Keyword arguments of a constructor: numbers, strings, booleans, None, lists and mappings."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _check_plain(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        for name in data:
            if not isinstance(name, str) or not name.isidentifier():
                raise ValueError(f"must be names of Python arguments, got {name!r}")
        return {name: _frozen(value, name) for name, value in data.items()}

    def keywords(self) -> dict[str, Any]:
        """Return them as they are passed on: with lists where YAML and JSON have lists."""
        return self.plain()


def _frozen(value: object, name: str) -> object:
    if isinstance(value, Mapping):
        return {str(key): _frozen(inner, name) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_frozen(inner, name) for inner in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(
        f"{name} must be a number, string, boolean, None, list or mapping, "
        f"got {type(value).__name__}"
    )


class SourceMark(Frozen):
    """Which source a module was built from. The workbench writes it."""

    path: str
    """The class that it belongs to."""
    digest: str = Field(pattern="[0-9a-f]{32}")
    """Hash of the Python files."""
    version: str | None = None
    """`__version__` of the class, which then stands in for the hash in the trial's key."""

    def identity(self) -> list[str]:
        """Return what keys hold of the code."""
        return ["source", self.digest] if self.version is None else ["version", self.version]


class OwnModule(Frozen):
    """A class of one's own, and what its constructor gets."""

    kind: Literal["module"] = "module"
    path: str
    """`package.module:Class`, a `torch.nn.Module` that can be imported from the working directory
    or from where Python looks."""
    arguments: Arguments = Arguments()
    """Keyword arguments of the constructor."""
    source: SourceMark | None = None
    """Of the code, written by the workbench; code that has changed since is refused."""

    @field_validator("path")
    @classmethod
    def _check_path(cls, path: str) -> str:
        split_path(path)
        return path

    @model_validator(mode="after")
    def _find_source(self) -> Self:
        # A changed path is another source; all else keeps the one that was read first.
        if self.source is None or self.source.path != self.path:
            found = find_source(self.path)
            mark = SourceMark(path=self.path, digest=found.digest, version=found.version)
            self.__dict__["source"] = mark  # frozen for everyone else
        return self

    @property
    def mark(self) -> SourceMark:
        """The source, which every checked config has.

        Raises:
            ValueError: If the value was made without being checked.
        """
        if self.source is None:
            raise ValueError(f"source of {self.path} must be set, got None")
        return self.source

    def identity(self) -> list[Any]:
        """Return what defines the module: its path, arguments, and version or source."""
        return ["module", self.path, self.arguments.plain(), self.mark.identity()]


def changed_modules(
    before: Mapping[str, SourceMark], now: Mapping[str, SourceMark]
) -> dict[str, SourceMark]:
    """Return the modules, by path, whose trials have other keys now, as they were before."""
    return {
        path: mark
        for path, mark in before.items()
        if path in now and mark.identity() != now[path].identity()
    }


def source_of(own: OwnModule) -> Source:
    """Return the source that a config was made with: this process's, or the disk's if it is that.

    Raises:
        ConfigError: If the code is gone or has changed since.
    """
    digest = own.mark.digest
    known = known_source(digest)
    if known is not None:
        return known
    try:
        found = find_source(own.path)
    except ValueError as error:
        raise ConfigError(f"{own.path}: {error}") from None
    if found.digest != digest:
        raise ConfigError(
            f"{own.path}: its code is not that which this network was made with: here it is "
            f"{found.digest[:12]}, then it was {digest[:12]}; a store that trained it has that in "
            f"sources/{digest}, from where it can be imported"
        )
    return found


class ModulePart(OwnModule):
    """A module of one's own in a slot of a block: (N, C, h, w) -> (N, C, h, w).

    Its constructor gets the channels C first, then the arguments.
    """

    min_input_px: int = Field(default=1, ge=1, le=4096)
    """Least height and width in px that it accepts."""

    def smallest_input_px(self, _padding: object = None) -> int:
        """Return the least height and width in px on which the module can run."""
        return self.min_input_px

    def canonical(self, _channels: int, _activation: object = None) -> list[Any]:
        """Return what defines the module, whatever the width of its block."""
        return self.identity()


class ModuleConfig(OwnModule):
    """A network of one's own: (N, 3, h, w) -> (N, 3, scale h, scale w), RGB in 0..1."""

    scale: Literal[2, 3, 4] = 4
    """HR px for each LR px, in height and in width."""
    input_range: Literal[1, 255] = 1
    """Highest value of the RGB that it takes and gives."""
    min_lr_px: int = Field(default=1, ge=1, le=4096)
    """Least height and width in LR px that it accepts."""

    def smallest_lr_px(self) -> int:
        """Smallest height and width in LR px that the network accepts."""
        return self.min_lr_px

    def canonical(self) -> dict[str, Any]:
        """Return what defines the network and nothing else, as plain data."""
        # The least input changes no result.
        return {"scale": self.scale, "range": self.input_range, "own": self.identity()}

    def own_modules(self) -> Iterator[OwnModule]:
        """Yield every module of one's own in the network: itself."""
        yield self
