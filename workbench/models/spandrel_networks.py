"""Networks that the package spandrel recognises by the names and shapes of their tensors."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from workbench.errors import CheckpointError
from workbench.models.foreign import SCALES, Adapted
from workbench.models.state_files import one_line


def open_with_spandrel(state: dict[str, Tensor], path: Path) -> tuple[Adapted, int, str] | None:
    """Build a network that spandrel knows from a state dict.

    The file was read by us, without running code; spandrel only sees names and tensors.

    Returns:
        Network, scale and architecture; None if spandrel does not know it either.

    Raises:
        CheckpointError: If it is no network that enlarges RGB images.
        ModuleNotFoundError: If spandrel is not installed.
    """
    import spandrel

    try:
        opened = spandrel.ModelLoader().load_from_state_dict(
            spandrel.canonicalize_state_dict(dict(state))
        )
    except spandrel.UnsupportedModelError:
        return None
    except Exception as error:  # a broken file of a known architecture
        raise CheckpointError(f"{path}: spandrel cannot open it ({one_line(error)})") from error
    name = opened.architecture.name
    if not isinstance(opened, spandrel.ImageModelDescriptor) or opened.scale not in SCALES:
        raise CheckpointError(f"{path}: {name} does not enlarge images")
    if (opened.input_channels, opened.output_channels) != (3, 3):
        raise CheckpointError(
            f"{path}: {name} must take and give 3 channels, "
            f"got {opened.input_channels} and {opened.output_channels}"
        )
    return Adapted(_Spandrel(opened), name, 1, opened.scale).eval(), opened.scale, name


class _Spandrel(nn.Module):
    """A network of spandrel, called as spandrel does: padded as it needs, clamped to 0..1."""

    def __init__(self, opened: Any) -> None:
        super().__init__()
        self.network: nn.Module = opened.model
        self._opened = opened

    def forward(self, lr: Tensor) -> Tensor:
        """(1, 3, h, w) -> (1, 3, scale * h, scale * w)."""
        out: Tensor = self._opened(lr)
        return out
