"""A table as an objective of Optuna, for samplers and pruners of any origin."""

import random
import threading
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import ConfigError
from workbench.results import TrialResult
from workbench.search.samplers.suggesting import TrialSuggest
from workbench.search.simulation.nearest import NearestNetworks
from workbench.search.simulation.networks import SearchedTable, TableNetwork
from workbench.spaces.dimensions import SubsetError

if TYPE_CHECKING:
    import optuna


class TableObjective:
    """A function for `optuna.study.Study.optimize` that looks trainings up in a table.

    It suggests the dimensions of the search space, takes the network of the table that is nearest
    to them (Gower's distance), reports its learning curve to the trial, and returns its score under
    one seed. A trial that its pruner stops raises `optuna.TrialPruned`; so does one whose network
    is above a limit, or that no network can be built of.

    User attributes of a trial: `network` (its name), `quality` (mean over all seeds of the table),
    `trial_seed` (whose scores it saw), `steps` (trained for it) and `network_params` (the
    combination of the network, which may differ from what was suggested).
    """

    def __init__(self, searched: SearchedTable, seed: int = 0) -> None:
        """Start without a trial.

        Args:
            searched: The table.
            seed: Draws the seed whose scores are seen, and decides between equally near networks.
        """
        self._searched = searched
        self._nearest = NearestNetworks(searched.networks, seed)
        self._lock = threading.Lock()
        self._trained: dict[str, int] = {}
        """Steps of each network so far, by its hash."""
        self.trial_seed: int = random.Random(f"objective {seed}").choice(searched.seeds)
        """Seed of the trainings whose scores are seen."""
        self.steps = 0
        """Training steps of all trials so far; a network that comes again costs nothing again."""

    @property
    def direction(self) -> Literal["maximize"]:
        """For `optuna.create_study`: every objective of a table is a score."""
        return "maximize"

    @property
    def best_quality(self) -> float:
        """Highest quality of a network of the table within the limits."""
        return self._searched.best().quality

    @property
    def best_network(self) -> str:
        """Name of the network of this quality."""
        return self._searched.best().name

    def __call__(self, trial: "optuna.Trial") -> float:
        """Return the score of the network nearest to what the trial suggests.

        Raises:
            TrialPruned: If its pruner stops it, its network is above a limit, or none can be built.
        """
        import optuna

        try:
            self._searched.space.sample(TrialSuggest(trial))
        except SubsetError as error:
            raise optuna.TrialPruned(str(error)) from None
        to_json = optuna.distributions.distribution_to_json
        distributions = {name: to_json(d) for name, d in trial.distributions.items()}
        network = self._nearest.nearest(trial.params, distributions, trial.number)
        trial.set_user_attr("network", network.name)
        trial.set_user_attr("network_params", dict(network.params))
        trial.set_user_attr("quality", network.quality)
        trial.set_user_attr("trial_seed", self.trial_seed)
        if not network.is_within(self._searched.space.limits):
            trial.set_user_attr("steps", 0)
            raise optuna.TrialPruned(f"{network.name} is above a limit")
        result = network.results[self.trial_seed]
        steps = self._reported(trial, result)
        trial.set_user_attr("steps", self._train(network, steps))
        if steps < self._searched.steps:
            raise optuna.TrialPruned(f"stopped at step {steps:,}")
        return network.scores[self.trial_seed]

    def regret_of(self, trial: "optuna.trial.FrozenTrial") -> float:
        """Return how much better the best network of the table is than that of a trial.

        Args:
            trial: Of a study that this objective was optimized in, such as its `best_trial`.

        Raises:
            ConfigError: If the trial has no network of a table.
        """
        attributes: dict[str, Any] = trial.user_attrs
        if "quality" not in attributes:
            raise ConfigError(
                f"trial {trial.number} has no `quality` among its user attributes: it is not one "
                "of a table's objective"
            )
        return self.best_quality - float(attributes["quality"])

    def _reported(self, trial: "optuna.Trial", result: TrialResult) -> int:
        """Report the learning curve, and return the step at which the training stops."""
        total = self._searched.steps
        for point in result.curve:
            if point.step >= total:
                break
            trial.report(self._searched.objective.value_at([result], point.step), point.step)
            if trial.should_prune():
                return point.step
        return total

    def _train(self, network: TableNetwork, steps: int) -> int:
        """Count the steps of a network that were not trained before, and return them."""
        with self._lock:
            before = self._trained.get(network.network, 0)
            self._trained[network.network] = max(before, steps)
            self.steps += self._trained[network.network] - before
            return self._trained[network.network] - before
