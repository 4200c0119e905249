"""Controls of equal size: the base narrowed or widened to a variant's size."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.own_modules import NET, write_modules
from workbench.ablation.designs import design_plan
from workbench.ablation.factors import variant_factor
from workbench.ablation.matching import parameters, with_matched
from workbench.ablation.variant import find_variants
from workbench.config.module import ModuleConfig
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import Plan, make_plan
from workbench.models.complexity import count

BASE = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["short"])


def plan(*names: str) -> Plan:
    return make_plan("s", "mdrn-s", BASE, find_variants(list(names)), [1, 2])


def test_a_variant_is_matched_by_the_nearest_width_of_the_base() -> None:
    made, remarks = with_matched(plan("no-mdsa"))
    matched = made.arms[-1]
    wanted = count(made.arms[1].config.model).cost.parameters
    found = {
        channels: count(matched.config.model.model_copy(update={"channels": channels})).cost
        for channels in (25, 26, 27)
    }
    nearest = min(found, key=lambda channels: abs(found[channels].parameters - wanted))
    assert (matched.name, matched.config.mdrn.channels) == (f"mdrn-s {nearest}ch", nearest)
    assert matched.against == ""  # its own difference to the base is no question
    assert [effect.name for effect in made.effects] == ["no-mdsa at equal size"]
    assert made.effects[0].terms == {"no-mdsa": 1.0, matched.name: -1.0}
    assert "83,130 parameters against 82,012 (+1.4%)" in remarks[0]


def test_where_the_base_itself_is_nearest_that_is_said() -> None:
    made, remarks = with_matched(plan("no-lvar"))
    assert made == plan("no-lvar")
    assert remarks == (
        "no-lvar: no width of mdrn-s is nearer than its own: 95,396 parameters against 94,444 "
        "(+1.0%)",
    )


def test_a_wider_variant_is_matched_by_a_wider_base_and_widths_are_shared() -> None:
    made, _ = with_matched(plan("channels-32", "no-mdsa", "plain-conv"))
    widths = {arm.name: arm.config.mdrn.channels for arm in made.arms[4:]}
    assert widths["mdrn-s 32ch"] == 32
    assert max(widths.values()) > 32  # plain convolutions have far more parameters
    assert parameters(BASE.model) == 95_396


def test_a_network_of_ones_own_is_matched_and_matches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_modules(tmp_path))
    tiny = BASE.model_copy(update={"model": PRESETS["tiny"]})
    (variant,) = find_variants(["my-net"])
    wide = NET | {"arguments": {"width": 64}}
    large = replace(variant, name="large", overrides=(("model", wide),))
    made, remarks = with_matched(make_plan("s", "tiny", tiny, [variant, large], [1]))
    _, _, _, small, widened = made.arms
    assert small.config.mdrn.channels < PRESETS["tiny"].channels
    assert widened.config.mdrn.channels > 4 * PRESETS["tiny"].channels
    assert "not equal" not in remarks[1]
    own = BASE.model_copy(update={"model": ModuleConfig.parse(NET)})
    with pytest.raises(ConfigError, match=r"my_nets:Net is a network of your own; add a factor"):
        with_matched(make_plan("s", "own", own, [], [1]))


def test_only_variants_of_one_base_can_be_matched() -> None:
    factors = [variant_factor(v) for v in find_variants(["no-lvar", "relu"])]
    made = design_plan("add-one-in", "s", "mdrn-s", BASE, factors, [1])
    assert with_matched(made)[0].base.name == "stripped"
    with pytest.raises(ConfigError, match="--match parameters needs variants that are compared"):
        with_matched(replace(made, arms=tuple(replace(arm, against="") for arm in made.arms)))
