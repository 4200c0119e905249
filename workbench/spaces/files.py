"""Search spaces on disk, and what is checked before one is used."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.config.block import BlockConfig
from workbench.config.overrides import apply_overrides, value_at
from workbench.config.shipped import data_files
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import line_in_file, read_yaml
from workbench.errors import ConfigError, nearest
from workbench.spaces.dimensions import Dimension, Subset
from workbench.spaces.space import OVERRIDES, SpaceFile, depends_on, order

FOLDER = "search_spaces"
LARGE_PX = 1536
"""A crop that every network can take, of a size that every scale divides."""


class SpaceError(ConfigError):
    """Something of a space cannot be used."""

    def __init__(self, keys: Sequence[str], text: str) -> None:
        """Note where it is.

        Args:
            keys: The path to it in the file, such as `["limits", "parameters"]`.
            text: What is wrong.
        """
        super().__init__(text)
        self.keys = tuple(keys)


def read_space(path: Path) -> SpaceFile:
    """Read a search space and try every value of every dimension on its base.

    Raises:
        ConfigError: `file:line: key: reason` for anything wrong.
    """
    space = read_yaml(path, SpaceFile, "search space")
    try:
        check_values(space, _base(space))
    except SpaceError as error:
        raise ConfigError(f"{path}:{line_in_file(path, error.keys)}: {error}") from None
    return space


def find_space(name: str) -> tuple[SpaceFile, Path]:
    """Return the space of this name and its file.

    Raises:
        ConfigError: For an unknown name, with the nearest one, or a file that cannot be used.
    """
    files = data_files(FOLDER)
    if name not in files:
        raise ConfigError(f"unknown search space {name!r}; {nearest(name, files)}")
    return read_space(files[name]), files[name]


def _base(space: SpaceFile) -> TrialConfig:
    try:
        # How large the crops are is up to the recipe, which the file does not say.
        return apply_overrides(space.base_trial(), {"training.stages.0.hr_patch_px": LARGE_PX})
    except ConfigError as error:
        raise SpaceError(["base"], str(error)) from None


def check_values(space: SpaceFile, base: TrialConfig) -> None:
    """Try every value of every dimension on a trial.

    Args:
        space: The space.
        base: Its base, with the recipe and the crops that candidates are trained with.

    Raises:
        SpaceError: For the first value or name that cannot be used.
    """
    for key, dimension in space.dimensions.items():
        try:
            _check(key, dimension, space, base)
        except ConfigError as error:
            raise SpaceError(["dimensions", key], str(error)) from None
    try:
        order(space.dimensions)
    except ConfigError as error:
        raise SpaceError(["dimensions"], str(error)) from None


def _check(key: str, dimension: Dimension, space: SpaceFile, base: TrialConfig) -> None:
    """Try a dimension's values on the base, or on what its `when` says.

    Raises:
        ConfigError: If a value or a name cannot be used.
    """
    for other in depends_on(dimension):
        value_at(base.plain(), other)  # refuses a key that no config has
    if isinstance(dimension, Subset) and dimension.within == key:
        raise ConfigError(f"{key}: within must name another dimension")
    if dimension.each_block:
        _check_field(key, space)
    there = apply_overrides(base, {k: values[0] for k, values in dimension.when.items()})
    for changed in _tries(key, dimension, space):
        try:
            apply_overrides(there, changed)
        except ConfigError as error:
            if key in str(error):
                raise
            raise ConfigError(f"{key} {changed.get(key, '')}: {error}") from None


def _tries(key: str, dimension: Dimension, space: SpaceFile) -> Iterator[dict[str, object]]:
    """Yield overrides that try each value of a dimension."""
    if isinstance(dimension, Subset) and dimension.within is not None:
        outer = space.dimensions.get(dimension.within)
        for member in dimension.of:
            if not isinstance(outer, Subset) or member in outer.of:
                yield {
                    **_none_within(dimension.within, space),
                    dimension.within: [member],
                    key: [member],
                }
        return
    for value in dimension.samples():
        plain = list(value) if isinstance(value, tuple) else value
        if dimension.each_block:
            yield {OVERRIDES: [{"blocks": [0], key.rpartition(".")[2]: plain}]}
        else:
            yield {**_none_within(key, space), key: plain}


def _none_within(key: str, space: SpaceFile) -> dict[str, object]:
    """Return the subsets of a subset, empty: they need not fit to its members one by one."""
    return {
        k: []
        for k, one in space.dimensions.items()
        if isinstance(one, Subset) and one.within == key
    }


def _check_field(key: str, space: SpaceFile) -> None:
    part, _, field = key.rpartition(".")
    fields = sorted(BlockConfig.model_fields)
    if part != "model" or field not in fields:
        raise ConfigError(
            f"{key}: each_block needs a field of a block, model.FIELD; {nearest(field, fields)}"
        )
    if OVERRIDES in space.dimensions:
        raise ConfigError(f"{key}: each_block and {OVERRIDES} exclude each other")
