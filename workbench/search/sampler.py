"""Who proposes what comes next. This file and `optuna_study.py` import optuna.

The study lives in memory and is rebuilt from the search's record and the ledger, so there is no
database to be locked or to disagree. A sampler is made anew for each proposal from (seed, number),
so what it proposes depends on what it has been told and on nothing else.
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.search.objectives import Objective
from workbench.search.quiet_optuna import quiet_optuna
from workbench.search.record import Known, Proposal
from workbench.spaces.space import SpaceFile

SAMPLERS = ("tpe", "nsga2", "nsga3", "gp", "random", "grid", "pbt")


class Sampler:
    """Proposes combinations and is told what came of them."""

    @quiet_optuna()
    def __init__(
        self, name: str, seed: int, space: SpaceFile, objectives: Sequence[Objective]
    ) -> None:
        """Start with nothing known.

        Args:
            name: One of `SAMPLERS`.
            seed: The same seed and history, the same proposals.
            space: What may vary.
            objectives: What is told of each combination.
        """
        import optuna

        self._optuna: Any = optuna
        self._name, self._seed, self._space = name, seed, space
        self._study: Any = optuna.create_study(directions=[o.direction for o in objectives])
        self._asked: dict[int, Any] = {}
        self._combinations = space.combinations() if name == "grid" else None

    @quiet_optuna()
    def know(self, known: Known) -> None:
        """Take in a combination that has its score already; a grid takes no notice."""
        if self._combinations is None:
            from_json = self._optuna.distributions.json_to_distribution
            self._study.add_trial(
                self._optuna.trial.create_trial(
                    params=known.params,
                    distributions={k: from_json(d) for k, d in known.distributions.items()},
                    values=list(known.values),
                    constraints=known.excess or None,
                )
            )

    @quiet_optuna()
    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal | None:
        """Return the next combination, None at the end of a grid.

        Args:
            number: Of the proposal; each one is asked for once, in order.
            batch: Written into it.
            at_random: Draw it, whatever was told so far.

        Raises:
            TooFewError: If a subset came out smaller than it must be; the number is used up.
        """
        if self._combinations is not None:
            overrides = next(self._combinations, None)
            return None if overrides is None else Proposal(
                number=number, overrides=overrides, params={}, distributions={}, batch=batch
            )  # fmt: skip
        self._study.sampler = self._make("random" if at_random else self._name, number)
        trial = self._study.ask()
        self._asked[number] = trial
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
    def tell(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Say what came of a proposal; None for one that was rejected or gave no score.

        One above a limit is told as that, with how far it is above, and not as a bad score.
        """
        trial = self._asked.pop(proposal.number, None)
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
    def tell_stopped(self, number: int, step: int, values: Sequence[float]) -> None:
        """Say that a candidate was stopped early: it was pruned, not complete.

        Args:
            number: Of the proposal.
            step: How far it came.
            values: What it had there; samplers use them with one objective only.
        """
        trial = self._asked.pop(number, None)
        if trial is None:
            return
        if len(values) == 1:
            trial.report(values[0], step)
        self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)

    def replay(self, proposal: Proposal) -> None:
        """Take in a proposal that was made before; what came of it is told later."""
        if self._combinations is not None:
            next(self._combinations, None)
        else:
            self.go_on(proposal)

    @quiet_optuna()
    def go_on(self, proposal: Proposal) -> None:
        """Take in that a candidate is under way, perhaps one that was told as pruned.

        That cannot be taken back, so it is told once more when it stops or ends.
        """
        if self._combinations is not None:
            return
        kinds, from_json = self._optuna.trial, self._optuna.distributions.json_to_distribution
        self._study.add_trial(
            kinds.create_trial(
                state=kinds.TrialState.RUNNING,
                params=proposal.params,
                distributions={k: from_json(d) for k, d in proposal.distributions.items()},
            )
        )
        trials = self._study.get_trials(deepcopy=False)
        self._asked[proposal.number] = kinds.Trial(self._study, trials[-1]._trial_id)

    def _make(self, name: str, number: int) -> Any:
        samplers, seed = self._optuna.samplers, self._seed * 1_000_003 + number
        made: dict[str, Callable[[], Any]] = {
            "tpe": lambda: samplers.TPESampler(seed=seed),
            "nsga2": lambda: samplers.NSGAIISampler(seed=seed, population_size=16),
            "nsga3": lambda: samplers.NSGAIIISampler(seed=seed, population_size=16),
            "gp": lambda: samplers.GPSampler(seed=seed, deterministic_objective=False),
            "random": lambda: samplers.RandomSampler(seed=seed),
            "pbt": lambda: samplers.RandomSampler(seed=seed),  # the first of a population
        }
        with warnings.catch_warnings():  # optuna says of some that they are experimental
            warnings.simplefilter("ignore")
            return made[name]()


def as_known(space: SpaceFile, params: Mapping[str, Any]) -> Known:
    """Return a combination as a sampler keeps it.

    Args:
        space: That it is one of.
        params: Every value under its name; values of any kind by their JSON.
    """
    import optuna

    trial = optuna.trial.FixedTrial(dict(params))
    space.sample(_Suggest(trial))
    to_json = optuna.distributions.distribution_to_json
    return Known(
        params=trial.params, distributions={k: to_json(d) for k, d in trial.distributions.items()}
    )


class _Suggest:
    """Asks an optuna trial. Values of any kind are offered by their JSON, which optuna can keep."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        by_label = {json.dumps(value, sort_keys=True): value for value in values}
        return by_label[self._trial.suggest_categorical(name, list(by_label))]

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        return int(self._trial.suggest_int(name, low, low + (high - low) // step * step, step=step))

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:
        return float(self._trial.suggest_float(name, low, high, step=step, log=log))
