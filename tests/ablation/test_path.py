"""Paths between presets: steps, orders, names, and what a path refuses."""

import itertools
import re

import pytest

from tests.builders.paths import path, trial
from workbench.ablation.path import COMPONENTS, make_path, parse_route, path_plan
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.errors import ConfigError
from workbench.store.keys import model_hash

LINE = ("imdn", "rfdn", "efdn", "bsrn", "mdrn-s")


def test_every_field_of_a_network_but_the_scale_belongs_to_one_component() -> None:
    fields = [field for component in COMPONENTS for field in component.fields]
    assert sorted([*fields, "scale"]) == sorted(ModelConfig.model_fields)


def test_the_steps_from_bsrn_to_mdrn_s_change_one_component_at_a_time() -> None:
    plan = path_plan(path(), "study", [1, 2])
    assert [arm.name for arm in plan.arms] == [
        *("bsrn", "bsrn+input", "bsrn+input+convolution", "bsrn+input+convolution+padding"),
        *("bsrn+input+convolution+padding+attention", "mdrn-s-skips-width-blocks"),
        *("mdrn-s-width-blocks", "mdrn-s-blocks", "mdrn-s"),
    ]
    assert plan.arms[0].config == trial("bsrn")
    assert plan.arms[-1].config == trial("mdrn-s")
    assert plan.against == {b.name: a.name for a, b in itertools.pairwise(plan.arms)}
    fields = {c.name: set(c.fields) for c in COMPONENTS}
    for (before, after), name in zip(itertools.pairwise(plan.arms), path().order, strict=True):
        old, new = before.config.model, after.config.model
        changed = {f for f in ModelConfig.model_fields if getattr(old, f) != getattr(new, f)}
        assert changed
        assert changed <= fields[name]
        assert after.question == f"What does the {name} of mdrn-s bring?"
        assert model_hash(old) != model_hash(new)


@pytest.mark.parametrize(("start", "end"), list(itertools.permutations(LINE, 2)))
def test_every_two_networks_of_the_line_have_a_path_both_ways(start: str, end: str) -> None:
    plan = path_plan(path(start, end), "study", [1])
    assert plan.arms[0].config.model == PRESETS[start]
    assert plan.arms[-1].config.model == PRESETS[end]
    assert len({arm.name for arm in plan.arms}) == len(plan.arms)


def test_an_order_comes_first_and_the_rest_follows() -> None:
    found = path(order=("width", "attention"))
    assert found.order[:2] == ("width", "attention")
    assert sorted(found.order) == sorted(path().order)
    plan = path_plan(found, "study", [1])
    assert plan.arms[1].name == "bsrn+width"
    assert plan.arms[1].config.model == apply_overrides(PRESETS["bsrn"], {"channels": 28})


def test_a_node_is_the_same_on_every_path() -> None:
    one, other = path(order=("width", "attention")), path(order=("attention", "width"))
    chosen = frozenset({"width", "attention"})
    assert one.node_name(chosen) == other.node_name(chosen) == "bsrn+attention+width"
    assert one.node(chosen) == other.node(chosen)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (("widht",), "--order: unknown component 'widht'; did you mean 'width'?"),
        (("activation",), "--order: bsrn:mdrn-s have the same 'activation'; did you mean"),
        (("width", "width"), "--order: 'width' is given twice"),
    ],
)
def test_a_wrong_order_is_refused(order: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(reason)}"):
        path(order=order)


@pytest.mark.parametrize("text", ["bsrn", "bsrn:", ":mdrn-s", "a:b:c", ""])
def test_a_path_needs_two_ends(text: str) -> None:
    with pytest.raises(ConfigError, match="--path must be PRESET:PRESET, such as bsrn:mdrn-s"):
        parse_route(text)


def test_ends_that_are_one_network_or_differ_in_scale_are_refused() -> None:
    with pytest.raises(ConfigError, match="the two networks are the same"):
        make_path(("a", "b"), trial("mdrn-s"), trial("mdrn-s"))
    with pytest.raises(ConfigError, match="the two networks differ in scale"):
        make_path(("a", "b"), trial("bsrn"), trial("mdrn-s", scale=2))


def test_a_node_that_cannot_be_trained_is_named() -> None:
    """ESA with mirrored borders needs 21 LR px, BSRN's 15 and MDRN-S's 15."""
    patches = {"training.stages.0.hr_patch_px": 64}
    start, end = (apply_overrides(trial(name), patches) for name in ("bsrn", "mdrn-s"))
    found = make_path(("bsrn", "mdrn-s"), start, end)
    with pytest.raises(ConfigError, match=r"the network bsrn\+input\+convolution\+padding on the"):
        path_plan(found, "study", [1])
    other = make_path(("bsrn", "mdrn-s"), start, end, ["attention"])
    assert len(path_plan(other, "study", [1]).arms) == 9
