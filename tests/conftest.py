"""What all tests share."""

import os
from pathlib import Path

import pytest
import torch

# Two threads on a busy machine are many times slower than one, and results depend on the number.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of published weights, golden tensors and benchmark images."""
    place = os.environ.get("WORKBENCH_REFERENCE")
    if not place:
        pytest.skip("WORKBENCH_REFERENCE is not set: no published weights to compare with")
    folder = Path(place)
    assert folder.is_dir(), f"WORKBENCH_REFERENCE={place} is no folder"
    return folder
