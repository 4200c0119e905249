"""Builders of tests: refusals."""

from tests.cli.conftest import Ended


def refusal(ended: Ended) -> str:
    """Return the one line of a command that was refused."""
    assert ended.code == 2, ended
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("error: ")
    assert ended.err.endswith("\n")
    assert "Traceback" not in ended.err
    return ended.err.removeprefix("error: ").rstrip("\n")
