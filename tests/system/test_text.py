"""Names on their way to terminals, files and cells."""

import pytest

from workbench.errors import ConfigError
from workbench.system.text import (
    as_file_name,
    check_file_name,
    check_name,
    code_block,
    csv_cell,
    markdown,
    printable,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [/b] text", "plain [/b] text"),
        ("é 中 ± 🦋", "é 中 ± 🦋"),
        ("two\nlines\tand", "two\nlines\tand"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\x9b31m", r"\x9b31m"),
        ("a\rb\x07\x00", r"a\x0db\x07\x00"),
        ("gnp.\u202eexe", r"gnp.\u202eexe"),
        ("Set\u200b5", r"Set\u200b5"),
        ("\ufeffbom", r"\ufeffbom"),
        ("bad \udcff byte", r"bad \udcff byte"),
        ("tag \U000e0041", r"tag \U000e0041"),
    ],
)
def test_control_and_invisible_characters_are_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("name", ["Set5", "[/b]", "[red]x", "a/b", ".hidden", "naïve 中", "C++"])
def test_names_that_can_be_shown_are_kept(name: str) -> None:
    assert check_name(name, "--data") == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "must not be empty"),
        ("x" * 101, "must have at most 100 letters, got 101"),
        ("a\x1bb", r"must not hold control or invisible characters, got \\x1b in 'a\\x1bb'"),
        ("a\nb", r"must not hold control or invisible characters, got \\x0a in"),
        ("a\u202eb", r"got \\u202e in 'a\\u202eb'"),
        ("a\udcff", r"got \\udcff in"),
        (" a", "must not begin or end with a space, got ' a'"),
        *(
            (f"{sign}cmd|x", rf"must not begin with = \+ - @.*got '[{sign}]cmd")
            for sign in "=+-@\uff1d"
        ),
    ],
)
def test_names_that_hide_or_run_something_are_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^--data: a name .*{reason}"):
        check_name(name, "--data")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *((f"a{sign}b", "must not hold / ") for sign in '/\\:*?"<>|'),
        ("..", "must not begin or end with a dot, got '..'"),
        (".hidden", "must not begin or end with a dot"),
        ("end.", "must not begin or end with a dot"),
        ("-rf", r"must not begin with = \+ - @"),
        ("CON", "Windows reserves the name 'CON'"),
        ("lpt1.txt", "Windows reserves the name"),
    ],
)
def test_names_that_become_files_are_refused_on_every_system(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^--study: .*{reason}"):
        check_file_name(name, "--study")


def test_a_part_of_a_file_name_has_no_separator() -> None:
    assert as_file_name("[/b]+a:b") == "[-b]+a-b"
    assert as_file_name("DIV2K+LSDIR") == "DIV2K+LSDIR"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+x", "'+x"),
        ("-x", "'-x"),
        ("\t=x", "'\t=x"),
        ("no-lvar", "no-lvar"),
        ("", ""),
    ],
)
def test_a_cell_is_never_a_formula(text: str, cell: str) -> None:
    assert csv_cell(text) == cell


def test_a_block_of_code_is_one_line() -> None:
    assert code_block("workbench ablate --study 'a\n<script>'") == (
        "    workbench ablate --study 'a\\n<script>'"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<script>x</script>", "&lt;script>x&lt;/script>"),
        ("a|b", r"a\|b"),
        ("`rm`", r"\`rm\`"),
        ("**x** _y_ snake_case up_&_50%", r"\*\*x\*\* \_y_ snake_case up_&\_50%"),
        ("[a](http://b)", r"\[a\](http://b)"),
        ("two\nlines", "two lines"),
        ("&lt; & <.001 <b", "&amp;lt; & <.001 &lt;b"),
        ("\x1b[2J", r"\\x1b\[2J"),
    ],
)
def test_markdown_shows_text_as_it_is(text: str, line: str) -> None:
    assert markdown(text) == line
