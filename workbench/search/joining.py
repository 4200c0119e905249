"""Several search spaces as one: `mdrn-size+mdrn-dispersion`."""

from functools import reduce
from typing import Any

from workbench.errors import ConfigError
from workbench.search.space import SpaceFile, find_space

SIGN = "+"


def find_spaces(names: str) -> SpaceFile:
    """Return the space of a name, or of several with `+` between them.

    Raises:
        ConfigError: For an unknown name, or spaces that do not fit together.
    """
    found = [(name.strip(), find_space(name.strip())[0]) for name in names.split(SIGN)]
    return reduce(_joined, found)[1]


def _joined(one: tuple[str, SpaceFile], other: tuple[str, SpaceFile]) -> tuple[str, SpaceFile]:
    """Join two spaces: the dimensions of both, and of each limit the stricter."""
    (first, a), (second, b) = one, other
    if a.base != b.base:
        raise ConfigError(
            f"{first} and {second} cannot be joined: their bases are {a.base} and {b.base}"
        )
    for key in a.dimensions:
        if key in b.dimensions and a.dimensions[key] != b.dimensions[key]:
            raise ConfigError(
                f"{first} and {second} cannot be joined: both vary {key}, in different ways"
            )
    limits = b.limits.plain()
    stricter = {key: _least(value, limits[key]) for key, value in a.limits.plain().items()}
    space: dict[str, Any] = {
        "question": f"{a.question} {b.question}",
        "base": a.base,
        "dimensions": {**a.plain()["dimensions"], **b.plain()["dimensions"]},
        "limits": stricter,
        "fidelity": (a.fidelity if a.fidelity.rungs else b.fidelity).plain(),
    }
    name = f"{first}{SIGN}{second}"
    return name, SpaceFile.parse(space, where=name)


def _least(one: float | None, other: float | None) -> float | None:
    return min((v for v in (one, other) if v is not None), default=None)
