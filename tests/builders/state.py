"""Builders of tests: state."""

import logging
import os
import random
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import optuna
import torch
from PIL import Image


def global_state() -> dict[str, object]:
    """Return all that a library could change behind its caller's back."""
    stopping = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD, signal.SIGPIPE)
    return {
        "torch's random stream": bytes(torch.get_rng_state().numpy()),
        "NumPy's random stream": repr(np.random.get_state(legacy=False)),
        "Python's random stream": random.getstate(),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.backends.cudnn.benchmark,
            torch.backends.cudnn.deterministic,
            torch.get_float32_matmul_precision(),
        ),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "defaults": (torch.get_default_dtype(), torch.get_default_device()),
        "warning filters": list(warnings.filters),
        "signal handlers": [signal.getsignal(number) for number in stopping],
        "environment": dict(os.environ),
        "working directory": Path.cwd(),
        "import path": list(sys.path),
        "logging": (logging.getLogger().level, list(logging.getLogger().handlers), logging.root),
        "Optuna's log": optuna.logging.get_verbosity(),
        "Pillow's limit": Image.MAX_IMAGE_PIXELS,
        "NumPy's errors": np.geterr(),
        "streams": (sys.stdout, sys.stderr),
        "recursion": sys.getrecursionlimit(),
    }
