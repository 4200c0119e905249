"""`workbench search status|best|front|report|optuna`: what is known of a search. Trains nothing."""

from workbench.cli.console import note
from workbench.cli.options import JsonOption, StoreOption
from workbench.cli.search_options import OutOption, SearchArgument
from workbench.experiments.defaults import DEFAULT_STORE


def status(
    name: SearchArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False
) -> None:
    """Show every trial of a search.

    Example:
        workbench search status my-search
    """
    from workbench.cli.search_table import print_state
    from workbench.experiments.stored_search import stored_search

    print_state(stored_search(name, store), as_json=as_json)


def best(
    name: SearchArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False
) -> None:
    """Show the best network of a search beside the canonical one.

    A search with several objectives has no best network; its front is shown.

    Example:
        workbench search best my-search
    """
    from workbench.cli.search_table import print_best, print_state
    from workbench.experiments.stored_search import stored_search

    state = stored_search(name, store)
    if as_json:
        print_state(state, as_json=True)
    else:
        print_best(state)


def front(
    name: SearchArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False
) -> None:
    """Show the networks of a search that no other beats in every objective.

    Example:
        workbench search front my-search
    """
    from workbench.cli.search_table import print_front, print_state
    from workbench.experiments.stored_search import stored_search

    state = stored_search(name, store)
    if as_json:
        print_state(state, as_json=True)
    else:
        print_front(state)


def report(name: SearchArgument, out: OutOption = None, store: StoreOption = DEFAULT_STORE) -> None:
    """Write a search as an HTML page.

    Example:
        workbench search report my-search --out my-search.html
    """
    from workbench.experiments.stored_search import write_search_report

    note(f"written to {write_search_report(name, store, out)}")


def optuna(name: SearchArgument, out: OutOption = None, store: StoreOption = DEFAULT_STORE) -> None:
    """Write a search as an SQLite file with an Optuna study, for optuna-dashboard.

    Example:
        workbench search optuna my-search --out my-search.db
    """
    from workbench.experiments.stored_search import write_optuna_study

    path = write_optuna_study(name, store, out)
    note(f"written to {path}; pip install optuna-dashboard, then optuna-dashboard sqlite:///{path}")
