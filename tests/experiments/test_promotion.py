"""A search's best networks as a study: which are promoted, how they are trained, and where."""

from pathlib import Path

import pytest

from tests.builders.searches import Fake, run, settings
from workbench.config.overrides import apply_overrides
from workbench.errors import WorkbenchError
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


def test_a_search_without_another_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stored(monkeypatch, 1, settings())
    with pytest.raises(WorkbenchError, match=r"search 's' has no finished network besides the can"):
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
