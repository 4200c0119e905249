"""What earlier declarations of a study have spent of its error rate."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from workbench.experiments.declaration import Declaration, DeclaredLook
from workbench.statistics.sequential import schedule
from workbench.store.ledger import Ledger


def former_looks(
    new: Declaration, earlier: Sequence[Declaration], ledger: Ledger
) -> tuple[DeclaredLook, ...]:
    """Return the looks that were had at the trials of a new declaration.

    A look was had at a member if an earlier declaration compares the same arms with the same
    trials under fewer seeds, and all of them are finished. Whoever adds seeds after it has seen a
    verdict; these looks count, so that the error rate is not spent twice.

    Args:
        new: Declared now; it has two seeds or more.
        earlier: The study's declarations before it.
        ledger: Has what is finished.

    Returns:
        In the order of their seeds.

    Raises:
        StoreError: If a record cannot be read.
    """

    @cache
    def done(key: str) -> bool:
        return ledger.result(key) is not None

    found: dict[tuple[tuple[int, ...], float], list[str]] = {}
    for member in new.members:
        for look in _had(new, earlier, member, done).items():
            found.setdefault(look, []).append(member)
    ordered = sorted(found.items(), key=lambda one: (len(one[0][0]), one[0]))
    return tuple(
        DeclaredLook(seeds=seeds, alpha=alpha, members=tuple(members))
        for (seeds, alpha), members in ordered
    )


def _had(
    new: Declaration, earlier: Sequence[Declaration], member: str, done: Callable[[str], bool]
) -> dict[tuple[int, ...], float]:
    """Return what was spent on a member, by the seeds of the look."""
    terms = new.members[member]
    had: dict[tuple[int, ...], float] = {}
    for old in earlier:
        if old.members.get(member) != terms:
            continue
        for seeds, alpha in _looks(old, member):
            keys = _shared_keys(new, old, seeds, terms)
            if keys and all(map(done, keys)):
                had[seeds] = max(alpha, had.get(seeds, 0.0))
    return had


def _looks(old: Declaration, member: str) -> list[tuple[tuple[int, ...], float]]:
    """Return seeds and error rate of each look; with one seed nothing is tested or spent."""
    looks = [(look.seeds or old.seeds, look.alpha) for look in schedule(old.rule, member)]
    return [(seeds, alpha) for seeds, alpha in looks if len(seeds) > 1 and alpha > 0]


def _shared_keys(
    new: Declaration, old: Declaration, seeds: tuple[int, ...], terms: Mapping[str, float]
) -> list[str]:
    """Return the keys of a look's trials if the new declaration has them and more seeds."""
    if not set(seeds) < set(new.seeds):
        return []
    keys = []
    for arm in terms:
        before = dict(zip(old.seeds, old.keys[arm], strict=True))
        now = dict(zip(new.seeds, new.keys[arm], strict=True))
        if any(before[seed] != now[seed] for seed in seeds):
            return []
        keys += [now[seed] for seed in seeds]
    return keys
