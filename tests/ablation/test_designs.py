"""Designs: which networks they train, and which sums of scores give the effects."""

import itertools

import numpy as np
import pytest

from workbench.ablation.contrasts import fraction_text
from workbench.ablation.designs import design_plan
from workbench.ablation.factors import Factor, field_factor, variant_factor
from workbench.ablation.fraction import smallest_fraction
from workbench.ablation.variant import find_variants
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import Plan

BASE = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["smoke"])


def factors(*names: str) -> list[Factor]:
    return [variant_factor(variant) for variant in find_variants(list(names))]


def names(plan: Plan) -> list[str]:
    return [arm.name for arm in plan.arms]


def test_one_factor_compares_every_value_with_the_base() -> None:
    channels = field_factor("model.channels", [20, 24, 28, 32], BASE)
    plan = design_plan("one-factor", "s", "mdrn-s", BASE, [channels], [1, 2])
    assert names(plan) == ["mdrn-s", "channels=20", "channels=24", "channels=32"]
    assert [arm.config.mdrn.channels for arm in plan.arms] == [28, 20, 24, 32]
    assert set(plan.against.values()) == {"mdrn-s"}


def test_add_one_in_starts_from_a_stripped_network_and_ends_with_the_base() -> None:
    chosen = factors("no-lvar", "no-refinement", "relu")
    plan = design_plan("add-one-in", "s", "mdrn-s", BASE, chosen, [1])
    assert names(plan) == ["stripped", "+lvar", "+refinement", "without relu", "mdrn-s"]
    stripped, lvar, _, gelu, whole = (arm.config.mdrn for arm in plan.arms)
    assert stripped.spatial_attention.lvar == ()  # type: ignore[union-attr]
    assert lvar.spatial_attention.lvar == (7,)  # type: ignore[union-attr]
    assert (stripped.activation, gelu.activation) == ("relu", "gelu")
    assert whole == BASE.model
    assert set(plan.against.values()) == {"stripped"}


def test_a_factorial_design_has_every_combination_and_no_verdict_on_single_networks() -> None:
    plan = design_plan("factorial", "s", "mdrn-s", BASE, factors("no-lvar", "relu"), [1])
    assert names(plan) == ["mdrn-s", "relu", "no-lvar", "no-lvar+relu"]
    assert plan.against == {}
    assert [effect.name for effect in plan.effects] == [
        *("main effect no-lvar", "main effect relu", "no-lvar x relu")
    ]
    behind = (("main effect no-lvar", "main effect relu"),)
    assert [effect.behind for effect in plan.effects] == [(), (), behind]


def effects_of(plan: Plan, scores: dict[str, float]) -> dict[str, float]:
    return {
        effect.name: sum(weight * scores[arm] for arm, weight in effect.terms.items())
        for effect in plan.effects
    }


def test_effects_give_back_what_scores_were_made_from() -> None:
    chosen = factors("no-lvar", "relu", "no-refinement")
    plan = design_plan("factorial", "s", "mdrn-s", BASE, chosen, [1])
    brings = {"no-lvar": 0.1, "relu": -0.3, "no-refinement": 0.05}
    scores = {}
    for arm in plan.arms:
        parts = [] if arm.name == "mdrn-s" else arm.name.split("+")
        together = 0.4 if {"no-lvar", "relu"} <= set(parts) else 0.0
        scores[arm.name] = 30 + sum(brings[part] for part in parts) + together
    found = effects_of(plan, scores)
    # Beside a setting of the other that is there in half of the networks.
    assert found["main effect no-lvar"] == pytest.approx(0.1 + 0.2)
    assert found["main effect relu"] == pytest.approx(-0.3 + 0.2)
    assert found["main effect no-refinement"] == pytest.approx(0.05)
    assert found["no-lvar x relu"] == pytest.approx(0.2)  # half of 0.4
    assert found["no-lvar x no-refinement"] == pytest.approx(0)


def test_a_factorial_of_several_values_compares_each_with_the_bases() -> None:
    channels = field_factor("model.channels", [20, 24], BASE)
    plan = design_plan("factorial", "s", "mdrn-s", BASE, [channels, *factors("relu")], [1])
    assert len(plan.arms) == 6
    by_name = {"channels=20": -2.0, "channels=24": -1.0, "relu": 0.5}
    scores = {
        arm.name: sum(by_name.get(part, 0.0) for part in arm.name.split("+")) for arm in plan.arms
    }
    found = effects_of(plan, scores)
    assert found["main effect channels=20"] == pytest.approx(-2)
    assert found["main effect channels=24"] == pytest.approx(-1)
    assert found["main effect relu"] == pytest.approx(0.5)
    assert found["channels=20 x relu"] == pytest.approx(0)
    assert all(sum(effect.terms.values()) == pytest.approx(0) for effect in plan.effects)


