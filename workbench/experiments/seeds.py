"""`--seeds`: a count, a list, or a first and a last look. No torch, no numpy."""

from dataclasses import dataclass

from workbench.config.bounds import LARGEST_SEED
from workbench.errors import ConfigError

MOST_SEEDS = 1_000
"""A larger count was surely meant as a seed."""


@dataclass(frozen=True)
class Seeds:
    """Which seeds a study has, and when it looks at them."""

    seeds: tuple[int, ...]
    looks: tuple[int, ...] = ()
    """After how many seeds it looks, if it adds seeds for what is undecided."""


def seed_rule(text: str) -> Seeds:
    """Read a count, a list, or `3..10`: 3 seeds, and more up to 10 for what is undecided.

    Raises:
        ConfigError: If it is none of these.
    """
    first, dots, most = (part.strip() for part in text.partition(".."))
    if not dots:
        return Seeds(tuple(seed_list(text)))
    digits = len(str(MOST_SEEDS))
    whole = all(part.isdecimal() and len(part) <= digits for part in (first, most))
    if not (whole and 2 <= int(first) < int(most) <= MOST_SEEDS):
        raise ConfigError(
            f"--seeds FIRST..MOST needs 2 <= FIRST < MOST <= {MOST_SEEDS:,}, got {text!r}"
        )
    from workbench.statistics.sequential import looks

    return Seeds(tuple(range(1, int(most) + 1)), looks(int(first), int(most)))


def seed_list(text: str) -> list[int]:
    """Read `3` (the seeds 1, 2, 3) or a list such as `1,5,9`.

    Raises:
        ConfigError: If it is neither, or there is no seed.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ConfigError(
            f"--seeds must be a count such as 3 or a list such as 1,5,9, got {text!r}"
        )
    if len(parts) > MOST_SEEDS:
        raise ConfigError(f"--seeds must be at most {MOST_SEEDS:,} seeds, got {len(parts):,}")
    for part in parts:
        # Digits are counted first: Python refuses to convert thousands of them.
        if len(part) > len(str(LARGEST_SEED)) or int(part) > LARGEST_SEED:
            raise ConfigError(f"--seeds must be at most {LARGEST_SEED}, got {part[:40]}")
    if len(parts) > 1:
        return [int(part) for part in parts]
    count = int(parts[0])
    if not 1 <= count <= MOST_SEEDS:
        raise ConfigError(
            f"--seeds must be a count in 1..{MOST_SEEDS:,} or a list such as 1,5,9, got {count}"
        )
    return list(range(1, count + 1))
