"""What `workbench fidelity` does: rank correlations between the levels of studies. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.analysis.fidelity import FidelityTable, fidelity_table
from workbench.analysis.fidelity_levels import StudyTrials
from workbench.analysis.scores import complete
from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.experiments.declaration import read_study, studies
from workbench.experiments.proxies import EMBEDDED, ProxySpec, measure_proxies, proxy_images
from workbench.experiments.study import finished_trials
from workbench.proxies.kinds import ProxyValue
from workbench.reporting.fidelity_figures import fidelity_figures
from workbench.reporting.prints import Form, panels
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.events import Emit, ignore
from workbench.system.files import write_atomically
from workbench.tables.files import read_table


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
        names: Of studies, at least one, each as it was declared last; or folders of tables, where
            the store has no study of this name.
        store: The store. Nothing is written.
        dataset: Benchmark whose PSNR the ends are ranked by; None for the validation images.
        target: Study whose end is to be predicted; None for the longest training.
        proxies: Also computes proxies of the initial weights of the target's networks; None takes
            those that a table has.
        emit: Gets the progress while proxies are computed.

    Raises:
        ConfigError: For an unknown study, with the nearest name, or a folder without a table.
        StoreError: If a table is damaged.
        DataError: If the images that proxies need cannot be used.
        WorkbenchError: If there is nothing to rank, or scores were made in different ways.
    """
    known = list(dict.fromkeys(names))
    if target is not None and target not in known:
        raise ConfigError(f"--target {target!r} is not among the studies; {nearest(target, known)}")
    found = [_opened(name, store) for name in known]
    table = fidelity_table([one.trials for one in found], dataset=dataset, target=target)
    predicted = next(one for one in found if one.trials.study == table.levels[table.target].study)
    if proxies is None:
        return replace(table, proxies=predicted.proxies)
    images = proxy_images(proxies.data) or (EMBEDDED if predicted.is_table else ())
    trials = (one for arm in predicted.trials.arms.values() for one in complete(arm).values())
    known_values = () if proxies.data else predicted.proxies
    measured = measure_proxies(trials, store=store, images=images, known=known_values, emit=emit)
    return replace(table, proxies=measured)


@dataclass(frozen=True)
class _Opened:
    """A study of the store, or a table."""

    trials: StudyTrials
    proxies: tuple[ProxyValue, ...] = ()
    """That a table has."""
    is_table: bool = False


def _opened(name: str, store: Path) -> _Opened:
    """Read a study, or a table if the store has no study of this name.

    Names of studies hold no slash, so what holds one is meant as a folder, also if it is not there.
    """
    folder = Path(name)
    if name not in studies(store) and (folder.is_dir() or len(folder.parts) > 1):
        table = read_table(folder)
        return _Opened(StudyTrials(name, table.arms), table.proxies, is_table=True)
    _refuse_search(name, store)
    declared = read_study(store, name).declarations[-1]
    return _Opened(StudyTrials(name, finished_trials(declared, Ledger(store))))


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
