"""Optuna's samplers.

Optuna's study lives in memory and is rebuilt from the search's record, so there is no database to
be locked or to disagree. Its sampler is made anew for each proposal from (seed, number): what is
proposed depends on what was observed and on nothing else.
"""

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.search.objectives import Objective
from workbench.search.record import PriorObservation, Proposal
from workbench.search.samplers.quiet_optuna import quiet_optuna
from workbench.search.samplers.sampler import Sampler
from workbench.spaces.space import SpaceFile

POPULATION = 16
"""Networks of a generation of NSGA-II and NSGA-III; Optuna's default, 50, is a whole search."""
CLASSES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "tpe": ("TPESampler", {}),
    "nsga2": ("NSGAIISampler", {"population_size": POPULATION}),
    "nsga3": ("NSGAIIISampler", {"population_size": POPULATION}),
    "gp": ("GPSampler", {"deterministic_objective": False}),
    "random": ("RandomSampler", {}),
}
"""Class of `optuna.samplers` and its arguments, by the name of the sampler."""
GENETIC = ("nsga2", "nsga3")
"""Samplers that note in each trial which generation it belongs to, when they propose it."""


class OptunaSampler(Sampler):
    """Proposes what a sampler of Optuna suggests."""

    @quiet_optuna()
    def __init__(
        self, name: str, seed: int, space: SpaceFile, objectives: Sequence[Objective]
    ) -> None:
        """Start without observations.

        Args:
            name: A key of `CLASSES`.
            seed: The same seed and observations, the same proposals.
            space: What may vary.
            objectives: What is observed of each combination.
        """
        import optuna

        self._optuna: Any = optuna
        self._name, self._seed, self._space = name, seed, space
        self._study: Any = optuna.create_study(directions=[o.direction for o in objectives])
        self._open: dict[int, Any] = {}
        """Trials of Optuna without an end, by number of the proposal."""

    @quiet_optuna()
    def add_prior(self, known: PriorObservation) -> None:
        """Observe a combination that had its score before the search started."""
        self._study.add_trial(
            self._optuna.trial.create_trial(
                params=known.params,
                distributions=self._distributions(known),
                values=list(known.values),
                constraints=known.excess or None,
            )
        )

    @quiet_optuna()
    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal | None:
        """Return the next combination.

        Raises:
            SubsetError: If a subset came out smaller than it must be; the number is used up.
        """
        self._study.sampler = self._make("random" if at_random else self._name, number)
        trial = self._study.ask()
        self._open[number] = trial
        overrides = self._space.sample(_Suggest(trial))
        to_json = self._optuna.distributions.distribution_to_json
        return Proposal(
            number=number,
            overrides=overrides,
            params=dict(trial.params),
            distributions={k: to_json(d) for k, d in trial.distributions.items()},
            batch=batch,
        )

    @quiet_optuna()
    def add_proposed(self, proposal: Proposal, *, at_random: bool) -> None:
        """Repeat a proposal that is in the record."""
        if self._name in GENETIC and not at_random:
            # Reading `relative_params` makes the sampler propose, and so note the generation.
            self._study.sampler = self._make(self._name, proposal.number)
            self._start(proposal)
            _ = self._open[proposal.number].relative_params
        else:
            self.add_running(proposal)

    @quiet_optuna()
    def add_running(self, proposal: Proposal) -> None:
        """Observe that a candidate trains again.

        Optuna cannot take back what it has observed of it, so this is another trial of its study.
        """
        self._study.sampler = self._make("random", proposal.number)
        self._start(proposal)

    @quiet_optuna()
    def add_observation(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Observe what came of a proposal.

        One above a limit is reported with how far it is above, and not as a bad score.
        """
        trial = self._open.pop(proposal.number, None)
        if trial is None:
            return
        states = self._optuna.trial.TrialState
        for limit, share in proposal.excess.items():
            trial.set_constraint(limit, share)
        if values is None:
            self._study.tell(trial, state=states.PRUNED if proposal.excess else states.FAIL)
        else:
            self._study.tell(trial, list(values))

    @quiet_optuna()
    def add_stopped(self, number: int, step: int, values: Sequence[float]) -> None:
        """Observe that a candidate was stopped early: it is pruned, not complete.

        Samplers use its value with one objective only.
        """
        trial = self._open.pop(number, None)
        if trial is None:
            return
        if len(values) == 1:
            trial.report(values[0], step)
        self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)

    def _start(self, proposal: Proposal) -> None:
        """Add a trial that runs with the parameters of a proposal."""
        self._study.enqueue_trial(proposal.params)
        self._open[proposal.number] = self._study.ask(self._distributions(proposal))

    def _distributions(self, one: PriorObservation | Proposal) -> dict[str, Any]:
        from_json = self._optuna.distributions.json_to_distribution
        return {key: from_json(text) for key, text in one.distributions.items()}

    def _make(self, name: str, number: int) -> Any:
        kind, arguments = CLASSES[name]
        with warnings.catch_warnings():  # optuna says of some that they are experimental
            warnings.simplefilter("ignore")
            seed = self._seed * 1_000_003 + number
            return getattr(self._optuna.samplers, kind)(seed=seed, **arguments)


def as_observation(space: SpaceFile, params: Mapping[str, Any]) -> PriorObservation:
    """Return a combination as a sampler keeps it.

    Args:
        space: That it is one of.
        params: Every value by its name; values of any kind as their JSON.
    """
    import optuna

    trial = optuna.trial.FixedTrial(dict(params))
    space.sample(_Suggest(trial))
    to_json = optuna.distributions.distribution_to_json
    return PriorObservation(
        params=trial.params, distributions={k: to_json(d) for k, d in trial.distributions.items()}
    )


class _Suggest:
    """Suggests values by a trial of Optuna, which can keep values of any kind as their JSON."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        by_label = {json.dumps(value, sort_keys=True): value for value in values}
        return by_label[self._trial.suggest_categorical(name, list(by_label))]

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        return int(self._trial.suggest_int(name, low, low + (high - low) // step * step, step=step))

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:
        return float(self._trial.suggest_float(name, low, high, step=step, log=log))
