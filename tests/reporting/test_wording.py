"""Sentences that reports share."""

import pytest

from workbench.reporting.wording import listed


@pytest.mark.parametrize(
    ("words", "most", "text"),
    [
        (["a"], None, "a"),
        (["a", "b"], None, "a and b"),
        (["a", "b", "c"], None, "a, b and c"),
        (["a", "b", "c"], 3, "a, b and c"),
        (["a", "b", "c", "d"], 3, "a, b and 2 more"),
    ],
)
def test_many_words_are_counted(words: list[str], most: int | None, text: str) -> None:
    assert listed(words, most) == text
