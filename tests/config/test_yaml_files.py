"""YAML files that cannot be used are one line, at once, whatever is in them."""

from pathlib import Path

import pytest

from workbench.ablation.variant import read_variant
from workbench.config.yaml_files import parse_scalar
from workbench.config.yaml_limits import MOST_BYTES, MOST_DEPTH
from workbench.errors import ConfigError

BOMB = "\n".join(
    ["question: &a0 Why?"]
    + [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 9)]
)
"""Eight levels of nine aliases: 48 million values."""
DEEP = MOST_DEPTH + 10
HOSTILE: list[tuple[str, str | bytes, str]] = [
    ("aliases", BOMB, r":7: holds more than 100,000 values, with every alias expanded"),
    ("brackets", f"question: {'[' * DEEP}{']' * DEEP}", ":1: is nested more than 50 deep"),
    ("maps", "".join(f"{'  ' * n}a:\n" for n in range(DEEP)), ":50: is nested more than 50 deep"),
    ("list", f"question: x\na:\n {'- ' * DEEP}x", ":3: is nested more than 50 deep"),
    ("itself", "question: x\na: &a {b: *a}", r":2: the alias \*a refers to what it is part of"),
    ("nowhere", "question: *nowhere", ":1: found undefined alias 'nowhere'"),
    ("digits", f"question: {'9' * 5_000}", ": a value cannot be read: it has thousands of digits"),
    ("value", f"question: {'9' * 4_000}", ":1: question: should be a valid string, got 9{100}[.]"),
    ("date", "question: 2024-99-99", ": a value cannot be read: month must be in 1..12"),
    ("tag", "question: !!int x", ": a value cannot be read: invalid literal for int"),
    ("code", "question: !!python/object/apply:os.system [ls]", ":1: question: should be a valid"),
    ("tab", "question: Why?\n\toverrides: 1", r":2: found character '\\t'"),
    ("zero", b"question: \0", ": unacceptable character #x0000"),
    ("binary", bytes(range(256)), ": is not UTF-8 text"),
    ("twice", "question: a\nquestion: b", ":2: found duplicate key"),
    ("documents", "question: a\n---\nquestion: b", ":2: but found another document"),
    ("large", b"question: " + b"x" * MOST_BYTES, "it must have at most 1,000,000 bytes"),
    ("number", "1: x", ":1: question: is missing"),
]


@pytest.mark.parametrize(
    ("content", "text"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_a_hostile_file_is_refused_in_one_short_line(
    content: str | bytes, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigError, match=f"^{path}(: cannot be read \\()?{text}") as refused:
        read_variant(path)
    said = str(refused.value)
    assert "\n" not in said
    assert len(said) < len(str(path)) + 250


def test_a_folder_that_is_called_like_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"mine.yaml: cannot be read \(it is no regular file\)"):
        read_variant(tmp_path / "mine.yaml")


def test_a_few_aliases_are_as_good_as_what_they_stand_for(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("question: Why?\nneeds: &n {seed: &s 2}\noverrides: {<<: *n, model.blocks: *s}")
    assert dict(read_variant(path).overrides) == {"seed": 2, "model.blocks": 2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200, "--set x: '[{60}...' is not a YAML value .is nested more than 50 deep"),
        ("9" * 5_000, "--set x: '9{60}...' is not a YAML value .* thousands of digits"),
        ("[", "--set x: '.' is not a YAML value"),
    ],
)
def test_a_hostile_value_on_the_command_line_is_one_line(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason.replace("[{", "\\[{")):
        parse_scalar(text, "--set x")
