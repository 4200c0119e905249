"""`workbench studies`: what a store holds."""

from typing import TYPE_CHECKING

from workbench.cli.options import JsonOption, StoreOption
from workbench.experiments.defaults import DEFAULT_STORE

if TYPE_CHECKING:  # numpy, which --help does not need
    from workbench.experiments.listing import ListedSearch, ListedStudy

MOST_NAMES = 3
"""Variants that a row names; more are counted."""


def studies(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List the studies and searches of a store: what they ask, how far they are, what they found.

    Nothing is trained, and torch is not needed. `workbench report STUDY` shows one of them.

    Example:
        workbench studies --store mlflow_runs
    """
    from workbench.cli.console import OUT, note, print_json
    from workbench.cli.terminal import emit
    from workbench.experiments.listing import list_store
    from workbench.system.text import counted

    listing = list_store(store, emit)
    if as_json:
        print_json(
            {
                "studies": [study.to_dict() for study in listing.studies],
                "searches": [search.to_dict() for search in listing.searches],
            }
        )
        return
    for study in listing.studies:
        _print_study(study)
    for search in listing.searches:
        _print_search(search)
    if not listing.studies and not listing.searches:
        OUT.print(f"{store} holds no study and no search", soft_wrap=True)
        return
    studies = counted(len(listing.studies), "study", "studies")
    note(f"{studies} and {counted(len(listing.searches), 'search', 'searches')}, the newest first")


def _print_study(study: "ListedStudy") -> None:
    from workbench.cli.console import OUT, heading
    from workbench.experiments.listing import verdicts_text
    from workbench.system.text import counted

    OUT.print(heading(study.name, f"  {_day(study.declared_s)}"), soft_wrap=True)
    if study.question:
        OUT.print(f"  {study.question}", soft_wrap=True)
    named = ", ".join(study.variants[:MOST_NAMES])
    more = f" and {len(study.variants) - MOST_NAMES} more" if study.variants[MOST_NAMES:] else ""
    against = f"{named}{more} against {study.baseline}" if named else f"{study.baseline} alone"
    done = f"{study.finished} of {counted(study.trials, 'trial')} finished"
    OUT.print(f"  {against}; {counted(len(study.seeds), 'seed')}; {done}", soft_wrap=True)
    if study.verdicts:
        dataset = next(iter(study.verdicts))
        OUT.print(f"  {dataset}: {verdicts_text(study)}", soft_wrap=True)
    if study.declarations > 1:
        text = f"{study.declarations} declarations: workbench report --declaration N shows each"
        OUT.print(f"  {text}", soft_wrap=True)


def _print_search(search: "ListedSearch") -> None:
    from workbench.cli.console import OUT, heading
    from workbench.experiments.listing import best_text
    from workbench.system.text import counted

    OUT.print(heading(search.name, f"  search, {_day(search.changed_s)}"), soft_wrap=True)
    OUT.print(f"  {search.question}", soft_wrap=True)
    OUT.print(
        f"  space {search.space}, {', '.join(search.objectives)}; "
        f"{counted(search.trials, 'network')}, {search.stopped} stopped early, "
        f"{search.rejected} proposals not trained",
        soft_wrap=True,
    )
    if search.best:
        OUT.print(f"  {best_text(search)}", soft_wrap=True)


def _day(moment_s: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment_s))
