"""`--limit NAME<=VALUE` and `--rungs FRACTION,FRACTION`: texts to values."""

import difflib
import math
import re
from collections.abc import Sequence

from workbench.errors import ConfigError
from workbench.spaces.space import Limits

_SIGN = re.compile(r"[<>=!\u2264\u2265]+")
UPPER = ("<=", "\u2264")


def limits_of(texts: Sequence[str] | None) -> dict[str, float]:
    """Read limits such as `parameters<=60000`; the last one of a name counts.

    Raises:
        ConfigError: For another sign, or a value that is no finite number.
    """
    return dict(_limit(text) for text in texts or ())


def _limit(text: str) -> tuple[str, float]:
    found = _SIGN.search(text)
    name, sign, value = text, "", ""
    if found:
        name, sign, value = text[: found.start()], found.group(), text[found.end() :]
    if sign not in ("", *UPPER):
        raise ConfigError(_other_sign(text, name.strip(), sign, value.strip()))
    try:
        number = float(value.replace(",", "").replace("_", ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"--limit must be NAME<=VALUE, such as parameters<=60000, got {text!r}")
    return name.strip(), number


def _other_sign(text: str, name: str, sign: str, value: str) -> str:
    """Say that limits are upper bounds, and how this one is probably written."""
    close = difflib.get_close_matches(name, Limits.model_fields, n=1, cutoff=0.6)
    meant = f"{close[0] if close else 'NAME'}<={value or 'VALUE'}"
    return f"--limit {text!r}: a limit is an upper bound, written {meant!r}; got the sign {sign!r}"


def rungs_of(text: str | None) -> tuple[float, ...] | None:
    """Read fractions of the steps such as `0.25,0.5`, or `none`; None stays None.

    Raises:
        ConfigError: If one is no number.
    """
    if text is None or text == "none":
        return None if text is None else ()
    try:
        return tuple(float(fraction) for fraction in text.split(","))
    except ValueError:
        raise ConfigError(
            f"--rungs must be fractions of the steps such as 0.25,0.5, or none, got {text!r}"
        ) from None
