"""A network in a trial: one of the MDRN family, or a module of one's own."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Tag

from workbench.config.base import NO_KIND
from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.config.presets import preset


def _kind(value: object) -> str:
    """Configs of the family state no kind."""
    kind = value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)
    return NO_KIND if kind is None else str(kind)


Network = ModelConfig | ModuleConfig
NetworkField = Annotated[
    Annotated[ModelConfig, Tag(NO_KIND)] | Annotated[ModuleConfig, Tag("module")],
    Discriminator(_kind),
]
"""For fields of configs: told apart by `kind: module`."""


def named_network(name: str) -> Network:
    """Return a preset, or the network of one's own that `package.module:Class` names.

    Raises:
        ConfigError: For an unknown name, with the nearest one, or a class that is not there.
    """
    if ":" in name:
        return ModuleConfig.parse({"path": name})
    return preset(name)


def parse_network(data: object) -> Network:
    """Build the config of a network from plain data.

    Raises:
        ConfigError: One line naming the key, the rule and the value.
    """
    return ModelConfig.parse(data) if _kind(data) == NO_KIND else ModuleConfig.parse(data)
