"""The proxies by name: what each is, where it is from, and which direction is better. No torch.

The Zen-score (Lin et al. 2021, arXiv 2102.01063) and the log-determinant of activation patterns
(Mellor et al. 2021, arXiv 2006.04647v3) are not among them: the first one rests on batch
normalisation, which these networks do not have, the second one on ReLU, where they have GELU.
"""

from dataclasses import dataclass
from typing import Literal

from workbench.config.base import Frozen
from workbench.config.model import ModelConfig
from workbench.config.network import Network
from workbench.config.plausible import Finite, Seconds
from workbench.results import Cost

Needs = Literal["cost", "weights", "batch"]
"""What a proxy is computed from: the config of a network and the count of its cost, its initial
weights, or its initial weights and the first training batches."""


@dataclass(frozen=True)
class Proxy:
    """One estimate of quality."""

    name: str
    title: str
    """In tables and figures."""
    text: str
    """What it is, for people who know the field."""
    needs: Needs
    higher_is_better: bool = True
    """Declared beforehand: the direction is not chosen by what is found."""


class ProxyValue(Frozen):
    """A proxy of one network with the initial weights of one seed."""

    network: str
    """Hash of the network's config, `model_hash`."""
    seed: int
    proxy: str
    """One of `PROXIES`."""
    value: Finite | None
    """None where it cannot be computed."""
    reason: str = ""
    """Why there is no value."""
    seconds: Seconds = 0.0
    """That it took on one thread; proxies of the same passes have the same time."""
    batch: str = ""
    """The crops that it was computed on, such as `4 crops of 96 px from CID22`."""

    @property
    def identity(self) -> tuple[object, ...]:
        """What a newer measurement replaces."""
        return self.network, self.seed, self.proxy


PROXIES = {
    proxy.name: proxy
    for proxy in (
        Proxy("parameters", "parameters", "number of parameters", "cost"),
        Proxy("multiply_adds", "multiply-adds", "multiply-adds of one image", "cost"),
        Proxy("activations", "activations", "values in the outputs of all convolutions", "cost"),
        Proxy("convolutions", "convolutions", "number of convolutions", "cost"),
        Proxy("channels", "channels", "channels of the trunk, of a network of the family", "cost"),
        Proxy("blocks", "blocks", "number of blocks, of a network of the family", "cost"),
        Proxy(
            "initial_loss",
            "initial loss",
            "training loss of the initial weights on the first batch; lower is better",
            "batch",
            higher_is_better=False,
        ),
        Proxy(
            "gradient_norm",
            "gradient norm",
            "Euclidean norm of the training loss's gradient on the first batch "
            "(Abdelfattah et al. 2021)",
            "batch",
        ),
        Proxy(
            "snip",
            "SNIP",
            "sum of |w dL/dw| over all weights, L the training loss of the first batch "
            "(Lee et al. 2019)",
            "batch",
        ),
        Proxy(
            "synflow",
            "SynFlow",
            "log10 of the sum of |w dR/dw|, R the sum of the outputs for an input of ones with "
            "absolute weights (Tanaka et al. 2020)",
            "weights",
        ),
        Proxy(
            "jacobian_covariance",
            "Jacobian cov.",
            "how little the gradients of an output's sum by the input correlate between 16 crops "
            "(Mellor et al. 2020)",
            "batch",
        ),
        Proxy(
            "jacobian_rank",
            "Jacobian rank",
            "effective rank of the Jacobian of what is made of one LR pixel "
            "(Roy and Vetterli 2007)",
            "batch",
        ),
    )
}
"""By name, in the order of tables."""


def counted_proxy(name: str, cost: Cost, network: Network) -> float | None:
    """Return a proxy that is counted; None for one that the network does not have.

    Args:
        name: One of `PROXIES` that needs the cost.
        cost: Of the network.
        network: Its config.
    """
    value = getattr(cost, name, None)
    if value is None and isinstance(network, ModelConfig):
        value = getattr(network, name)
    return None if value is None else float(value)
