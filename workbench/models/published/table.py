"""The published code bases that are known, and which one a file or a network belongs to."""

import re
from collections.abc import Iterable

from workbench.config.model import ModelConfig
from workbench.errors import CheckpointError, ConfigError
from workbench.models.published.family import Family, Shapes
from workbench.models.published.imdn import IMDN_NAMES
from workbench.models.published.mdrn import MDRN_NAMES
from workbench.models.published.rfdn import BSRN_NAMES, EFDN_NAMES, RFDN_NAMES

FAMILIES = (IMDN_NAMES, EFDN_NAMES, BSRN_NAMES, RFDN_NAMES, MDRN_NAMES)
"""In the order in which their signs are looked for; MDRN's is that there is no other."""


def recognise(names: Iterable[str]) -> Family:
    """Return the code base whose names these are."""
    known = set(names)
    return next(f for f in FAMILIES if not f.sign or any(re.fullmatch(f.sign, n) for n in known))


def published_names(family: Family, config: ModelConfig, ours: Iterable[str]) -> dict[str, str]:
    """Return our names -> the published ones.

    Raises:
        CheckpointError: If the code base has no name for a part.
    """
    names = family.names(config)
    found = {}
    for name in ours:
        module, _, kind = name.rpartition(".")
        if name in names:
            found[name] = names[name]
        elif module in names:
            found[name] = f"{names[module]}.{kind}"
        else:
            raise CheckpointError(f"the published code has no name for the part {module!r}")
    return found


def family_of(config: ModelConfig, shapes: Shapes) -> Family:
    """Return the code base that has this network: its file, read back, gives the same network.

    Args:
        config: The network.
        shapes: Our names -> shapes of its tensors.

    Raises:
        CheckpointError: If there is none, with the first part that MDRN's code does not have.
    """
    for family in FAMILIES:
        try:
            names = published_names(family, config, shapes)
            stored = {names[n]: family.stored_shape(s, names[n]) for n, s in shapes.items()}
            found = family.infer(stored)
        except (CheckpointError, ConfigError):
            continue
        if recognise(stored) is family and found.canonical() == config.canonical():
            return family
    names = published_names(MDRN_NAMES, config, shapes)
    found = MDRN_NAMES.infer({names[name]: shape for name, shape in shapes.items()})
    raise CheckpointError(f"no published code has this network: {_difference(config, found)}")


def _difference(config: ModelConfig, found: ModelConfig) -> str:
    ours, theirs = config.plain(), found.plain()
    name = next(name for name in ours if ours[name] != theirs[name])
    return f"{name} is {ours[name]!r}, MDRN's code has {theirs[name]!r}"
