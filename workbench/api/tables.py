"""Tables of trials from Python: what `workbench table` has written."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.option_names import python_names
from workbench.api.progress import Progressing, shown
from workbench.api.table_frames import TrialFrames
from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.config.trial import TrialConfig
from workbench.experiments.defaults import DEFAULT_STORE
from workbench.experiments.proxies import ProxySpec
from workbench.experiments.table import LatencySpec, TableSpec, make_table
from workbench.results import Cost, TrialResult
from workbench.store.keys import model_hash
from workbench.system.text import counted
from workbench.tables.files import read_table
from workbench.tables.query import find_network

if TYPE_CHECKING:
    from workbench.search.simulation.optuna_objective import TableObjective

_ARGUMENTS = {"limit": "limits", "objective": "score"}
"""Options of messages whose argument has another name."""


class NetworkTrials(TrialFrames):
    """The trials of one network of a table, one for each seed."""

    @property
    def name(self) -> str:
        """Of the network, in its study."""
        return next(iter(self.table.arms))

    @property
    def network(self) -> str:
        """Hash of its config."""
        return model_hash(self.config)

    @property
    def config(self) -> ModelConfig | ModuleConfig:
        """Its config, which `wb.build` and `wb.count` take."""
        return self.table.results[0].config.model

    @property
    def cost(self) -> Cost:
        """Parameters, multiply-adds, activations and convolutions."""
        return self.table.results[0].cost

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of its trials."""
        return tuple(self.trials)

    @property
    def trials(self) -> dict[int, TrialResult]:
        """By seed; also those that diverged."""
        return {result.config.seed: result for result in self.table.results}

    def __len__(self) -> int:
        """Return the number of trials."""
        return len(self.table.results)

    def __repr__(self) -> str:
        return f"<network {self.name}: {counted(len(self), 'trial')} of table {self.table.name}>"


class Table(TrialFrames):
    """A table of trained networks: on it a sampler or a stopping rule is tried in seconds."""

    @property
    def name(self) -> str:
        """Of the table."""
        return self.table.name

    @property
    def networks(self) -> tuple[str, ...]:
        """Names of its networks, in the order of the table."""
        return tuple(self.table.arms)

    def query(
        self, network: str | ModelConfig | ModuleConfig | TrialConfig | Mapping[str, Any]
    ) -> NetworkTrials:
        """Return the trials of a network: scores, learning curves, costs, seeds.

        Args:
            network: A name of the table, a preset, a config, also one of a trial or as plain data,
                or the hash of a config.

        Raises:
            ConfigError: If the table has no such network, with the nearest one.

        Example:
            >>> wb.table("bench").query("mdrn-s").to_frame()
        """
        found = find_network(self.table, network)
        return NetworkTrials(
            replace(
                self.table,
                results=tuple(
                    one for one in self.table.results if model_hash(one.config.model) == found
                ),
                latencies=tuple(one for one in self.table.latencies if one.network == found),
                proxies=tuple(one for one in self.table.proxies if one.network == found),
            )
        )

    def objective(
        self,
        score: str | None = None,
        *,
        space: str | None = None,
        limits: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> "TableObjective":
        """Return the table as an objective of Optuna, for samplers and pruners of any origin.

        A trial of `optuna.study.Study.optimize` gets the network of the table that is nearest to
        what its sampler suggests, its learning curve, and its score under one seed: nothing is
        trained, and `steps` of the objective counts what that would have cost. To be maximized.
        User attributes of a trial: network (its name), network_params (its own combination),
        quality (mean over all seeds of the table), trial_seed, steps. `regret_of(trial)` is what
        the best network of the table is better by.

        Args:
            score: Of the validation images, such as `psnr_rgb_db`, or `DATASET/score`; None for the
                PSNR.
            space: Name of a search space, or of several as `A+B`; None for that of the table.
            limits: Name of a cost -> most that a network may have; a trial above it is pruned.
            seed: Draws the seed whose scores are seen.

        Raises:
            ConfigError: For an unknown score, space or limit, or a table without a search space.
            WorkbenchError: If the table does not have what searches need.

        Example:
            >>> objective = wb.table("bench").objective()
            >>> study = optuna.create_study(direction="maximize")
            >>> study.optimize(objective, n_trials=30)
            >>> objective.regret_of(study.best_trial), objective.steps
        """
        from workbench.experiments.simulate import optuna_objective

        with python_names(_ARGUMENTS):
            return optuna_objective(
                self.table, space=space, objective=score, limits=limits, seed=seed
            )

    def __len__(self) -> int:
        """Return the number of networks."""
        return len(self.table.arms)

    def __repr__(self) -> str:
        networks = counted(len(self), "network")
        return f"<table {self.name}: {networks}, {counted(len(self.table.results), 'trial')}>"


def table(folder: str | Path) -> Table:
    """Read a table of trials, and check all of its files.

    Args:
        folder: What `workbench table` or `wb.write_table` has written.

    Raises:
        ConfigError: If there is no table.
        StoreError: If a file is missing or damaged, or a newer workbench has written it.

    Example:
        >>> wb.table("bench").to_frame()[["name", "seed", "validation/psnr_rgb_db"]]
    """
    return Table(read_table(Path(folder)))


def write_table(
    *studies: str,
    out: str | Path,
    store: str | Path = DEFAULT_STORE,
    space: str | None = None,
    latency: bool = False,
    proxies: bool = False,
    licence: str = "",
    progress: Progressing = True,
) -> Table:
    """Write the finished trials of studies and searches as a table, or add them to one.

    Args:
        studies: Names of studies or searches; none to change the table that is there.
        out: The folder: absent, empty, or with a table of the same recipe and images.
        store: The folder of the store.
        space: Name of the search space of its networks, `A+B` for several; None finds it out for
            searches and samples.
        latency: Also measure how long an image of 128 x 128 LR px takes each network here.
        proxies: Also compute proxies of the networks' initial weights, such as SynFlow.
        licence: Of the images, for the data card.
        progress: Whether notes and the progress are shown; a function gets the events.

    Raises:
        ConfigError: For an unknown study, trials that do not belong into one table, or a folder
            that holds other files.
        WorkbenchError: If a study has no finished trial.
        StoreError: If something cannot be read or written.

    Example:
        >>> wb.write_table("demo", out="bench")
    """
    timing, wanted = LatencySpec() if latency else None, ProxySpec() if proxies else None
    spec = TableSpec(studies, licence, space, timing, wanted)
    with shown(progress) as emit:
        made = make_table(spec, Path(store), Path(out), emit)
    return Table(made.table)
