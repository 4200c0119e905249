"""Enumerate all combinations of a space, or draw combinations at random.

Libraries enumerate a product of lists; here dimensions appear and vanish with the values of others.
"""

import random
from collections.abc import Sequence
from typing import Any


class UncountableError(Exception):
    """Numbers without steps cannot be counted."""


class GridEnumerator:
    """Gives all combinations one after the other, like the wheels of a counter."""

    def __init__(self) -> None:
        self.place = 0
        self._turns: list[int] = []
        self._counts: list[int] = []

    def choice(self, name: str, values: Sequence[Any]) -> Any:  # noqa: ARG002
        """Return the value of the present combination."""
        if self.place == len(self._turns):
            self._turns.append(0)
            self._counts.append(len(values))
        value = values[self._turns[self.place]]
        self.place += 1
        return value

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        """Return the number of the present combination."""
        return int(self.choice(name, range(low, high + 1, step)))

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:  # noqa: ARG002
        """Return the number of the present combination.

        Raises:
            UncountableError: If there are no steps.
        """
        if step is None:
            raise UncountableError(name)
        count = int((high - low) / step + 1e-9) + 1
        return float(self.choice(name, [low + index * step for index in range(count)]))

    def advance(self) -> bool:
        """Turn the last wheel that can be turned; False at the end."""
        del self._turns[self.place :], self._counts[self.place :]
        while self._turns and self._turns[-1] + 1 == self._counts[-1]:
            self._turns.pop()
            self._counts.pop()
        if not self._turns:
            return False
        self._turns[-1] += 1
        return True


class RandomSampler:
    """Gives values at random, each as likely as any other."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw

    def choice(self, name: str, values: Sequence[Any]) -> Any:  # noqa: ARG002
        """Return one of the values."""
        return self._draw.choice(values)

    def integer(self, name: str, low: int, high: int, step: int) -> int:  # noqa: ARG002
        """Return a whole number from low to high, both included."""
        return self._draw.randrange(low, high + 1, step)

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:  # noqa: ARG002
        """Return a number from low to high, both included."""
        if step is not None:
            return low + step * self._draw.randrange(int((high - low) / step + 1e-9) + 1)
        if log:
            return float(low * (high / low) ** self._draw.random())
        return self._draw.uniform(low, high)
