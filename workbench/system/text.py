"""Text that users wrote, on its way to a terminal, a file name or a cell of a table."""

import re
import unicodedata

from workbench.errors import ConfigError

MAX_NAME_LETTERS = 100
"""A longer name, with what is added to it, may be too long for a file system."""

_KEPT_CONTROLS = frozenset("\n\t")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: control, format (zero-width, direction), surrogate, line and paragraph."""

_FORMULA_STARTS = "=+-@"
"""What spreadsheets take for the beginning of a formula."""

_NOT_IN_FILE_NAMES = re.compile(r'[/\\:*?"<>|]')
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def printable(text: str) -> str:
    r"""Return text with control and invisible characters written out, such as `\x1b`.

    A terminal would obey some of them (clear the screen, change the title, reverse the reading
    direction), and a reader cannot see the others. Line breaks and tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(letter) if _is_hidden(letter) else letter for letter in text)


def check_name(name: str, what: str) -> str:
    """Check a name that tables, reports and MLflow will show.

    Args:
        name: What the user called it.
        what: What an error names first, such as `--data`.

    Returns:
        The name.

    Raises:
        ConfigError: If it is empty, longer than 100 letters, holds control or invisible
            characters, starts or ends with a space, or starts like a formula of a spreadsheet.
    """
    if not name:
        raise ConfigError(f"{what}: a name must not be empty")
    if len(name) > MAX_NAME_LETTERS:
        raise ConfigError(
            f"{what}: a name must have at most {MAX_NAME_LETTERS} letters, got {len(name)}"
        )
    hidden = next((letter for letter in name if _is_hidden(letter) or letter in "\n\t"), None)
    if hidden is not None:
        raise ConfigError(
            f"{what}: a name must not hold control or invisible characters, "
            f"got {_escaped(hidden)} in '{printable(name)}'"
        )
    if name != name.strip():
        raise ConfigError(f"{what}: a name must not begin or end with a space, got {name!r}")
    if _begins_like_a_formula(name):
        raise ConfigError(
            f"{what}: a name must not begin with {' '.join(_FORMULA_STARTS)}, which spreadsheets "
            f"take for a formula, got {name!r}"
        )
    return name


def check_file_name(name: str, what: str) -> str:
    r"""Check a name that also becomes the name of a file, on any operating system.

    Args:
        name: What the user called it.
        what: What an error names first, such as `--study`.

    Returns:
        The name.

    Raises:
        ConfigError: If `check_name` refuses it, or it holds one of `/ \ : * ? " < > |`, starts
            or ends with a dot, or is reserved by Windows.
    """
    check_name(name, what)
    found = _NOT_IN_FILE_NAMES.search(name)
    if found is not None:
        raise ConfigError(
            f'{what}: a name of a file must not hold / \\ : * ? " < > |, got {name!r}'
        )
    if name.startswith(".") or name.endswith("."):
        raise ConfigError(
            f"{what}: a name of a file must not begin or end with a dot, got {name!r}"
        )
    if _WINDOWS_DEVICE.fullmatch(name):
        raise ConfigError(f"{what}: Windows reserves the name {name!r}")
    return name


def as_file_name(text: str) -> str:
    """Return text as a part of a file name: what a file name must not hold becomes `-`."""
    return _NOT_IN_FILE_NAMES.sub("-", text)[:MAX_NAME_LETTERS]


def csv_cell(text: str) -> str:
    """Return text as a cell that spreadsheets show and do not run: formulas get a `'` in front."""
    return f"'{text}" if _begins_like_a_formula(text) or text.startswith(("\t", "\r")) else text


def markdown(text: str) -> str:
    """Return text as Markdown that shows it as it is, in a line or in the cell of a table."""
    line = " ".join(printable(text).split())
    # An underscore after a letter or a digit never starts emphasis, and `&` and `<` alone no HTML.
    escaped = re.sub(r"([\\`*\[\]|~$]|(?<![^\W_])_)", r"\\\1", line)
    escaped = re.sub(r"&(?=#?\w+;)", "&amp;", escaped)
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", escaped)


def code_block(text: str) -> str:
    """Return text as a block of code in Markdown, on one line that nothing in it can end."""
    line = printable(text).replace("\n", "\\n")
    return f"    {line}"


def _begins_like_a_formula(text: str) -> bool:
    # Spreadsheets also take full-width signs for these.
    return text != "" and unicodedata.normalize("NFKC", text[0])[:1] in _FORMULA_STARTS


def _is_hidden(letter: str) -> bool:
    return letter not in _KEPT_CONTROLS and unicodedata.category(letter) in _INVISIBLE


def _escaped(letter: str) -> str:
    number = ord(letter)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def counted(number: int, what: str, plural: str = "") -> str:
    """Return a number with what it counts, as in `1 trial` and `1,200 trials`.

    Args:
        number: At least 0.
        what: In the singular.
        plural: If it is not the singular with an s.
    """
    return f"{number:,} {what if number == 1 else plural or what + 's'}"
