"""Sentences that all reports share. No torch."""

from collections.abc import Iterable, Mapping

from workbench.results import TrialResult


def listed(words: Iterable[str], most: int | None = None) -> str:
    """Return `a`, `a and b` or `a, b and c`.

    Args:
        words: At least one.
        most: How many are named at most; of more, the first ones are, and the others are counted:
            `a, b and 60 more`. None to name all.
    """
    found = list(words)
    if most is not None and len(found) > most:
        found = [*found[: most - 1], f"{len(found) - most + 1} more"]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def overlap_texts(results: Iterable[TrialResult]) -> list[str]:
    """Return a sentence for each data set whose scored images were also trained on."""
    scores = (one for result in results for one in result.scores)
    texts = (
        f"{one.dataset}: {one.protocol.trained_on.describe()}"
        for one in scores
        if one.protocol.trained_on is not None
    )
    return list(dict.fromkeys(texts))


def short_value(value: object) -> str:
    """Return a value of a config as it stands in a table: `[3,5]`, `0.002`, `esa(reduction=4)`."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return f"[{','.join(short_value(member) for member in value)}]"
    if isinstance(value, Mapping):
        fields = (f"{k}={short_value(v)}" for k, v in value.items() if k != "kind")
        return f"{value.get('kind', '')}({','.join(fields)})"
    return str(value).replace(" ", "")


def changes_text(overrides: Mapping[str, object]) -> str:
    """Return overrides by the last part of their keys: `channels=24, lvar=[7]`."""
    return ", ".join(f"{k.rpartition('.')[2]}={short_value(v)}" for k, v in overrides.items())
