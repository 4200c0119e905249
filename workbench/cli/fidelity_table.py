"""The table of `workbench fidelity`."""

from collections.abc import Sequence

from workbench.analysis.fidelity import REGRETS, FidelityTable, RankPrediction
from workbench.analysis.fidelity_levels import FidelityLevel
from workbench.analysis.proxies import ProxyRanking, rank_proxies
from workbench.cli.console import OUT, heading, note, table
from workbench.reporting.fidelity_texts import (
    ceiling_text,
    fixed_text,
    level_name,
    meaning_texts,
    regret_text,
    target_text,
    tau_text,
    training_name,
    verdict_text,
)
from workbench.reporting.proxy_texts import (
    answer_texts,
    marked_rho,
    marked_tau,
    proxy_notes,
    seconds_text,
)


def print_fidelity(found: FidelityTable) -> None:
    """Print how well each level predicts the target, and what that does not say."""
    OUT.print(target_text(found), soft_wrap=True)
    trainings: dict[str, list[FidelityLevel]] = {}
    for place, level in enumerate(found.levels):
        if place != found.target:
            trainings.setdefault(training_name(level), []).append(level)
    silent: list[tuple[str, str]] = []
    for training, levels in trainings.items():
        rows = [(level, found.prediction_of(level)) for level in levels]
        _print_rows(training, [(*_steps(level), one) for level, one in rows])
        silent += [(verdict_text(one), level_name(found, level)) for level, one in rows]
    ranking = rank_proxies(found)
    if ranking is None:
        alone = found.by_parameters()
        _print_rows("the number of parameters alone", [("-", "", alone)])
        silent.append((verdict_text(alone), "parameters alone"))
    else:
        _print_proxies(ranking)
    OUT.print()
    for text in answer_texts(ranking) if ranking else ():
        OUT.print(text, soft_wrap=True)
    for reason in dict.fromkeys(reason for reason, _ in silent if reason):
        names = "; ".join(name for why, name in silent if why == reason)
        OUT.print(f"{reason}: {names}", soft_wrap=True)
    OUT.print(ceiling_text(found), soft_wrap=True)
    for text in (*meaning_texts(found), *(proxy_notes(ranking) if ranking else ())):
        note(text)


def _print_rows(source: str, rows: Sequence[tuple[str, str, RankPrediction]]) -> None:
    """Print a table of (steps, kind, prediction) below what predicts."""
    made = table("steps", "kind", "n", "tau", "rho", *(f"regret@{k}" for k in REGRETS), gap=1)
    for steps, kind, one in rows:
        regrets = (regret_text(one, k) for k in REGRETS)
        made.add_row(steps, kind, str(one.networks), tau_text(one), fixed_text(one), *regrets)
    OUT.print()
    OUT.print(heading("from ", source))
    OUT.print(made)


def _print_proxies(ranking: ProxyRanking) -> None:
    """Print a row for each proxy."""
    first, *others = REGRETS
    regrets = (f"regret@{first}", *(f"@{k}" for k in others))
    made = table("proxy", "n", "tau", "rho", *regrets, "s", gap=1)
    for one in ranking.proxies:
        found = one.prediction
        made.add_row(
            one.proxy.title,
            str(found.networks),
            marked_tau(one),
            marked_rho(one),
            *(regret_text(found, k) for k in REGRETS),
            seconds_text(one.seconds),
        )
    OUT.print()
    OUT.print(heading("from ", "proxies, without training"))
    OUT.print(made)


def _steps(level: FidelityLevel) -> tuple[str, str]:
    """Return the steps of a level, and which kind it is."""
    if level.compared == "end":
        return f"{level.step:,}", "end"
    return f"{level.step:,}/{level.total:,}", level.compared
