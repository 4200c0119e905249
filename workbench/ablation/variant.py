"""Variants: named, fixed sets of overrides, one YAML file each. The file's stem is the name."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from workbench.config.base import Frozen
from workbench.config.overrides import apply_overrides, value_at
from workbench.config.shipped import data_files, shipped_folder
from workbench.config.yaml_files import line_in_file, read_yaml
from workbench.errors import ConfigError, nearest
from workbench.system.text import check_file_name

FOLDER = "ablations"
Config = TypeVar("Config", bound=Frozen)


class VariantFile(Frozen):
    """What a variant's YAML file holds."""

    question: str = Field(min_length=1)
    """The question that the ablation answers, in one line."""
    needs: dict[str, Any] = Field(default_factory=dict)
    """What the base must have for the question to mean something: dotted keys and their values,
    such as `model.spatial_attention.kind: mdsa`."""
    overrides: dict[str, Any] = Field(min_length=1)
    """Dotted keys of the trial's config and their values, such as `model.channels: 24`."""


@dataclass(frozen=True)
class Variant:
    """A named change of the base."""

    name: str
    question: str
    needs: tuple[tuple[str, Any], ...]
    overrides: tuple[tuple[str, Any], ...]
    path: Path

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"variant {self.name!r}"

    @property
    def origin(self) -> str:
        """Where it was read."""
        return str(self.path)

    def apply(self, config: Config) -> Config:
        """Return `config` with this variant's overrides.

        Raises:
            ConfigError: `file:line: key: reason` if they mean nothing on this base.
        """
        self._check_needs(config)
        overrides = dict(self.overrides)
        try:
            return apply_overrides(config, overrides)
        except ConfigError as error:
            text = str(error)
            line = line_in_file(self.path, ["overrides", _key_meant(text, overrides)])
            raise ConfigError(f"{self.path}:{line}: {text}") from None

    def _check_needs(self, config: Frozen) -> None:
        for key, wanted in self.needs:
            try:
                found = value_at(config.whole(), key)
                problem = f"the question needs {key} {_text(wanted)}, here it is {_text(found)}"
            except ConfigError as error:
                found, problem = None, str(error)
            if found != wanted:
                line = line_in_file(self.path, ["needs", key])
                raise ConfigError(f"{self.path}:{line}: {problem}")


def _text(value: object) -> str:
    return "none" if value is None else str(value)


def _key_meant(text: str, keys: Iterable[str]) -> str:
    """Return the key that an error is about: named in full, or by most of its words."""
    return max(keys, key=lambda key: (key in text, sum(word in text for word in key.split("."))))


def find_variants(
    names: list[str], *, on_unusable: Callable[[str], None] | None = None
) -> list[Variant]:
    """Return the variants of these names; `all` stands for every one there is.

    Args:
        names: Of the variants.
        on_unusable: Called with the error of each file that cannot be used, which is left out;
            None raises it.

    Raises:
        ConfigError: For an unknown name, with the nearest one, or a file that cannot be used.
    """
    files = data_files(FOLDER)
    for name in names:
        if name not in files and name != "all":
            raise ConfigError(f"unknown variant {name!r}; {nearest(name, [*files, 'all'])}")
    wanted = files if "all" in names else dict.fromkeys(names)
    found = []
    for name in wanted:
        try:
            found.append(read_variant(files[name]))
        except ConfigError as error:
            if on_unusable is None:
                raise
            on_unusable(str(error))
    return found


def read_variant(path: Path) -> Variant:
    """Read one variant file.

    Raises:
        ConfigError: `file:line: key: reason` for anything wrong.
    """
    content = read_yaml(path, VariantFile, "variant")
    return Variant(
        name=check_file_name(path.stem, str(path)),
        question=content.question,
        needs=tuple(content.needs.items()),
        overrides=tuple(content.overrides.items()),
        path=path,
    )


def local_variants(variants: list[Variant]) -> Iterator[Variant]:
    """Yield those that come from the working directory and not from the workbench."""
    shipped = shipped_folder(FOLDER)
    return (variant for variant in variants if variant.path.parent != shipped)
