"""`python -m tests.builders.inline ARGUMENTS`: the command, with its trials in its own process."""

import pytest

from tests.builders.executors import run_inline
from workbench.__main__ import start

if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        run_inline(patch)
        start()
