"""The search space of a table's networks: stated, recorded by a search, or known by their names."""

import re
from collections.abc import Iterable
from dataclasses import replace

from workbench.config.network import Network
from workbench.config.overrides import flat
from workbench.errors import ConfigError
from workbench.spaces.files import find_space
from workbench.spaces.joining import find_spaces
from workbench.spaces.space import SpaceFile
from workbench.system.events import Emit, Note, ignore
from workbench.tables.table import TrialTable

_SAMPLED = re.compile(r"(?:.*/)?(?P<space>.+)-\d{3,}")
"""How a plan's `sample` names its networks: `SPACE-001`."""


def with_space(table: TrialTable, wanted: str | None, emit: Emit = ignore) -> TrialTable:
    """Return a table with the search space of its networks.

    A space that the user names counts first, then that of the table. A table without one gets the
    space that its networks are named after, as a plan's `sample` names them, if they differ from
    the base of the space in nothing but its dimensions.

    Args:
        table: The table.
        wanted: Name of a space, or of several as `A+B`; None leaves it to the table.
        emit: Gets a note that says which space it is.

    Raises:
        ConfigError: If there is no such space, or its file cannot be used.
    """
    if wanted is not None:
        return replace(table, space=find_spaces(wanted), space_name=wanted)
    if table.space is not None:
        return table
    name = _only(match["space"] for one in table.names.values() if (match := _match(one)))
    space_or_none = _known(name) if name else None
    if space_or_none is None or not _covers(space_or_none, name, table):
        return table
    emit(Note(f"search space {name}: networks are named after it; --space names another one"))
    return replace(table, space=space_or_none, space_name=name)


def _match(name: str) -> re.Match[str] | None:
    return _SAMPLED.fullmatch(name)


def _only(names: Iterable[str]) -> str:
    """Return the one name among all; empty if there is none, or another one."""
    found = set(names)
    return found.pop() if len(found) == 1 else ""


def _known(name: str) -> SpaceFile | None:
    try:
        return find_space(name)[0]
    except ConfigError:
        return None


def _covers(space: SpaceFile, name: str, table: TrialTable) -> bool:
    """Return whether the networks named after a space differ from its base in dimensions only."""
    base = space.base_trial().model
    for network, trials in table.networks.items():
        match = _match(table.name_of(network))
        if match is None or match["space"] != name:
            continue
        config = next(iter(trials.values())).config.model
        if not all(_is_varied(key, space) for key in _differences(base, config)):
            return False
    return True


def _differences(one: Network, other: Network) -> set[str]:
    """Return the dotted keys of the fields in which two networks differ."""
    ours = dict(flat({"model": one.plain()}))
    theirs = dict(flat({"model": other.plain()}))
    return {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}


def _is_varied(key: str, space: SpaceFile) -> bool:
    names = tuple(space.dimensions)
    if any(one.each_block for one in space.dimensions.values()):
        names += ("model.block_overrides",)
    return any(key == name or key.startswith(f"{name}.") for name in names)
