"""What the page holds of few and of many networks, from results made by hand."""

import re

from tests.reporting.test_comparison import BASE, scored
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.reporting import figures
from workbench.reporting.comparison import compare
from workbench.reporting.page import Header, page
from workbench.reporting.prints import effects
from workbench.results import TrialResult

CONFIG = TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"])


def many(count: int) -> dict[str, list[TrialResult]]:
    """A base and variants that differ from it the more the higher their number."""
    arms = {"tiny": BASE}
    for number in range(1, count):
        arms[f"v{number:03}"] = [
            scored(f"v{number}-{seed}", seed, {"Set5": [30 + 0.01 * number + seed, 34.0]})
            for seed in (1, 2, 3)
        ]
    return arms


def html(arms: dict[str, list[TrialResult]]) -> str:
    changed = apply_overrides(CONFIG, {"model.channels": 12})
    configs = {name: CONFIG if name == "tiny" else changed for name in arms}
    header = Header("s", "today", ("a remark",), configs, ("workbench ablate <x>",))
    return page(header, compare(arms, {}), arms)


def test_few_networks_are_all_drawn_with_their_whole_configs() -> None:
    text = html(many(4))
    assert text.count('id="images-0-') == 3
    assert text.count("adam_betas") == 4
    assert "workbench ablate &lt;x&gt;" in text
    assert "a remark" in text
    assert "differ most" not in text


def test_of_many_networks_those_that_differ_most_are_drawn_and_all_are_in_the_table() -> None:
    text = html(many(60))
    drawn = set(re.findall(r"(v\d+) minus tiny, dB, seeds x images", text))
    assert drawn == {f"v{number:03}" for number in range(60 - figures.MOST_DRAWN, 60)}
    assert f"The {figures.MOST_DRAWN} that differ most; the table has the 35 others, too." in text
    assert text.count('<th scope="row">') == 60
    assert text.count("adam_betas") == 1
    assert text.count("as the first one, but for\nmodel.channels: 12") == 59
    assert "35 others" in text  # in the figure of costs, too


def test_figures_for_print_are_the_same_for_the_same_comparison() -> None:
    comparison = compare(many(4), {})
    svg = effects(comparison, "svg")
    assert svg == effects(comparison, "svg")
    assert b"<svg" in svg
    for text in (b"v003", b"Set5 (2 images)", b"difference of PSNR, dB"):
        assert text in svg
    assert effects(comparison, "png").startswith(b"\x89PNG")
