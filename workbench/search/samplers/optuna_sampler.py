"""Optuna's samplers.

Optuna's study lives in memory and is rebuilt from the search's record, so there is no database to
be locked or to disagree. Its sampler is made anew for each proposal from (seed, number): what is
proposed depends on what was observed and on nothing else.
"""

import math
from collections.abc import Sequence
from typing import Any

from workbench.search.candidates import constraint_values_of
from workbench.search.objectives import Objective
from workbench.search.proposals import (
    PriorObservation,
    Proposal,
    constraint_values,
    params_key,
)
from workbench.search.samplers.kinds import CLASSES, GENETIC, SEEDS, make_kind, make_limited_gp
from workbench.search.samplers.observations import (
    Entry,
    Standing,
    as_trials,
    constraints_of,
)
from workbench.search.samplers.quiet_optuna import quiet_optuna
from workbench.search.samplers.sampler import Sampler
from workbench.search.samplers.suggesting import TrialSuggest
from workbench.spaces.space import SpaceFile

OWN_FIRST = 5
"""Candidates that TPE draws at random after a warm start: what is known may lie in a poor corner of
the space, and TPE would stay there."""
GOOD_SHARE, MOST_GOOD = 0.1, 25
"""TPE models this share of the trials as good ones, and with one objective at most so many
(Optuna's defaults)."""


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
        self._directions = [o.direction for o in objectives]
        self._limits = [name for name, most in space.limits.plain().items() if most is not None]
        # TPE uses pruned trials with one objective only; the others never do.
        self._complete_only = name != "tpe" or len(objectives) > 1
        self._entries: list[Entry] = []
        self._place: dict[int, int] = {}
        """Place in `_entries` by number of the proposal."""
        self._parents: dict[int, tuple[int, ...]] = {}
        """Places of the parents of a generation, by generation."""
        self._known: set[str] = set()
        """Parameters of the combinations that had their score before the search, as JSON."""
        self._study: Any = None
        """Of all entries; None if it has to be made anew."""
        self._storage: Any = None

    def add_prior(self, known: PriorObservation) -> None:
        """Observe a combination that had its score before the search started."""
        self._known.add(params_key(known.params))
        self._add(known, standing=Standing.FINISHED, prior=True)
        self._entries[-1].values = known.values
        self._entries[-1].constraint_values = constraint_values(known.excess, known.slack)

    @quiet_optuna()
    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal | None:
        """Return the next combination.

        Raises:
            SubsetError: If a subset came out smaller than it must be; the number is used up.
        """
        if self._study is None:
            self._make_study()
        at_random = at_random or self._is_own_first()
        self._study.sampler = self._make("random" if at_random else self._name, number)
        trial = self._study.ask()
        self._place[number] = len(self._entries)
        entry = Entry({}, {})
        self._entries.append(entry)
        try:
            overrides = self._space.sample(TrialSuggest(trial))
        finally:
            entry.params, entry.distributions = dict(trial.params), dict(trial.distributions)
            self._forget_unused(self._place[number])
        parents = self._note_generation(entry, at_random=at_random)
        to_json = self._optuna.distributions.distribution_to_json
        return Proposal(
            number=number,
            overrides=overrides,
            params=dict(trial.params),
            distributions={k: to_json(d) for k, d in trial.distributions.items()},
            batch=batch,
            generation=entry.generation,
            parents=parents,
        )

    def add_proposed(self, proposal: Proposal, *, at_random: bool) -> None:
        """Take in a proposal that is in the record, or was drawn without the sampler.

        It takes the place of the sampler's own proposal of the same number, if there is one.
        """
        generation = self._last_generation() if at_random else proposal.generation
        place = self._place.setdefault(proposal.number, len(self._entries))
        self._add(proposal)
        if place < len(self._entries) - 1:
            self._entries[place] = self._entries.pop()
        self._entries[place].generation = generation
        self._entries[place].constraint_values = constraint_values_of(proposal, self._space.limits)
        if proposal.parents and proposal.generation is not None:
            self._parents[proposal.generation] = proposal.parents

    def add_counted(self, proposal: Proposal) -> None:
        """Observe what a proposal within the limits costs."""
        place = self._place.get(proposal.number)
        if place is not None:
            self._entries[place].constraint_values = constraint_values_of(
                proposal, self._space.limits
            )

    def add_running(self, proposal: Proposal) -> None:
        """Observe that a candidate trains again; its values at a rung, if any, stay known."""
        place = self._place.get(proposal.number)
        if place is None:
            self._place[proposal.number] = len(self._entries)
            self._add(proposal)
            return
        entry = self._entries[place]
        if entry.standing is Standing.IGNORED and params_key(entry.params) not in self._known:
            entry.standing = Standing.AT_RUNG if entry.at_rungs else Standing.RUNNING
            self._study = None

    @quiet_optuna()
    def add_observation(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Observe what came of a proposal.

        One above a limit is reported with how far it is above, and not as a bad score.
        """
        place = self._place.get(proposal.number)
        if place is None:
            return
        entry = self._entries[place]
        entry.constraint_values = constraint_values_of(proposal, self._space.limits)
        if values is not None and params_key(entry.params) not in self._known:
            entry.standing, entry.values = Standing.FINISHED, tuple(values)
            self._study = None
            return
        rejected = values is None and bool(proposal.excess)
        entry.standing = Standing.REJECTED if rejected else Standing.IGNORED
        if self._study is not None:
            self._tell_rejected(place, entry)

    def add_stopped(self, number: int, step: int, values: Sequence[float]) -> None:
        """Observe that a candidate was stopped early.

        A sampler that learns from complete trials only observes what it would have had at its end.
        """
        self.add_passed(number, step, values)

    def add_passed(self, number: int, step: int, values: Sequence[float]) -> None:
        """Observe the values of a candidate at a rung."""
        place = self._place.get(number)
        if place is None:
            return
        entry = self._entries[place]
        entry.at_rungs[step] = tuple(values)
        if params_key(entry.params) not in self._known:
            entry.standing = Standing.AT_RUNG
        self._study = None

    def _add(
        self,
        one: PriorObservation | Proposal,
        standing: Standing = Standing.RUNNING,
        *,
        prior: bool = False,
    ) -> None:
        from_json = self._optuna.distributions.json_to_distribution
        distributions = {key: from_json(text) for key, text in one.distributions.items()}
        self._entries.append(Entry(one.params, distributions, standing, prior=prior))
        self._study = None

    def _make_study(self) -> None:
        """Make the study of all entries; a trial's id in it is its place among them."""
        self._storage = self._optuna.storages.InMemoryStorage()
        self._study = self._optuna.create_study(storage=self._storage, directions=self._directions)
        key = self._genetic_key("generation")
        self._study.add_trials(self._trials(key))
        study = self._storage.get_study_id_from_name(self._study.study_name)
        for generation, parents in self._parents.items():
            name = f"{self._genetic_key('parent')}:{generation}"
            self._storage.set_study_system_attr(study, name, list(parents))

    def _trials(self, generation_key: str = "") -> list[Any]:
        return as_trials(
            self._entries, self._limits, generation_key, complete_only=self._complete_only
        )

    def _forget_unused(self, place: int) -> None:
        """Let a trial under way have the parameters that its combination has, and no others.

        Optuna keeps those too that a sampler drew together with them and that the space did not
        ask for; a study that is made anew would not have them.
        """
        for name in self._storage.get_trial_system_attrs(place):
            if ":relative_params:" in name:
                self._storage.set_trial_system_attr(place, name, "")

    def _tell_rejected(self, place: int, entry: Entry) -> None:
        """Add to the study that a proposal was rejected, which costs less than a new study."""
        states = self._optuna.trial.TrialState
        trial = self._optuna.trial.Trial(self._study, place)
        for limit, share in constraints_of(entry, self._limits).items():
            trial.set_constraint(limit, share)
        rejected = entry.standing is Standing.REJECTED
        self._study.tell(trial, state=states.PRUNED if rejected else states.FAIL)

    def _is_own_first(self) -> bool:
        """Return whether TPE still draws at random, after a warm start."""
        own = sum(
            not e.prior and e.standing not in {Standing.REJECTED, Standing.IGNORED}
            for e in self._entries
        )
        warm = sum(e.prior for e in self._entries) > 1
        return self._name == "tpe" and warm and own < OWN_FIRST

    def _genetic_key(self, name: str) -> str:
        """Return under which attribute a genetic sampler of Optuna keeps something; else empty."""
        return f"{CLASSES[self._name][0]}:{name}" if self._name in GENETIC else ""

    def _note_generation(self, entry: Entry, *, at_random: bool) -> tuple[int, ...]:
        """Note the generation of a proposal.

        Returns:
            Places of its parents if it is the first of its generation.
        """
        if self._name not in GENETIC:
            return ()
        if at_random:
            entry.generation = self._last_generation()
            # The study has the trial without a generation.
            self._study = None
            return ()
        attributes = self._storage.get_trial_system_attrs(len(self._entries) - 1)
        entry.generation = attributes[self._genetic_key("generation")]
        study = self._storage.get_study_id_from_name(self._study.study_name)
        name = f"{self._genetic_key('parent')}:{entry.generation}"
        parents = tuple(self._storage.get_study_system_attrs(study).get(name, ()))
        if entry.generation in self._parents or not parents:
            return ()
        self._parents[entry.generation] = parents
        return parents

    def _last_generation(self) -> int:
        return max((entry.generation or 0 for entry in self._entries), default=0)

    def _good(self, finished: int) -> int:
        """Return how many trials TPE takes for good: a share of those within the limits.

        Args:
            finished: Trials that Optuna counts, rejected ones among them.
        """
        feasible = sum(entry.feasible for entry in self._entries) or finished
        count = math.ceil(GOOD_SHARE * feasible)
        return min(count, MOST_GOOD) if len(self._directions) == 1 else count

    def _make(self, name: str, number: int) -> Any:
        seed = (self._seed * 1_000_003 + number) % SEEDS
        if name == "gp" and self._limits:
            return make_limited_gp(seed, self._entries, self._trials())
        return make_kind(name, seed, self._good)
