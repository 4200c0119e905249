"""Holm's correction by hand."""

import pytest

from workbench.statistics.family import holm


def test_holm_multiplies_by_the_tests_that_are_left() -> None:
    found = holm({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.9})
    assert found == pytest.approx({"a": 0.09, "b": 0.04, "c": 0.09, "d": 0.9})
    assert list(found) == ["a", "b", "c", "d"]
    assert holm({}) == {}
    assert holm({"a": 0.7, "b": 0.8}) == {"a": 1.0, "b": 1.0}
