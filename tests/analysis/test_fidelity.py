"""How well levels predict each other: known ranks, noise of seeds, and what is not compared."""

import math

import numpy as np
import pytest
from scipy import stats

from tests.builders.comparisons import diverged
from tests.builders.ranking import healed, lesions, on_images, ranked
from workbench.analysis.fidelity import fidelity_table
from workbench.analysis.fidelity_levels import VALIDATION, StudyTrials
from workbench.config.overrides import apply_overrides
from workbench.errors import WorkbenchError
from workbench.results import TrialResult
from workbench.statistics.ranks import regret

QUALITY = [0.1 * number for number in range(8)]
SHUFFLED = [0.3, 0.0, 0.1, 0.2, 0.5, 0.4, 0.7, 0.6]


def one_study(arms: dict[str, list[TrialResult]], name: str = "long") -> list[StudyTrials]:
    return [StudyTrials(name, arms)]


def test_points_of_the_curve_predict_the_end_by_their_ranks() -> None:
    table = fidelity_table(one_study(ranked("long", QUALITY, early_db=SHUFFLED)))
    assert [(one.step, one.compared) for one in table.levels] == [
        *((100, "curve"), (200, "curve"), (300, "curve"), (400, "end")),
    ]
    target = table.levels[table.target]
    assert (target.step, target.total, target.seeds) == (400, 400, (1, 2))
    found = table.prediction(0, table.target)
    assert found.tau is not None
    assert found.tau.tau == pytest.approx(stats.kendalltau(SHUFFLED, QUALITY).statistic)
    assert found.networks == 8
    assert found.regrets == pytest.approx(
        {k: regret(SHUFFLED, QUALITY, k) for k in (1, 5)}, abs=1e-5
    )
    assert found.regrets[1] == pytest.approx(0.1, abs=1e-5)
    assert found.same_trainings
    assert not found.says_nothing


def test_ends_of_other_studies_are_matched_by_the_network() -> None:
    long = ranked("long", QUALITY, steps=(400, 800, 1_200))
    short = ranked("short", SHUFFLED[:6])
    renamed = {f"x{arm}": trials for arm, trials in short.items()}
    table = fidelity_table([StudyTrials("short", renamed), StudyTrials("long", long)])
    names = [(one.study, one.step, one.compared) for one in table.levels]
    assert names == [
        *(("short", 100, "curve"), ("short", 200, "curve"), ("short", 300, "curve")),
        *(("short", 400, "end"), ("long", 400, "curve"), ("long", 800, "curve")),
        ("long", 1_200, "end"),
    ]
    assert names[table.target] == ("long", 1_200, "end")
    found = table.prediction(names.index(("short", 400, "end")), table.target)
    assert found.networks == 6
    assert not found.same_trainings
    assert found.tau is not None
    assert found.tau.tau == pytest.approx(stats.kendalltau(SHUFFLED[:6], QUALITY[:6]).statistic)
    short_end = fidelity_table(
        [StudyTrials("short", renamed), StudyTrials("long", long)], target="short"
    )
    assert short_end.levels[short_end.target].study == "short"


def test_seed_noise_sets_the_ceiling() -> None:
    draw = np.random.default_rng(3)
    noise = {(n, s): 0.5 * draw.standard_normal() for n in range(8) for s in (1, 2)}
    noisy = fidelity_table(one_study(ranked("long", QUALITY, seed_db=noise)))
    quiet = fidelity_table(one_study(ranked("long", QUALITY)))
    ceilings = [table.prediction(0, table.target).ceiling for table in (noisy, quiet)]
    assert ceilings[1] == pytest.approx(1.0)
    assert ceilings[0] is not None
    assert ceilings[0] < 0.8
    # The same trainings share the noise, so they agree better than other seeds would.
    found = noisy.prediction(0, noisy.target)
    assert found.tau is not None
    assert found.tau.tau == pytest.approx(1.0)
    alone = fidelity_table(one_study(ranked("long", QUALITY, seeds=(1,))))
    assert alone.prediction(0, alone.target).ceiling is None


def test_parameters_alone_and_at_fixed_parameters() -> None:
    sizes = [5_000 + 100 * number for number in range(8)]
    table = fidelity_table(one_study(ranked("long", QUALITY, early_db=SHUFFLED, parameters=sizes)))
    alone = table.by_parameters()
    assert alone.tau is not None
    assert alone.tau.tau == pytest.approx(1.0)
    assert alone.at_fixed_parameters is None
    # Quality follows the parameters exactly, so nothing is left to predict beyond them.
    assert table.prediction(0, table.target).at_fixed_parameters is None
    mixed = [sizes[place] for place in (3, 0, 6, 1, 7, 2, 5, 4)]
    found = fidelity_table(one_study(ranked("long", QUALITY, parameters=mixed)))
    fixed = found.prediction(0, found.target).at_fixed_parameters
    assert fixed is not None
    assert fixed.rho == pytest.approx(1.0)


