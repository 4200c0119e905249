"""Networks out of weights files, whatever architecture is in them.

The format is read from the file: ours holds its config, published ones are recognised by their
names. From outside all networks are alike: RGB in 0..1 in and out, whatever range they work in.
"""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from workbench.config.network import Network
from workbench.config.published import title_of
from workbench.errors import CheckpointError
from workbench.models.checkpoints import FORMAT, load_network
from workbench.models.factory import build_model
from workbench.models.foreign import (
    Foreign,
    build_foreign,
    foreign_code,
    load_state,
    probe_scale,
)
from workbench.models.own_code import own_code
from workbench.models.peers.mobilesr import MobileSR, from_published, is_published
from workbench.models.spandrel_networks import open_with_spandrel
from workbench.models.state_files import (
    is_safetensors,
    published_state,
    read_state,
    safetensors_state,
)
from workbench.system.global_state import random_streams_kept


@dataclass(frozen=True)
class OpenedNetwork:
    """A network that can be run and scored."""

    name: str
    """What tables call it."""
    module: nn.Module
    """(N, 3, h, w) to (N, 3, scale * h, scale * w), RGB in 0..1; on the CPU, in evaluation mode."""
    scale: int
    smallest_lr_px: int
    """Least LR height and width that it accepts."""
    origin: str
    """What the file was recognised as, in a few words."""


def built_network(name: str, config: Network) -> OpenedNetwork:
    """Build the network of a config with random weights."""
    network = build_model(config, seed=0)
    with own_code(config, "put into evaluation mode"):
        network.eval()
    return OpenedNetwork(name, network, network.scale, network.smallest_lr_px, title_of(config))


@random_streams_kept()
def open_network(path: Path) -> OpenedNetwork:
    """Open a weights file: ours, a published one, or what spandrel knows.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    if is_safetensors(path):
        ours = safetensors_state(path)[1].get("format") == FORMAT
        return _of_the_line(path) if ours else _of_the_line_or_by_spandrel(path)
    state = published_state(path)
    if is_published(state):
        model = MobileSR()
        try:
            model.load_state_dict(from_published(state))
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None
        return OpenedNetwork(path.name, model.eval(), model.scale, model.smallest_lr_px, "MobileSR")
    return _of_the_line_or_by_spandrel(path)


def _of_the_line(path: Path) -> OpenedNetwork:
    network = load_network(path)
    title = title_of(network.config)
    return OpenedNetwork(path.name, network, network.scale, network.smallest_lr_px, title)


def _of_the_line_or_by_spandrel(path: Path) -> OpenedNetwork:
    try:
        return _of_the_line(path)
    except CheckpointError as error:
        return _by_spandrel(path, error)


@random_streams_kept()
def open_foreign(foreign: Foreign, weights: Path | None) -> tuple[OpenedNetwork, str]:
    """Build a network of the user's own and load its weights.

    Args:
        foreign: What to import and build.
        weights: A state dict of PyTorch, as published ones are, or safetensors; None keeps what
            the constructor drew.

    Returns:
        The network, and the file that its code came from.

    Raises:
        ForeignCodeError: If it cannot be imported, built or run.
        CheckpointError: If the weights cannot be read or do not fit.
    """
    network, file = build_foreign(foreign)
    with foreign_code(foreign.arch, "put into evaluation mode"):
        network.eval()
    if weights is not None:
        load_state(network, read_state(weights), weights)
    network.scale = scale = probe_scale(network, foreign.arch)
    name = foreign.arch.rpartition(":")[2] if weights is None else weights.name
    return OpenedNetwork(name, network, scale, 1, foreign.arch), file


def _by_spandrel(path: Path, refusal: CheckpointError) -> OpenedNetwork:
    """Offer a file that is none of ours to spandrel.

    Raises:
        CheckpointError: Our own refusal, if spandrel does not know the file either.
    """
    try:
        state = read_state(path)
    except CheckpointError:  # no weights at all, which our refusal says better
        raise refusal from None
    try:
        opened = open_with_spandrel(state, path)
    except ModuleNotFoundError:
        raise CheckpointError(
            f"{refusal}; pip install 'mdrn-workbench[spandrel]' opens many other architectures, "
            "--arch opens your own"
        ) from None
    if opened is None:
        raise CheckpointError(f"{refusal}; spandrel does not know it either") from None
    network, scale, name = opened
    return OpenedNetwork(path.name, network, scale, 1, f"{name}, opened by spandrel")
