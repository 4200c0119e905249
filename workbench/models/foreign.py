"""Networks of other code bases: any `nn.Module` that the user names.

Foreign code is imported only if the user names it. From outside such a network is like ours: RGB in
0..1 in and out.
"""

import importlib
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workbench.errors import (
    CheckpointError,
    ForeignCodeError,
    WorkbenchError,
    nearest,
    own_place,
)
from workbench.models.outputs import output_problem
from workbench.models.state_files import misfits, one_line
from workbench.system.global_state import (
    imports_from,
    random_streams_kept,
    seed_torch,
    stdout_to_stderr,
    torch_settings_kept,
)

SCALES = range(1, 9)
HIGHEST_GREY = 8.0
"""An untrained network may be some way off; one in 0..255 gives 127 for grey."""
PROBE_PX = (48, 64, 128)
"""Sides of the images that are tried to find the scale: some networks need multiples."""


@dataclass(frozen=True)
class Foreign:
    """An `nn.Module` of the user's own."""

    arch: str
    """`package.module:Class`."""
    arguments: Mapping[str, Any]
    """Of its constructor."""
    input_range: int
    """1 or 255: highest value of the RGB that it takes and gives."""


class Adapted(nn.Module):
    """A foreign network behind our contract; whatever it raises is one line for the user."""

    def __init__(
        self, module: nn.Module, name: str, input_range: int, scale: int | None = None
    ) -> None:
        """Wrap a network.

        Args:
            module: The network.
            name: What errors call it.
            input_range: Highest value of the RGB that it takes and gives.
            scale: By how much it enlarges, None if that is not known yet.
        """
        super().__init__()
        self.module = module
        self.name = name
        self.input_range = input_range
        self.scale = scale
        self._folder = Path.cwd()
        """Where its code may import from, also while it runs."""

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, scale * h, scale * w), RGB in 0..1.

        Raises:
            ForeignCodeError: For any error inside, and for an output that is no image.
        """
        stage = f"run on an input of {tuple(lr.shape)}"
        with imports_from(self._folder), foreign_code(self.name, stage):
            out = self.module(lr * self.input_range)
        problem = output_problem(out, lr, self.scale)
        if problem:
            raise ForeignCodeError(f"{self.name}: {problem}")
        found: Tensor = out.to(torch.float32) / self.input_range
        return found


@contextmanager
def foreign_code(name: str, stage: str) -> Iterator[None]:
    """Turn whatever foreign code raises into one line, and send what it prints to stderr.

    Args:
        name: The architecture.
        stage: What was tried, such as `imported`.

    Raises:
        ForeignCodeError: Naming both, and the error.
    """
    try:
        with stdout_to_stderr():
            yield
    except WorkbenchError:
        raise
    except (Exception, SystemExit) as error:  # foreign code raises what it likes
        kind = type(error).__name__
        said = one_line(error) if str(error) else "no text"
        where = own_place(error)
        raise ForeignCodeError(f"{name} cannot be {stage}: {kind}: {said}{where}") from error


def build_foreign(foreign: Foreign) -> tuple[Adapted, str]:
    """Import a class and build the network, with the weights that its constructor draws.

    Modules are looked for where Python does, and in the working directory.

    Returns:
        The network, and the file that its code came from.

    Raises:
        ForeignCodeError: Naming the architecture and what failed.
    """
    made = _class(foreign.arch)
    stage = f"built with {dict(foreign.arguments)}"
    with (
        imports_from(Path.cwd()),
        random_streams_kept(),
        torch_settings_kept(),
        foreign_code(foreign.arch, stage),
    ):
        seed_torch(0)  # so that an untrained network is the same every time
        module = made(**foreign.arguments)
    if not isinstance(module, nn.Module):
        raise ForeignCodeError(
            f"{foreign.arch} must give a torch.nn.Module, got {type(module).__name__}"
        )
    code = str(getattr(made, "__module__", None) or foreign.arch.partition(":")[0])
    file = getattr(sys.modules.get(code), "__file__", None)
    return Adapted(module, foreign.arch, foreign.input_range), file or code


def load_state(network: Adapted, state: Mapping[str, Tensor], path: Path) -> None:
    """Load a state dict, all of it.

    Raises:
        CheckpointError: Naming a tensor that is missing, left over or of another shape.
    """
    with foreign_code(network.name, "given its weights"):
        problem = misfits(network.module.state_dict(), state)
        if problem:
            raise CheckpointError(f"{path}: does not fit {network.name}: {problem}")
        network.module.load_state_dict(state)


def probe_scale(network: nn.Module, name: str) -> int:
    """Run a small image and return by how much it grew.

    Raises:
        ForeignCodeError: If it cannot be run, does not enlarge both sides by one whole number, or
            gives values on another scale.
    """
    for side in PROBE_PX:
        try:
            with torch.inference_mode():
                out = network(torch.full((1, 3, side, side), 0.5))
            break
        except ForeignCodeError:
            if side == PROBE_PX[-1]:
                raise
    typical = float(out.abs().median())
    if HIGHEST_GREY < typical < math.inf:  # what is not finite will show on the images
        raise ForeignCodeError(
            f"{name} must give RGB in 0..1 for RGB in 0..1, got values about {typical:.0f} from "
            "grey 0.5; is --input-range 255 meant?"
        )
    height, width = out.shape[2:]
    if height != width or height % side or height // side not in SCALES:
        raise ForeignCodeError(
            f"{name} must enlarge by a whole number in {SCALES.start}..{SCALES.stop - 1}, "
            f"got {width} x {height} px from {side} x {side}"
        )
    return int(height // side)


def _class(arch: str) -> Any:
    """Import `package.module:Class`."""
    module_name, colon, class_name = arch.partition(":")
    if not colon or not module_name or not class_name:
        raise ForeignCodeError(f"--arch must be package.module:Class, got {arch!r}")
    with imports_from(Path.cwd()), torch_settings_kept(), foreign_code(arch, "imported"):
        module = importlib.import_module(module_name)
        found = getattr(module, class_name, None)
    if found is None:
        classes = [n for n, v in vars(module).items() if isinstance(v, type)]
        raise ForeignCodeError(
            f"--arch: {module_name} has no {class_name!r}; {nearest(class_name, classes)}"
        )
    return found
