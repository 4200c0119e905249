"""Global state of the process, put back as it was: a library must not change its caller's results.

A caller's random streams, number of threads and determinism flags are the caller's. What the
workbench has to set for a while it sets inside one of these contexts, which are decorators, too.
PyTorch is imported only by those that need it.
"""

import os
import random
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_STREAMS = threading.RLock()
_IMPORT_EFFECTS = threading.RLock()


@contextmanager
def random_streams_kept() -> Iterator[None]:
    """Draw from the process's random streams, and put them back afterwards.

    One thread at a time: two that seed the streams and draw would get each other's values. So the
    block must be short, such as that which builds a network; see `random_streams_restored`.
    """
    with _STREAMS, random_streams_restored():
        yield


@contextmanager
def random_streams_restored() -> Iterator[None]:
    """Put the random streams of PyTorch, NumPy and Python back afterwards.

    Other threads may draw meanwhile. CUDA's are put back where CUDA is in use already; this does
    not start it.
    """
    import numpy as np
    import torch

    cpu, numpy_state, python_state = torch.get_rng_state(), np.random.get_state(), random.getstate()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    try:
        yield
    finally:
        torch.set_rng_state(cpu)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
        np.random.set_state(numpy_state)
        random.setstate(python_state)


def seed_torch(seed: int) -> None:
    """Seed PyTorch; not by `torch.manual_seed`, which also seeds a CUDA that is started later."""
    import torch

    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


@contextmanager
def torch_settings_kept() -> Iterator[None]:
    """Put PyTorch's threads, determinism, TF32, default type and gradient mode back afterwards."""
    import torch

    from workbench.system.float32 import float32, set_float32

    cudnn = torch.backends.cudnn
    threads, choices = torch.get_num_threads(), (cudnn.benchmark, cudnn.deterministic)
    settings = float32()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        cudnn.benchmark, cudnn.deterministic = choices
        if float32() != settings:
            set_float32(settings)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)
        # Setting it imports PyTorch's compiler, which takes seconds; most trials do not need it.
        now = (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        )
        if now != (deterministic, warn_only):
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)


_PRINTS = threading.Lock()
_PRINTING = list[TextIO]()
"""What `sys.stdout` was for each block of `stdout_to_stderr` that is open."""


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Send what Python code prints in the block to stderr; stdout may be what a program reads.

    Threads may be in such blocks at the same time, also of each other's.
    """
    with _PRINTS:
        before = _PRINTING[-1] if _PRINTING else sys.stdout
        _PRINTING.append(before)
        sys.stdout = sys.stderr
    try:
        yield
    finally:
        with _PRINTS:
            _PRINTING.pop()
            if not _PRINTING:
                sys.stdout = before


@contextmanager
def imports_from(folder: Path) -> Iterator[None]:
    """Let modules be imported from a folder, before all other places, inside the block."""
    before = list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def import_effects_undone() -> Iterator[None]:
    """Put environment and warning filters back: imports of PyTorch's parts change them.

    One thread at a time, so that none keeps what another one's imports have changed.
    """
    with _IMPORT_EFFECTS:
        before = dict(os.environ)
        try:
            with warnings.catch_warnings():
                yield
        finally:
            if before != dict(os.environ):
                for name in set(os.environ) - set(before):
                    del os.environ[name]
                os.environ.update(before)


@contextmanager
def environment_kept(names: Iterable[str]) -> Iterator[None]:
    """Put these environment variables back afterwards, also those that there were not."""
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old


@contextmanager
def environment_set(variables: Mapping[str, str], *, replace: bool = False) -> Iterator[None]:
    """Set environment variables inside the block.

    Args:
        variables: Names and values.
        replace: Whether they replace what the user has set.
    """
    with environment_kept(variables):
        for name, value in variables.items():
            if replace or name not in os.environ:
                os.environ[name] = value
        yield
