"""Networks out of weights files, whatever architecture is in them.

A file tells what it is: ours holds its config, published ones are recognised by their names. From
outside all networks are alike: RGB in 0..1 in and out, whatever range they work in.
"""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from workbench.models.checkpoints import is_safetensors, load_model, published_state
from workbench.models.peers.mobilesr import MobileSR, from_published, is_published


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


def open_network(path: Path) -> OpenedNetwork:
    """Open a weights file: ours, a published one of the line, or that of a peer.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    state = None if is_safetensors(path) else published_state(path)
    if state is not None and is_published(state):
        model = MobileSR()
        model.load_state_dict(from_published(state))
        return OpenedNetwork(path.name, model.eval(), model.scale, model.smallest_lr_px, "MobileSR")
    network = load_model(path)
    return OpenedNetwork(path.name, network, network.scale, network.smallest_lr_px, "MDRN family")