@pytest.mark.parametrize(("count", "silent"), [(4, True), (8, False)])
def test_few_networks_say_nothing(count: int, silent: bool) -> None:
    table = fidelity_table(one_study(ranked("long", QUALITY[:count])))
    assert table.prediction(0, table.target).says_nothing == silent


def test_an_interval_that_holds_zero_says_nothing() -> None:
    early = [0.3, 0.0, 0.6, 0.2, 0.7, 0.1, 0.5, 0.4]
    table = fidelity_table(one_study(ranked("long", QUALITY, early_db=early)))
    found = table.prediction(0, table.target)
    assert found.tau is not None
    low, high = found.tau.interval()
    assert low < 0 < found.tau.tau < high
    assert found.says_nothing


def test_a_constant_learning_rate_is_said() -> None:
    arms = ranked("long", QUALITY)
    constant: dict[str, object] = {"training.stages.0.milestones": []}
    arms = {
        arm: [
            one.model_copy(update={"config": apply_overrides(one.config, constant)})
            for one in trials
        ]
        for arm, trials in arms.items()
    }
    table = fidelity_table(one_study(arms))
    assert [one.compared for one in table.levels] == [*["constant"] * 3, "end"]


def test_long_curves_are_thinned_to_shares_of_the_length() -> None:
    steps = tuple(range(10, 1_001, 10))
    table = fidelity_table(one_study(ranked("long", QUALITY[:5], steps=steps, seeds=(1,))))
    assert [one.step for one in table.levels] == [
        *(50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000),
    ]


def test_networks_without_a_trial_are_left_out_and_named() -> None:
    arms = ranked("long", QUALITY)
    arms["v03"] = []
    arms["v05"] = [diverged("v05-1", 1)]
    table = fidelity_table(one_study(arms))
    assert table.left_out == ("v03 of long", "v05 of long")
    assert table.prediction(0, table.target).networks == 6


def test_only_seeds_that_all_networks_have_count() -> None:
    arms = ranked("long", QUALITY, seeds=(1, 2, 3))
    arms["v02"] = arms["v02"][1:]
    assert {one.seeds for one in fidelity_table(one_study(arms)).levels} == {(2, 3)}
    arms["v04"] = arms["v04"][:1]
    with pytest.raises(WorkbenchError, match="study 'long': its networks share no finished seed"):
        fidelity_table(one_study(arms))


def test_ends_may_be_ranked_by_a_benchmark() -> None:
    table = fidelity_table(one_study(ranked("long", QUALITY)), dataset="Set5")
    assert [one.dataset for one in table.levels] == [*[VALIDATION] * 3, "Set5"]
    with pytest.raises(WorkbenchError, match=r"unknown data set 'Set6'; did you mean 'Set5'\?"):
        fidelity_table(one_study(ranked("long", QUALITY)), dataset="Set6")


def test_studies_without_curves_are_ranked_by_the_benchmark_that_all_have() -> None:
    studies = [
        StudyTrials("long", ranked("long", QUALITY)),
        StudyTrials("healed", healed(ranked("healed", QUALITY, steps=(1_000, 2_000)))),
        StudyTrials("lesion", lesions(ranked("lesion", SHUFFLED))),
    ]
    table = fidelity_table(studies)
    ends = [one for one in table.levels if one.compared == "end"]
    assert [(one.evidence, one.step, one.dataset) for one in ends] == [
        *(("lesion", 0, "Set5"), ("healed", 2_000, "Set5"), ("retrained", 400, "Set5")),
    ]
    # What is to be predicted is what was trained from scratch, however short.
    assert table.levels[table.target] is ends[-1]
    assert math.isclose(ends[0].share, 1.0)
    found = table.prediction(table.levels.index(ends[0]), table.target)
    assert found.tau is not None
    assert found.tau.tau == pytest.approx(stats.kendalltau(SHUFFLED, QUALITY).statistic)
    assert not found.same_trainings


def test_scores_of_other_images_are_not_ranked_together() -> None:
    one = StudyTrials("one", on_images(ranked("one", QUALITY), 25.0))
    other = StudyTrials("other", on_images(ranked("other", QUALITY), 26.0))
    with pytest.raises(
        WorkbenchError,
        match="networks of 'one' and 'other' were scored on different validation images",
    ):
        fidelity_table([one, other])
    assert len(fidelity_table([one, other], dataset="Set5").levels) == 8


def test_one_network_with_two_trainings_is_two_networks_of_its_study() -> None:
    arms = ranked("long", QUALITY)
    slow = {"training.stages.0.learning_rate": 1e-4}
    arms["v00 slow"] = [
        one.model_copy(update={"config": apply_overrides(one.config, slow), "key": f"{one.key}00"})
        for one in arms["v00"]
    ]
    table = fidelity_table(one_study(arms))
    assert len(table.levels[0].scores) == 9
    assert set(table.names.values()) == set(arms)


def test_without_any_score_there_is_nothing_to_rank() -> None:
    bare = lesions(ranked("long", [0.1]))
    bare["v00"] = [one.model_copy(update={"scores": ()}) for one in bare["v00"]]
    with pytest.raises(WorkbenchError, match="long: no finished trial has learning curves"):
        fidelity_table(one_study(bare))
