"""Ablation paths: from one preset to another, one component at a time.

Two presets of the family differ in some components, such as the attention or the width. A path
takes them over one by one; every node on the way is a network of its own that is trained like any
other. Which node a step starts from matters, so a path has an order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.config.model import ModelConfig
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
from workbench.execution.plan import Arm, Plan
from workbench.store.keys import model_hash

Chosen = frozenset[str]
"""Names of the components that a node has from the path's end."""


@dataclass(frozen=True)
class Component:
    """Fields of a network that a step of a path changes together."""

    name: str
    fields: tuple[str, ...]


COMPONENTS = (
    Component("input", ("rgb_mean", "input_range", "input_repeats", "shallow_convolution")),
    Component("convolution", ("convolution", "pointwise_bias")),
    Component("padding", ("padding",)),
    Component("activation", ("activation",)),
    Component(
        "distillation",
        (
            *("distillation", "distillation_steps", "distilled_fraction"),
            *("step_skip", "last_activation"),
        ),
    ),
    Component("attention", ("spatial_attention",)),
    Component("channel-attention", ("channel_attention",)),
    Component("block", ("block_module",)),
    Component("skips", ("attention_skip", "block_skip")),
    Component("trunk", ("trunk_fusion",)),
    Component("width", ("channels",)),
    Component("blocks", ("blocks", "block_overrides")),
)
"""In the default order of a path. Every field but the scale is in one of them."""


@dataclass(frozen=True)
class AblationPath:
    """Two networks, and the order in which the first takes over what the second has."""

    start_name: str
    end_name: str
    start: TrialConfig
    end: TrialConfig
    order: tuple[str, ...]
    """Names of the components in which the two differ."""

    def node_name(self, chosen: Chosen) -> str:
        """Return the name of a node, which is the same on every path.

        It lists what the node has of the end, such as `bsrn+input+width`; beyond the middle, what
        it still lacks, such as `mdrn-s-blocks`.
        """
        if len(chosen) <= len(self.order) / 2:
            return self.start_name + "".join(f"+{c.name}" for c in COMPONENTS if c.name in chosen)
        lacks = set(self.order) - chosen
        return self.end_name + "".join(f"-{c.name}" for c in COMPONENTS if c.name in lacks)

    def node(self, chosen: Chosen) -> TrialConfig:
        """Return the trial of a node.

        Raises:
            ConfigError: Naming the node, if no such network can be built or trained.
        """
        start, end = self.start.model.whole(), self.end.model.whole()
        fields = [f for c in COMPONENTS if c.name in chosen for f in c.fields]
        try:
            model = ModelConfig.parse(start | {field: end[field] for field in fields})
            return TrialConfig.parse(self.start.plain() | {"model": model.plain()})
        except ConfigError as error:
            raise ConfigError(
                f"--path: the network {self.node_name(chosen)} on the way from "
                f"{self.start_name} to {self.end_name} is none: {error}; choose another --order"
            ) from None

    def nodes(self, order: Sequence[str]) -> list[Chosen]:
        """Return the nodes that an order passes, from the start to the end."""
        return [frozenset(order[:count]) for count in range(len(order) + 1)]


def make_path(
    names: tuple[str, str], start: TrialConfig, end: TrialConfig, order: Sequence[str] = ()
) -> AblationPath:
    """Find the components in which two networks differ, and put them in order.

    Args:
        names: Of the two networks.
        start: Trial of the first.
        end: Trial of the second; it differs in the network only.
        order: Components that come first, in this order; the others follow in that of the table.

    Raises:
        ConfigError: If the networks are equal or of different scale, or the order is no order of
            the components in which they differ.
    """
    route = f"{names[0]}:{names[1]}"
    if start.model.scale != end.model.scale:
        raise ConfigError(f"--path {route}: the two networks differ in scale")
    if model_hash(start.model) == model_hash(end.model):
        raise ConfigError(f"--path {route}: the two networks are the same, so there is no path")
    differing = [c.name for c in COMPONENTS if _differs(c, start.mdrn, end.mdrn)]
    for position, name in enumerate(order):
        if name not in differing:
            known = name in (component.name for component in COMPONENTS)
            problem = f"{route} have the same {name!r}" if known else f"unknown component {name!r}"
            raise ConfigError(f"--order: {problem}; {nearest(name, differing)}")
        if name in order[:position]:
            raise ConfigError(f"--order: {name!r} is given twice")
    rest = [name for name in differing if name not in order]
    return AblationPath(*names, start, end, (*order, *rest))


def parse_route(text: str) -> tuple[str, str]:
    """Read `bsrn:mdrn-s`.

    Raises:
        ConfigError: If it is not two names with a colon between.
    """
    first, _, last = text.partition(":")
    if not first or not last or ":" in last:
        raise ConfigError(f"--path must be PRESET:PRESET, such as bsrn:mdrn-s, got {text!r}")
    return first, last


def path_plan(path: AblationPath, study: str, seeds: Sequence[int]) -> Plan:
    """Return the plan of one path: each node is compared with the one before it.

    Raises:
        ConfigError: If a node can not be built or trained, or a seed repeats.
    """
    nodes = path.nodes(path.order)
    against = dict(zip(nodes[1:], nodes[:-1], strict=True))
    questions = {node: step_question(path, node - before) for node, before in against.items()}
    return nodes_plan(path, study, seeds, nodes, against, questions)


def step_question(path: AblationPath, step: Chosen) -> str:
    """Return the question that a step answers."""
    return f"What does the {' and '.join(step)} of {path.end_name} bring?"


def nodes_plan(
    path: AblationPath,
    study: str,
    seeds: Sequence[int],
    nodes: Iterable[Chosen],
    against: dict[Chosen, Chosen],
    questions: dict[Chosen, str],
) -> Plan:
    """Return the plan that trains these nodes of a path.

    Raises:
        ConfigError: If a node can not be built or trained, or a seed repeats.
    """
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"--seeds must not repeat a seed, got {list(seeds)}")
    arms = [
        Arm(
            path.node_name(node),
            questions.get(node, ""),
            path.node(node),
            path.node_name(against[node]) if node in against else "",
        )
        for node in nodes
    ]
    return Plan(study, tuple(arms), tuple(seeds))


def _differs(component: Component, start: ModelConfig, end: ModelConfig) -> bool:
    return any(getattr(start, field) != getattr(end, field) for field in component.fields)
