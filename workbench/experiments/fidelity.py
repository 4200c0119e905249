"""What `workbench fidelity` does: rank correlations between the levels of studies. No torch."""

from collections.abc import Sequence
from pathlib import Path

from workbench.analysis.fidelity import FidelityTable, fidelity_table
from workbench.analysis.fidelity_levels import StudyTrials
from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.experiments.declaration import read_study, studies
from workbench.experiments.study import finished_trials
from workbench.reporting.fidelity_figures import fidelity_figures
from workbench.reporting.prints import Form, panels
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.files import write_atomically


def study_fidelity(
    names: Sequence[str], store: Path, *, dataset: str | None = None, target: str | None = None
) -> FidelityTable:
    """Return how well the levels of studies predict each other.

    Args:
        names: Of studies, at least one; each as it was declared last.
        store: The store. Nothing is written.
        dataset: Benchmark whose PSNR the ends are ranked by; None for the validation images.
        target: Study whose end is to be predicted; None for the longest training.

    Raises:
        ConfigError: For an unknown study, with the nearest name.
        WorkbenchError: If there is nothing to rank, or scores were made in different ways.
    """
    known = list(dict.fromkeys(names))
    if target is not None and target not in known:
        raise ConfigError(f"--target {target!r} is not among the studies; {nearest(target, known)}")
    ledger = Ledger(store)
    found = []
    for name in known:
        _refuse_search(name, store)
        declared = read_study(store, name).declarations[-1]
        found.append(StudyTrials(name, finished_trials(declared, ledger)))
    return fidelity_table(found, dataset=dataset, target=target)


def draw_fidelity(table: FidelityTable, path: Path) -> None:
    """Write the figure: tau against the share of the length, and all pairs of levels.

    Args:
        table: What is drawn.
        path: Ends in .png or .svg.

    Raises:
        ConfigError: For another ending.
        WorkbenchError: If no two levels have enough networks for a rank correlation.
        StoreError: If it cannot be written.
    """
    from workbench.statistics.ranks import FEWEST

    check_figure(path)
    figures = fidelity_figures(table)
    if not figures:
        raise WorkbenchError(
            f"there is nothing to draw: no two levels have {FEWEST} networks in common"
        )
    form: Form = "svg" if path.suffix == ".svg" else "png"
    write_atomically(path, panels(figures, form))


def check_figure(path: Path) -> None:
    """Refuse a file of a figure that is neither PNG nor SVG.

    Raises:
        ConfigError: If it is neither.
    """
    if path.suffix not in (".png", ".svg"):
        raise ConfigError(f"--figure must end in .png or .svg, got {str(path)!r}")


def _refuse_search(name: str, store: Path) -> None:
    if name not in studies(store) and name in Store(store).search_names():
        raise ConfigError(
            f"{name!r} is a search; `workbench search report {name}` has the rank correlations "
            "of its rungs"
        )
