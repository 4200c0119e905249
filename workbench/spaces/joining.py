"""Several search spaces as one: `mdrn-size+mdrn-dispersion`."""

from functools import reduce
from typing import Any

from workbench.config.yaml_files import line_in_file
from workbench.errors import ConfigError
from workbench.spaces.files import SpaceError, find_space
from workbench.spaces.space import SpaceFile

SIGN = "+"


def find_spaces(names: str) -> SpaceFile:
    """Return the space of a name, or of several with `+` between them.

    Raises:
        ConfigError: For an unknown name, or spaces that do not fit together.
    """
    found = [(name.strip(), find_space(name.strip())[0]) for name in names.split(SIGN)]
    return reduce(_joined, found)[1]


def location_of(error: SpaceError, names: str) -> str:
    """Return `file:line` of what an error is about, in the first of the files that has it."""
    found = ""
    for name in names.split(SIGN):
        space, path = find_space(name.strip())
        plain: Any = space.plain()
        part = plain.get(error.keys[0])
        found = found or f"{path}:{line_in_file(path, error.keys[:1])}"
        if len(error.keys) == 1 or (isinstance(part, dict) and part.get(error.keys[1]) is not None):
            return f"{path}:{line_in_file(path, error.keys)}"
    return found


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
        "objectives": list(dict.fromkeys((*a.objectives, *b.objectives))),
        "limits": stricter,
        "fidelity": (a.fidelity if a.fidelity.rungs else b.fidelity).plain(),
    }
    name = f"{first}{SIGN}{second}"
    return name, SpaceFile.parse(space, where=name)


def _least(one: float | None, other: float | None) -> float | None:
    return min((v for v in (one, other) if v is not None), default=None)
