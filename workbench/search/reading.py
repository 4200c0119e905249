"""Reads from a config which combination of a search space it is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.config.overrides import flat, value_at
from workbench.config.trial import TrialConfig


class NotInSpaceError(Exception):
    """A config has a value that the space does not offer."""


class ConfigReader:
    """Answers with what a config has, and keeps it as a sampler of Optuna's would."""

    def __init__(self, config: TrialConfig) -> None:
        """Read a config.

        Args:
            config: Whose values a space is to express; `params` has them afterwards.
        """
        self._config = config
        self._plain = config.plain()
        self._leaves = dict(flat(self._plain))
        self.params: dict[str, Any] = {}

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        """Return the value that the config has, as the space writes it.

        Of several that fit, such as a module without arguments and the same module with some, it is
        the one that states most.

        Raises:
            NotInSpaceError: If it is none of the values.
        """
        has = self._has(name)
        fitting = [value for value in values if _same(has, value)]
        if not fitting:
            raise NotInSpaceError(name)
        value = max(fitting, key=_statements)  # the first of those that state as much
        self.params[name] = json.dumps(value, sort_keys=True)
        return value

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        """Return the number that the config has.

        Raises:
            NotInSpaceError: If it is out of range, or no number.
        """
        has = self._has(name)
        if not isinstance(has, int) or has not in range(low, high + 1, step):
            raise NotInSpaceError(name)
        self.params[name] = has
        return has

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:  # noqa: ARG002
        """Return the number that the config has.

        Raises:
            NotInSpaceError: If it is out of range, or no number.
        """
        has = self._has(name)
        if not isinstance(has, int | float) or not low <= has <= high:
            raise NotInSpaceError(name)
        self.params[name] = float(has)
        return float(has)

    def _has(self, name: str) -> Any:
        """Return a field, a field of one block (`key@2`), or whether a set has a member."""
        key, at, block = name.partition("@")
        if at:
            return self._config.mdrn.block(int(block)).plain()[key.rpartition(".")[2]]
        if name.endswith("]"):
            key, _, member = name[:-1].partition("[")
            members = value_at(self._plain, key)
            return isinstance(members, list) and member in [str(one) for one in members]
        return self._leaves[name] if name in self._leaves else value_at(self._plain, name)


def _same(has: Any, value: Any) -> bool:
    """Return whether a field has the value of a choice; a kind may stand for its defaults."""
    plain = list(value) if isinstance(value, tuple) else value
    if isinstance(has, dict) and not isinstance(plain, dict):
        return has.get("kind") == plain
    if isinstance(has, dict) and isinstance(plain, dict):
        return all(_same(has.get(key), inner) for key, inner in plain.items())
    return bool(has == plain) and isinstance(has, bool) == isinstance(plain, bool)


def _statements(value: object) -> int:
    """Return how many fields a value of a choice states."""
    return sum(map(_statements, value.values())) + 1 if isinstance(value, Mapping) else 1
