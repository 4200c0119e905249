"""The texts of `--limit` and `--rungs`."""

import pytest

from workbench.cli.search_limits import limits_of, rungs_of
from workbench.errors import ConfigError


def test_limits_are_numbers_by_name() -> None:
    texts = [
        "parameters<=60,000",
        "multiply_adds_g \u2264 4.5",
        "convolutions<=1_0",
        "parameters<=7",
    ]
    assert limits_of(texts) == {"parameters": 7.0, "multiply_adds_g": 4.5, "convolutions": 10.0}
    assert limits_of(None) == {}


@pytest.mark.parametrize("text", ["parameters", "parameters<=few", "parameters<=nan", "x<="])
def test_a_limit_without_a_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--limit must be NAME<=VALUE, such as parameters<=60"):
        limits_of([text])


def test_rungs_are_fractions_none_or_those_of_the_space() -> None:
    assert rungs_of("0.25,0.5") == (0.25, 0.5)
    assert rungs_of("none") == ()
    assert rungs_of(None) is None
    with pytest.raises(ConfigError, match=r"^--rungs must be fractions of the steps such as"):
        rungs_of("half")
