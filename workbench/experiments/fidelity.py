"""What `workbench fidelity` does: rank correlations between the levels of studies. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.analysis.fidelity import FidelityTable, fidelity_table
from workbench.analysis.fidelity_levels import StudyTrials
from workbench.analysis.scores import complete
from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.experiments.declaration import read_study, studies
from workbench.experiments.proxies import measure_proxies, proxy_images
from workbench.experiments.study import finished_trials
from workbench.reporting.fidelity_figures import fidelity_figures
from workbench.reporting.prints import Form, panels
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.events import Emit, ignore
from workbench.system.files import write_atomically


@dataclass(frozen=True)
class ProxySpec:
    """That proxies are computed, and on which images."""

    data: Sequence[str] = ()
    """Images that the crops are from, each `FOLDER` or `NAME=FOLDER`; none for the training images
    of the trials."""


def study_fidelity(
    names: Sequence[str],
    store: Path,
    *,
    dataset: str | None = None,
    target: str | None = None,
    proxies: ProxySpec | None = None,
    emit: Emit = ignore,
) -> FidelityTable:
    """Return how well the levels of studies predict each other.

    Args:
        names: Of studies, at least one; each as it was declared last.
        store: The store. Nothing is written.
        dataset: Benchmark whose PSNR the ends are ranked by; None for the validation images.
        target: Study whose end is to be predicted; None for the longest training.
        proxies: Also computes proxies of the initial weights of the target's networks; None takes
            those that a table has.
        emit: Gets the progress while proxies are computed.

    Raises:
        ConfigError: For an unknown study, with the nearest name.
        DataError: If the images that proxies need cannot be used.
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
    table = fidelity_table(found, dataset=dataset, target=target)
    if proxies is None:
        return table
    images = proxy_images(proxies.data)
    predicted = next(one for one in found if one.study == table.levels[table.target].study)
    trials = (one for results in predicted.arms.values() for one in complete(results).values())
    measured = measure_proxies(trials, store=store, images=images, emit=emit)
    return replace(table, proxies=measured)


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
