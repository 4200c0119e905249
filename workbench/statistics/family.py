"""Many variants against one base: Holm's step-down over the declared family."""

from collections.abc import Mapping


def holm(p_values: Mapping[str, float], size: int | None = None) -> dict[str, float]:
    """Return p after Holm: comparing each with alpha keeps the family's error rate at alpha.

    Args:
        p_values: By member of the family; every member that was declared and is tested now.
        size: Members of the whole family, if some are not tested now; these count as if their p
            were 1, which is always allowed.
    """
    count = len(p_values) if size is None else size
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    adjusted, highest = {}, 0.0
    for rank, (name, p) in enumerate(ordered):
        highest = max(highest, min(1.0, (count - rank) * p))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}
