"""What a ledger already knows of a space."""

import json
from pathlib import Path

import pytest

from tests.builders.comparisons import scored
from tests.builders.own_modules import GATE, write_modules
from tests.builders.searches import BASE, Fake, run, settings
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.results import TrialResult, TrialState
from workbench.search import loop
from workbench.search.objectives import parse_objectives
from workbench.search.proposals import PriorObservation, Proposal
from workbench.search.record import SearchRecord, Settings
from workbench.search.samplers.sampler import Sampler
from workbench.search.warm_start import prior_observations
from workbench.spaces.dimensions import Integers
from workbench.spaces.space import Limits, SpaceFile
from workbench.store.keys import DataHashes, trial_key

HASHES = DataHashes(training={"a": "1"}, validation="2", benchmarks={"Set5": "3"})
PSNR = parse_objectives([], ["Set5"])
SPACE = SpaceFile.parse(
    {
        "question": "Why?",
        "base": "tiny",
        "dimensions": {
            "model.channels": {"kind": "integers", "low": 4, "high": 16, "step": 4},
            "model.spatial_attention": {"kind": "choice", "values": ["mdsa", "esa"]},
            "model.spatial_attention.levels": {
                "kind": "subset",
                "of": [3, 5, 7],
                "at_least": 1,
                "when": {"model.spatial_attention": ["mdsa"]},
            },
            "model.spatial_attention.lvar": {
                "kind": "subset",
                "of": [3, 5, 7],
                "within": "model.spatial_attention.levels",
                "when": {"model.spatial_attention": ["mdsa"]},
            },
            "model.activation": {"kind": "choice", "values": ["gelu", "relu"], "each_block": True},
            "training.stages.0.learning_rate": {
                "kind": "floats",
                "low": 1e-4,
                "high": 1e-2,
                "log": True,
            },
        },
    }
)


def finished(config: TrialConfig, seed: int = 1, psnr_db: float = 30.0) -> TrialResult:
    config = config.model_copy(update={"seed": seed})
    made = scored("x", seed, {"Set5": [psnr_db]})
    return made.model_copy(update={"config": config, "key": trial_key(config, HASHES).trial})


def known(*results: TrialResult, wanted: Settings | None = None) -> tuple[PriorObservation, ...]:
    return prior_observations(wanted or settings(space=SPACE), PSNR, results, HASHES)


def test_a_result_of_any_study_is_found_in_the_space() -> None:
    sets = {"model.spatial_attention": {"kind": "mdsa", "levels": [3, 7], "lvar": [7]}}
    several = {
        "model.channels": 12,
        "model.block_overrides": [{"blocks": [1], "activation": "relu"}],
    }
    (found,) = known(finished(apply_overrides(BASE, {**sets, **several})))
    assert found.values == (30.0,)
    assert found.params == {
        "model.channels": 12,
        "model.spatial_attention": '"mdsa"',
        "model.spatial_attention.levels[3]": "true",
        "model.spatial_attention.levels[5]": "false",
        "model.spatial_attention.levels[7]": "true",
        "model.spatial_attention.lvar[3]": "false",
        "model.spatial_attention.lvar[7]": "true",
        "model.activation@0": '"gelu"',
        "model.activation@1": '"relu"',
        "training.stages.0.learning_rate": BASE.training.stages[0].learning_rate,
    }
    assert set(found.distributions) == set(found.params)
    (other,) = known(finished(apply_overrides(BASE, {"model.spatial_attention": "esa"})))
    assert other.params["model.spatial_attention"] == '"esa"'


def test_what_the_search_could_not_have_trained_is_left_out() -> None:
    esa = apply_overrides(BASE, {"model.spatial_attention": "esa"})
    base = finished(esa)
    for other in (
        finished(apply_overrides(esa, {"model.channels": 10})),  # between two steps
        finished(apply_overrides(esa, {"model.distillation_steps": 1})),  # not varied
        finished(apply_overrides(esa, {"training.validate_every": 60})),  # another recipe
        finished(apply_overrides(esa, {"training.stages.0.learning_rate": 0.5})),
        finished(esa, seed=2),
        base.model_copy(update={"state": TrialState.DIVERGED}),
        base.model_copy(update={"key": "0" * 16}),  # other images, or an older version
    ):
        assert known(other) == ()
    assert len(known(base)) == 1


