"""What `workbench spaces` shows: search spaces, their sizes, and the share within their limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.config.shipped import data_files
from workbench.errors import ConfigError
from workbench.spaces.files import FOLDER, SpaceError, read_space
from workbench.spaces.joining import find_spaces
from workbench.spaces.sizes import size
from workbench.spaces.space import SpaceFile
from workbench.system.events import Caution, Emit, counting, ignore, working

if TYPE_CHECKING:  # listing spaces loads no scipy
    from workbench.search.shares import Sampled


@dataclass(frozen=True)
class ListedSpace:
    """A search space and how many combinations it has."""

    name: str
    space: SpaceFile
    combinations: int | None
    """Before the limits; None if there is no end to them."""


@dataclass(frozen=True)
class SampledSpace(ListedSpace):
    """A search space with some of its networks."""

    sample: "Sampled"
    """All networks of a small space, or some that were drawn at random."""
    cheapest: str = ""
    """What the cheapest networks tell of the limits, if no sampled network is within them."""


def list_spaces(emit: Emit = ignore) -> list[ListedSpace]:
    """Return every search space. Loads no torch and no numpy.

    Args:
        emit: Gets a caution for each file that cannot be used, which is left out.
    """
    found = []
    for name, path in data_files(FOLDER).items():
        try:
            space = read_space(path)
        except ConfigError as error:
            emit(Caution(f"left out: {error}"))
            continue
        found.append(ListedSpace(name, space, size(space)))
    return found


def sample_space(
    name: str, limits: Mapping[str, float] | None = None, emit: Emit = ignore
) -> SampledSpace:
    """Count networks of a space: all of a small one, else some that are drawn at random.

    Args:
        name: Of the space, or of several as `A+B`.
        limits: In place of those of the space, by name of the cost.
        emit: Gets the progress.

    Raises:
        ConfigError: For an unknown space or limit, with the nearest.
    """
    from workbench.experiments.search_settings import with_limits
    from workbench.search.shares import sampled

    space = with_limits(find_spaces(name), limits or {})
    with counting(emit, "counting networks") as progress:
        found = sampled(space, space.base_trial(), progress)
    cheapest = "" if found.within else _cheapest_text(space, emit)
    return SampledSpace(name, space, size(space), found, cheapest)


def _cheapest_text(space: SpaceFile, emit: Emit) -> str:
    """Say whether the cheapest networks of a space are within its limits."""
    from workbench.search.reachable import check_limits

    try:
        with working(emit, "counting the cheapest networks"):
            check_limits(space, space.base_trial())
    except SpaceError as error:
        return str(error)
    return "the cheapest networks of the space are within them"
