"""The environment of processes that tests and benchmarks start."""

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent


def with_checkout(**variables: str) -> dict[str, str]:
    """Return the environment of this process, in which Python finds the checkout first.

    What is on its path already stays there: packages may lie in a folder of their own.

    Args:
        variables: That are set, too.
    """
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path)} | variables