def gate(**arguments: object) -> dict[str, object]:
    return {**GATE, "arguments": arguments} if arguments else dict(GATE)


@pytest.mark.parametrize(
    "values",
    [
        [gate(), gate(hidden=3), gate(hidden=3, scale=2.0), "mdsa"],
        ["mdsa", {"kind": "mdsa", "lvar": []}, {"kind": "mdsa", "levels": [3], "lvar": []}],
    ],
)
def test_each_choice_is_found_also_beside_one_that_says_less(
    values: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_modules(tmp_path))
    choice = {"kind": "choice", "values": values}
    space = SpaceFile.parse(
        {"question": "Why?", "base": "tiny", "dimensions": {"model.spatial_attention": choice}}
    )
    for value in values:
        result = finished(apply_overrides(BASE, {"model.spatial_attention": value}))
        (found,) = known(result, wanted=settings(space=space))
        assert json.loads(found.params["model.spatial_attention"]) == value


def test_every_seed_of_the_search_is_needed() -> None:
    wanted = settings(space=SPACE, trial_seeds=(1, 2))
    esa = apply_overrides(BASE, {"model.spatial_attention": "esa"})
    one, two = finished(esa, 1, 30.0), finished(esa, 2, 31.0)
    assert known(one, wanted=wanted) == ()
    (found,) = known(one, two, wanted=wanted)
    assert found.values == (30.5,)


def test_the_sampler_begins_with_what_is_known_and_a_kill_changes_nothing() -> None:
    wanted = settings()
    teacher = run(wanted, 30, Fake())
    values = teacher.values(PSNR)
    prior = tuple(
        PriorObservation(params=p.params, distributions=p.distributions, values=values[p.name])
        for p in teacher.trained
        if p.params
    )
    warm = SearchRecord(name="s", settings=wanted, prior=prior)
    found = run(wanted, 12, Fake(), warm)
    assert found.record.proposals != run(wanted, 12, Fake()).record.proposals
    half = run(wanted, 5, Fake(), warm).record
    assert run(wanted, 12, Fake(), half).record == found.record


class Notes(Sampler):
    """Proposes one combination after the other, and notes what it observes as known."""

    def __init__(self) -> None:
        self.known: list[PriorObservation] = []

    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal | None:  # noqa: ARG002
        """Return the next number of channels."""
        label = {"model.channels": 4 + number}
        return Proposal(number=number, overrides=label, params=label, distributions={}, batch=batch)

    def add_prior(self, known: PriorObservation) -> None:
        """Note it."""
        self.known.append(known)


def test_the_score_of_the_canonical_network_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = Notes()
    monkeypatch.setattr(loop, "make_sampler", lambda *_: sampler)
    found = run(settings(), 2, Fake())
    (base,) = sampler.known
    assert base.params["model.channels"] == BASE.mdrn.channels
    assert base.values == found.values(PSNR)["t0000"]
    prior = base.model_copy(update={"values": (1.0,)})
    run(settings(), 2, Fake(), SearchRecord(name="s", settings=settings(), prior=(prior,)))
    assert sampler.known == [base, prior], "once is enough"
    beyond = SPACE.model_copy(update={"dimensions": {"model.channels": Integers(low=4, high=5)}})
    run(settings(space=beyond), 2, Fake())
    assert len(sampler.known) == 2, "the space has no combination for it"


def test_known_networks_do_not_count_as_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "make_sampler", lambda *_: Notes())
    known = tuple(
        PriorObservation(params={"model.channels": 4 + n}, distributions={}, values=(30.0,))
        for n in (2, 3)
    )
    wanted = settings(space=settings().space.model_copy(update={"limits": Limits()}))
    warm = SearchRecord(name="s", settings=wanted, prior=known)
    state = run(wanted, 5, Fake(), warm)
    assert [p.overrides.get("model.channels") for p in state.trained] == [None, 5, 6, 7, 9, 10, 11]
    assert run(wanted, 5, Fake(), state.record).record == state.record
