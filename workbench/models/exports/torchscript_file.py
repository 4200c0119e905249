"""TorchScript files: traced, for any batch, height and width, with PyTorch's output to the bit."""

import io
import warnings
from collections.abc import Mapping

import torch
from torch import Tensor, jit

from workbench.errors import ExportError, WorkbenchError, own_failure
from workbench.models.exports.checking import check_images, largest_difference
from workbench.models.opening import OpenedNetwork
from workbench.models.state_files import one_line


def torchscript_file(network: OpenedNetwork, metadata: Mapping[str, str]) -> bytes:
    """Trace a network, and compare what was written with the network at four sizes.

    Args:
        network: On the CPU, in evaluation mode and float32.
        metadata: Written into the file, each entry as one of its extra files.

    Returns:
        The content of the file.

    Raises:
        ExportError: If the network cannot be traced, or if the file gives another output.
    """
    images = check_images(network.smallest_lr_px)
    content = io.BytesIO()
    try:
        with warnings.catch_warnings(), torch.inference_mode(mode=False), torch.no_grad():
            warnings.simplefilter("ignore")  # of sizes that are compared, and of TorchScript's age
            traced = jit.trace(network.module, images[1], check_trace=False)
            jit.save(traced, content, _extra_files=dict(metadata))
            content.seek(0)
            loaded = jit.load(content)
    except WorkbenchError:
        raise
    except (Exception, SystemExit) as error:  # networks of the user's own raise what they like
        said = own_failure(error) or one_line(error)
        raise ExportError(f"{network.name} cannot be exported to TorchScript: {said}") from error

    def run(image: Tensor) -> Tensor:
        out: Tensor = loaded(image)
        return out

    largest = largest_difference(network.module, run, images, f"{network.name} as TorchScript")
    if largest > 0:
        raise ExportError(
            f"{network.name} as TorchScript: its output must be that of the network to the bit, "
            f"differs by {largest:.2g}"
        )
    return content.getvalue()
