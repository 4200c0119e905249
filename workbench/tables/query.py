"""Which network of a table is meant: by its name, a preset's, its hash, or its config."""

from collections.abc import Mapping

from workbench.config.base import Frozen
from workbench.config.network import Network, parse_network
from workbench.config.presets import PRESETS
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
from workbench.store.keys import model_hash
from workbench.tables.table import TrialTable

FEWEST_LETTERS = 8
"""Of the start of a network's hash."""
MOST_NAMES = 8
"""That an error lists."""


def find_network(table: TrialTable, wanted: object) -> str:
    """Return the network (a hash of its config) that is meant.

    Args:
        table: The table.
        wanted: The config of a network or of a trial; the same as plain data; a name of the table,
            a preset's name, or the hash of a network or its start.

    Raises:
        ConfigError: If the table has no trial of it, with the nearest name; or for data that is no
            config of a network.
    """
    if isinstance(wanted, str):
        return _by_name(table, wanted)
    config = _config(wanted)
    network = model_hash(config)
    if network not in _networks(table):
        raise ConfigError(
            f"table {table.name!r} has no trial of this network; nearest in its config: "
            f"{_nearest_config(table, config)}"
        )
    return network


def _config(wanted: object) -> Network:
    if isinstance(wanted, TrialConfig):
        return wanted.model
    if isinstance(wanted, Mapping):
        return parse_network(wanted)
    if isinstance(wanted, Network):
        return wanted
    raise ConfigError("a network is meant by its config or by a name, got " + type(wanted).__name__)


def _by_name(table: TrialTable, name: str) -> str:
    networks = _networks(table)
    by_name = {table.name_of(network): network for network in networks}
    if name in by_name:
        return by_name[name]
    if name in PRESETS:
        network = model_hash(PRESETS[name])
        if network in networks:
            return network
        raise ConfigError(
            f"table {table.name!r} has no trial of the preset {name!r}; {_nearest(name, by_name)}"
        )
    started = [one for one in networks if one.startswith(name)]
    if len(name) >= FEWEST_LETTERS and len(started) == 1:
        return started[0]
    raise ConfigError(f"table {table.name!r} has no network {name!r}; {_nearest(name, by_name)}")


def _nearest(name: str, known: Mapping[str, str]) -> str:
    """Return the tail of an error: the nearest name, or some of the valid ones."""
    if len(known) <= MOST_NAMES:
        return nearest(name, known)
    close = nearest(name, known)
    some = ", ".join(list(known)[:MOST_NAMES])
    return f"its {len(known)} networks are {some}, ..." if close.startswith("valid") else close


def _networks(table: TrialTable) -> dict[str, Network]:
    """Return the networks of all trials by hash, also of those that diverged."""
    return {model_hash(result.config.model): result.config.model for result in table.results}


def _nearest_config(table: TrialTable, config: Network) -> str:
    """Return the name of the network with the fewest fields that differ, and these fields."""
    found = {
        table.name_of(network): _differences(config, one)
        for network, one in _networks(table).items()
    }
    name = min(found, key=lambda one: len(found[one]))
    return f"{name!r} ({', '.join(found[name])})"


def _differences(one: Frozen, other: Frozen) -> list[str]:
    ours, theirs = one.plain(), other.plain()
    names = dict.fromkeys((*ours, *theirs))
    return [
        f"{name} {_text(theirs.get(name))}" for name in names if ours.get(name) != theirs.get(name)
    ]


def _text(value: object) -> str:
    return str(value.get("kind", "...")) if isinstance(value, dict) else str(value)
