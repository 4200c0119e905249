"""A search's best networks as a study: which are promoted, how they are trained, and where."""

from pathlib import Path

import pytest

from tests.builders.searches import Fake, run, settings
from workbench.config.overrides import apply_overrides
from workbench.errors import ConfigError, WorkbenchError
from workbench.execution.lane_count import MEASURED_FROM
from workbench.experiments import promotion
from workbench.experiments.promotion import PromotionSpec, plan_promotion, promote
from workbench.experiments.run_context import RunContext
from workbench.experiments.seeds import Seeds
from workbench.experiments.stored_search import objectives_of
from workbench.experiments.study_plan import PlannedStudy
from workbench.search.record import Settings
from workbench.search.state import BASELINE, SearchState


def stored(monkeypatch: pytest.MonkeyPatch, trials: int, wanted: Settings) -> SearchState:
    """Put a search of made-up scores in the place of the store's."""
    state = run(wanted, trials, Fake())
    monkeypatch.setattr(promotion, "stored_search", lambda *_: state)
    return state


def test_the_best_networks_are_arms_beside_the_baseline(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = stored(monkeypatch, 6, settings())
    spec = PromotionSpec("s", top=2, seeds=Seeds((3, 4)), steps=9)
    plan = plan_promotion(spec, tmp_path).plan
    values = state.values(objectives_of(state.record.settings))
    best = sorted((n for n in values if n != BASELINE), key=lambda n: values[n], reverse=True)[:2]
    assert [arm.name for arm in plan.arms] == ["tiny", *sorted(best)]
    assert (plan.study, plan.seeds) == ("s-promoted", (3, 4))
    overrides = {proposal.name: proposal.overrides for proposal in state.trained}
    for arm in plan.arms[1:]:
        assert arm.against == "tiny"
        assert arm.config == apply_overrides(plan.arms[0].config, overrides[arm.name])
        assert arm.config.training.total_steps() == 9


def test_networks_are_judged_under_seeds_that_did_not_choose_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stored(monkeypatch, 6, settings(trial_seeds=(2, 4)))
    said: list[object] = []

    def seeds(*requested: int) -> tuple[int, ...]:
        spec = PromotionSpec("s", seeds=Seeds(requested))
        return plan_promotion(spec, tmp_path, said.append).plan.seeds

    assert seeds(1, 2, 3) == (1, 3, 5), "a count"
    assert seeds(1) == (1,)
    assert seeds(7, 9) == (7, 9)
    assert sum("the search used others" in str(one) for one in said) == 1
    with pytest.raises(ConfigError, match=r"of seed 4, which would favour them; give other .*1,3"):
        seeds(4, 9)
    looks = PromotionSpec("s", seeds=Seeds((1, 2, 3), (2, 3)))
    plan = plan_promotion(looks, tmp_path).plan
    assert (plan.seeds, plan.looks) == ((1, 3, 5), (2, 3))


def test_a_benchmark_that_chose_the_networks_counts_all_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def passed_over(wanted: Settings, **overrides: object) -> int:
        state = stored(monkeypatch, 8, wanted)
        assert len(state.values(objectives_of(state.record.settings))) == 8
        spec = PromotionSpec("s", top=2, overrides=overrides)
        return plan_promotion(spec, tmp_path).rule.passed_over

    one = settings().base.evaluation.benchmarks[0].plain()
    set5, urban = ([one | {"name": name}] for name in ("Set5", "Urban100"))
    base = apply_overrides(settings().base, {"evaluation.benchmarks": set5})
    assert passed_over(settings(base=base)) == 5, "7 besides the canonical one"
    assert passed_over(settings(base=base), **{"evaluation.benchmarks": urban}) == 0
    unseen = settings(base=base, selection="validation")
    assert passed_over(unseen) == 0
    assert passed_over(unseen.model_copy(update={"objectives": ("Set5/ssim_rgb",)})) == 5


def test_a_search_without_another_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stored(monkeypatch, 1, settings())
    with pytest.raises(
        WorkbenchError, match=r"search 's' has no finished network besides the baseline"
    ):
        plan_promotion(PromotionSpec("s"), tmp_path)


@pytest.mark.parametrize(
    ("device", "given", "workers"), [("cuda", 0, MEASURED_FROM), ("cuda", 3, 3)]
)
def test_workers_are_those_of_the_device_on_which_the_networks_are_trained(
    device: str, given: int, workers: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base = apply_overrides(settings().base, {"training.device": device})
    stored(monkeypatch, 3, settings(base=base))
    used: list[int] = []

    def keep(study: PlannedStudy, context: RunContext, emit: object) -> None:
        assert study.plan.arms[0].config.training.device == device
        used.append(context.workers)

    monkeypatch.setattr(promotion, "run_study", keep)
    promote(PromotionSpec("s"), RunContext(tmp_path, given))
    assert used == [workers]
