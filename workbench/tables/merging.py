"""Two tables of the same recipe and images as one. A trial that both have is kept once."""

from collections.abc import Mapping
from dataclasses import replace

from workbench.proxies.kinds import ProxyValue
from workbench.results import TrialResult
from workbench.tables.common import check_images, check_table
from workbench.tables.latency import NetworkLatency
from workbench.tables.table import TrialTable


def merged(table: TrialTable, more: TrialTable) -> TrialTable:
    """Return a table with the trials of both.

    What `table` states stays: its name, its names of networks, its search space unless it has none.
    A licence in `more`, and measurements of the same kind, replace those of `table`.

    Args:
        table: The table that is there.
        more: What is added.

    Raises:
        ConfigError: If the recipes, scales, images, kinds of evidence or results versions differ,
            or both have a network and seed as different trials.
    """
    check_images(table.images, more.images, f"table {table.name!r}")
    space_of = table if table.space is not None else more
    found = replace(
        table,
        results=_results(table.results, more.results),
        names=joined_names(table.names, more.names, more.studies),
        space=space_of.space,
        space_name=space_of.space_name,
        studies=tuple(dict.fromkeys((*table.studies, *more.studies))),
        images={**table.images, **more.images},
        licence=more.licence or table.licence,
        latencies=with_latencies(table.latencies, more.latencies),
        proxies=_proxies(table.proxies, more.proxies),
    )
    check_table(found)
    return found


def with_latencies(
    known: tuple[NetworkLatency, ...], measured: tuple[NetworkLatency, ...]
) -> tuple[NetworkLatency, ...]:
    """Return measurements; a new one replaces that of the same network, device and size."""
    return tuple({one.identity: one for one in (*known, *measured)}.values())


def _proxies(known: tuple[ProxyValue, ...], more: tuple[ProxyValue, ...]) -> tuple[ProxyValue, ...]:
    return tuple({(one.network, one.seed, one.proxy): one for one in (*known, *more)}.values())


def joined_names(
    names: Mapping[str, str], more: Mapping[str, str], studies: tuple[str, ...]
) -> dict[str, str]:
    """Return the names of networks; each names one network only.

    Args:
        names: By network; they stay.
        more: Likewise; a name that another network has gets its study in front, `STUDY/NAME`.
        studies: That `more` is from.
    """
    found = dict(names)
    for network, name in more.items():
        if network not in found:
            found[network] = _free_name(name, studies, set(found.values()))
    return found


def _free_name(name: str, studies: tuple[str, ...], taken: set[str]) -> str:
    candidates = [name, *(f"{study}/{name}" for study in studies)]
    free = [one for one in candidates if one not in taken]
    number = 2
    while not free:
        free = [one for one in (f"{candidates[-1]}-{number}",) if one not in taken]
        number += 1
    return free[0]


def _results(
    results: tuple[TrialResult, ...], more: tuple[TrialResult, ...]
) -> tuple[TrialResult, ...]:
    known = {result.key for result in results}
    return (*results, *(one for one in more if one.key not in known))