@pytest.mark.parametrize("count", range(4, 10))
def test_a_part_keeps_main_effects_apart_from_each_other_and_from_interactions(count: int) -> None:
    cells = smallest_fraction(count)
    assert len(set(cells)) == len(cells) <= 2**count / 2
    assert cells[0] == (0,) * count  # the base is in it
    signs = 2 * np.array(cells).T - 1
    for one, two in itertools.combinations(range(count), 2):
        assert signs[one] @ signs[two] == 0
        for other in set(range(count)) - {one, two}:
            assert signs[one] * signs[two] @ signs[other] == 0


def test_a_part_names_the_interactions_that_it_cannot_tell_apart() -> None:
    chosen = factors("no-lvar", "relu", "no-refinement", "no-distillation")
    plan = design_plan("fractional-factorial", "s", "mdrn-s", BASE, chosen, [1])
    assert len(plan.arms) == 8
    effects = {effect.name: effect for effect in plan.effects}
    assert list(effects)[:4] == [f"main effect {factor.name}" for factor in chosen]
    assert "no-lvar x relu or no-refinement x no-distillation" in effects
    assert len(effects) == 4 + 3
    assert effects["no-lvar x relu or no-refinement x no-distillation"].behind == (
        ("main effect no-lvar", "main effect relu"),
        ("main effect no-refinement", "main effect no-distillation"),
    )
    assert all(sum(effect.terms.values()) == pytest.approx(0) for effect in plan.effects)


@pytest.mark.parametrize(
    ("design", "chosen", "reason"),
    [
        ("factorial", ["no-lvar"], "design factorial needs at least two factors"),
        ("add-one-in", ["no-lvar"], "design add-one-in needs at least two factors"),
        ("fractional-factorial", ["no-lvar", "relu", "eca"], "needs 4 to 9 factors, got 3"),
        ("factorial", ["no-lvar", "no-lvar"], "a factor must not repeat, got 'no-lvar' twice"),
        ("factorial", ["no-mdsa", "no-lvar"], "no-lvar after no-mdsa cannot be built"),
        ("factorial", ["no-lvar", "lvar-all"], "build the same network"),
    ],
)
def test_what_cannot_be_a_design_is_refused(design: str, chosen: list[str], reason: str) -> None:
    picked = [variant_factor(find_variants([name])[0]) for name in chosen]
    with pytest.raises(ConfigError, match=reason):
        design_plan(design, "s", "mdrn-s", BASE, picked, [1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "values", "reason"),
    [
        ("model.chanels", [20], "unknown field|chanels"),
        ("model.channels", [28], "needs a value besides the base's own, 28"),
        ("model.channels", [20, 20], "a value must not repeat"),
    ],
)
def test_what_cannot_be_a_factor_is_refused(key: str, values: list[object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        field_factor(key, values, BASE)


def test_a_value_that_breaks_a_rule_is_refused_with_the_factor() -> None:
    factor = field_factor("model.channels", [-3], BASE)
    with pytest.raises(ConfigError, match=r"factor channels=-3: model\.channels"):
        design_plan("one-factor", "s", "mdrn-s", BASE, [factor], [1])


def test_too_many_networks_are_refused_with_the_number() -> None:
    wide = [
        field_factor("model.channels", list(range(10, 27)), BASE),
        field_factor("model.blocks", list(range(1, 17)), BASE),
    ]
    with pytest.raises(ConfigError, match="has 288 networks, at most 256 are allowed"):
        design_plan("factorial", "s", "mdrn-s", BASE, wide, [1])


def test_a_fraction_names_its_resolution_and_its_aliases() -> None:
    names = ["a", "b", "c", "d"]
    text = fraction_text(names, smallest_fraction(4))
    assert text == (
        "a fraction of resolution 4; aliased (one estimate for both): a = b x c x d, "
        "b = a x c x d, c = a x b x d, d = a x b x c"
    )
    assert fraction_text([*names, "e"], smallest_fraction(5)).startswith(
        "a fraction of resolution 5: main effects and interactions of two factors are clear"
    )
    every = list(itertools.product((0, 1), repeat=3))
    assert fraction_text(names[:3], every).startswith("the whole factorial design")
