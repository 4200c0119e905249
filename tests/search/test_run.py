"""A search with a made-up objective: limits, repeats, determinism, going on after a kill."""

from collections.abc import Callable

import pytest

from tests.reporting.test_comparison import scored
from workbench.ablation.plan import Plan
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.models.complexity import count
from workbench.results import TrialResult, TrialState
from workbench.search.candidates import build, cost_of
from workbench.search.objectives import front, parse_objectives
from workbench.search.record import SearchRecord, Settings
from workbench.search.run import SearchState, search
from workbench.search.sampler import SAMPLERS
from workbench.search.space import Limits, SpaceFile

BASE = TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"])
SPACE = SpaceFile.parse(
    {
        "question": "Why?",
        "base": "tiny",
        "dimensions": {
            "model.channels": {"kind": "integers", "low": 4, "high": 16},
            "model.blocks": {"kind": "integers", "low": 1, "high": 3},
            "model.activation": {"kind": "choice", "values": ["gelu", "relu"]},
            "training.ema_decay": {"kind": "floats", "low": 0.9, "high": 0.999},
        },
        "limits": {"parameters": 9_000},
    }
)


class KilledError(Exception):
    """Stands for kill -9."""


class Fake:
    """Trains nothing; scores by a formula, and counts how often each network is asked for."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.ledger: dict[str, TrialResult] = {}
        self.trained: list[str] = []
        self.kill_at = kill_at

    def __call__(self, plan: Plan) -> dict[str, list[TrialResult]]:
        return {
            arm.name: [self.one(arm.name, arm.config, s) for s in plan.seeds] for arm in plan.arms
        }

    def one(self, name: str, config: TrialConfig, seed: int) -> TrialResult:
        key = config.model_dump_json() + str(seed)
        if key not in self.ledger:
            if self.kill_at is not None and len(self.trained) >= self.kill_at:
                raise KilledError
            self.trained.append(name)
            model = config.model
            psnr = 30 + 0.1 * model.channels - 0.3 * (model.blocks - 2) ** 2
            psnr += 0.05 * (model.activation == "gelu") - (config.training.ema_decay - 0.95) ** 2
            made = scored(name, seed, {"Set5": [psnr, psnr + 1]})
            self.ledger[key] = made.model_copy(update={"cost": cost_of(config.model)})
        return self.ledger[key]


def settings(**changes: object) -> Settings:
    given: dict[str, object] = {
        "space_name": "mine",
        "space": SPACE,
        "base": BASE,
        "objectives": ("psnr_rgb_db",),
        "sampler": "tpe",
        "seed": 0,
        "trial_seeds": (1,),
        "batch": 4,
    }
    return Settings(**(given | changes))  # type: ignore[arg-type]


def run(
    wanted: Settings,
    trials: int,
    fake: Fake,
    record: SearchRecord | None = None,
    save: Callable[[SearchRecord], None] = lambda _: None,
) -> SearchState:
    objectives = parse_objectives(wanted.objectives, ["Set5"])
    start = record or SearchRecord(name="s", settings=wanted)
    return search(start, trials, objectives, fake, save)


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "nsga3", "random"])
def test_limits_hold_and_the_canonical_network_is_trial_0(sampler: str) -> None:
    fake = Fake()
    state = run(settings(sampler=sampler), 14, fake)
    assert len(state.trained) == len(fake.trained) == len(set(fake.trained)) == 14
    assert state.trained[0].overrides == {}
    for proposal in state.record.proposals[1:]:
        if proposal.rejected and proposal.overrides:
            config = apply_overrides(BASE, proposal.overrides)
            assert count(config.model).cost.parameters > 9_000
            assert proposal.rejected.startswith("parameters ")
    costs = [state.results[p.name][0].cost.parameters for p in state.trained[1:]]
    assert max(costs) <= 9_000
    assert any(p.rejected for p in state.record.proposals)


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random"])
def test_the_same_search_again_proposes_the_same(sampler: str) -> None:
    first, again = (run(settings(sampler=sampler), 13, Fake()).record for _ in range(2))
    assert first == again
    assert run(settings(sampler=sampler, seed=1), 13, Fake()).record != first


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "grid"])
@pytest.mark.parametrize("kill_at", [0, 1, 3, 5, 7, 11])
def test_killed_anywhere_it_goes_on_to_the_same_end(sampler: str, kill_at: int) -> None:
    dimensions = {k: v for k, v in SPACE.dimensions.items() if k != "training.ema_decay"}
    wanted = settings(sampler=sampler, space=SPACE.model_copy(update={"dimensions": dimensions}))
    undisturbed = run(wanted, 12, Fake())
    fake, kept = Fake(kill_at), [SearchRecord(name="s", settings=wanted)]
    with pytest.raises(KilledError):
        run(wanted, 12, fake, save=kept.append)
    fake.kill_at = None
    state = run(wanted, 12, fake, SearchRecord.parse(kept[-1].plain()))
    assert state.record == undisturbed.record
    assert state.results == undisturbed.results
    assert len(fake.trained) == len(set(fake.trained)) == 12


def test_a_search_can_be_made_longer() -> None:
    fake = Fake()
    short = run(settings(), 5, fake)
    longer = run(settings(), 9, fake, short.record)
    assert longer.record.proposals[: len(short.record.proposals)] == short.record.proposals
    assert len(fake.trained) == 9


def test_a_sampler_finds_more_than_chance() -> None:
    best = {
        sampler: max(
            max(v[0] for v in run(settings(sampler=sampler, seed=s), 40, Fake()).values(
                parse_objectives([], ["Set5"])).values())
            for s in (0,)
        )
        for sampler in ("tpe", "random")
    }  # fmt: skip
    assert best["tpe"] >= best["random"]


def test_equal_networks_are_one_trial_and_a_small_space_ends() -> None:
    small = SpaceFile.parse(
        {
            "question": "Why?",
            "base": "tiny",
            "dimensions": {
                "model.channels": {"kind": "choice", "values": [8, 12]},
                "model.activation": {"kind": "choice", "values": ["gelu", "relu"]},
            },
        }
    )
    for sampler in ("tpe", "grid", "random"):
        fake = Fake()
        state = run(settings(space=small, sampler=sampler), 50, fake)
        assert state.exhausted
        assert len(state.trained) == 4  # one of the four is the canonical network itself
        assert sum(p.same_as == 0 for p in state.record.proposals) >= 1


def test_a_network_without_a_score_is_no_bad_score() -> None:
    fake = Fake()
    state = run(settings(), 5, fake)
    broken = {
        key: result.model_copy(update={"state": TrialState.DIVERGED, "scores": ()})
        for key, result in fake.ledger.items()
        if result.key == state.trained[2].name
    }
    fake.ledger |= broken
    again = run(settings(), 8, fake, state.record)
    assert state.trained[2].name not in again.values(parse_objectives([], ["Set5"]))
    assert len(again.trained) == 8


def test_several_objectives_have_a_front() -> None:
    wanted = settings(objectives=("psnr_rgb_db", "parameters"), sampler="nsga2")
    state = run(wanted, 20, Fake())
    objectives = parse_objectives(wanted.objectives, ["Set5"])
    names = state.front(objectives)
    values = state.values(objectives)
    assert len(names) > 1
    for name in names:
        better = [v for v in values.values() if v[0] > values[name][0] and v[1] < values[name][1]]
        assert not better
    assert front({"a": (1.0, 5.0), "b": (1.0, 6.0), "c": (2.0, 9.0)}, objectives) == ("a", "c")


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["psnr"], "unknown objective 'psnr'; did you mean 'psnr_y_db'|did you mean 'psnr_rgb_db'"),
        (["Set15/ssim_rgb"], "did you mean 'Set5/ssim_rgb'"),
        (["parameters", "parameters"], "--objective parameters is given twice"),
    ],
)
def test_wrong_objectives_are_refused(texts: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_objectives(texts, ["Set5"])


def test_a_combination_that_cannot_be_built_is_rejected_with_the_reason() -> None:
    found = build(BASE, {"model.channels": -1}, Limits())
    assert isinstance(found, str)
    assert "model.channels" in found
    for limits in (Limits(multiply_adds_g=0.01), Limits(activations_m=1.0), Limits(convolutions=3)):
        found = build(BASE, {}, limits)
        assert isinstance(found, str)
        assert found.split()[0] in Limits.model_fields
    assert set(SAMPLERS) == {"tpe", "nsga2", "nsga3", "gp", "random", "grid"}
