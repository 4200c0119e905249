"""What the page holds of few and of many networks, from results made by hand."""

import base64
import hashlib
import importlib.resources
import json
import re

import pytest

from tests.builders.comparisons import BASE, diverged, scored
from tests.builders.pages import SEEDS, header, verdicts, with_images
from workbench.analysis.comparison import Comparison, compare
from workbench.analysis.selection import MOST_DRAWN
from workbench.config.overrides import apply_overrides
from workbench.config.presets import RECIPES
from workbench.reporting.colours import MARKS, PATHS, SIGNS, SYMBOLS
from workbench.reporting.page import page
from workbench.reporting.page.head import recipe_text, title
from workbench.reporting.prints import effects
from workbench.results import CurvePoint, MeanScore, TrialResult


def many(count: int, images: int = 2) -> dict[str, list[TrialResult]]:
    """A base and variants that differ from it the more the higher their number."""
    arms = {"tiny": BASE if images == 2 else with_images("tiny", [30.0] * images)}
    for number in range(1, count):
        if images == 2:
            arms[f"v{number:03}"] = [
                scored(f"v{number}-{seed}", seed, {"Set5": [30 + 0.01 * number + seed, 34.0]})
                for seed in SEEDS
            ]
        else:
            levels = [30.0 + 0.01 * number * (image + 1) for image in range(images)]
            arms[f"v{number:03}"] = with_images(f"v{number}", levels)
    return arms


def html(arms: dict[str, list[TrialResult]], question: str = "") -> str:
    return page(header(arms, question), compare(arms, {}), arms)


def body_of(text: str) -> str:
    """Return what is seen: no scripts, no style sheet, no data of figures, no labels."""
    body = text.partition("<main>")[2]
    body = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_few_networks_of_few_images_are_a_table_with_their_whole_configs() -> None:
    text = html(many(4))
    assert 'id="images-0-' not in text
    assert 'id="ranked-0"' not in text
    assert "Difference of PSNR of each image in dB" in body_of(text)
    assert text.count("adam_betas") == 4
    assert "workbench ablate &lt;x&gt;" in text
    assert "a remark" in text
    assert "differ most" not in text


@pytest.mark.parametrize(("images", "drawn"), [(7, False), (8, True)])
def test_distributions_are_drawn_from_eight_images_on(images: int, drawn: bool) -> None:
    text = html(many(3, images))
    assert text.count('id="images-0-') == (2 if drawn else 0)
    assert text.count('id="ranked-0"') == (1 if drawn else 0)


def test_of_many_networks_those_that_differ_most_are_drawn_and_all_are_in_the_table() -> None:
    text = html(many(60, images=8))
    drawn = set(re.findall(r"(v\d+) minus tiny, dB, seeds x images", text))
    assert drawn == {f"v{number:03}" for number in range(60 - MOST_DRAWN, 60)}
    assert f"The {MOST_DRAWN} that differ most; the table has the 35 others, too." in text
    assert text.count('<th scope="row">') == 2 * 60  # what decides, and the rest of the columns
    assert text.count('<span class="name">') == 59  # in the forest plot
    assert text.count('<div class="said">') == MOST_DRAWN
    assert text.count("adam_betas") == 1
    assert text.count("as the first one, but for\nmodel.channels: 12") == 59
    assert "35 others" in text  # in the figure of costs, too


def test_the_answers_come_first_each_with_its_verdict() -> None:
    body = body_of(html(verdicts(), "Which <parts> help?"))
    assert body.index("Which &lt;parts&gt; help?") < body.index("Answers") < body.index("± their")
    steps = "120 steps"
    assert re.search(
        rf"▲ better better than tiny \(\+0\.515 dB \[\+0\S+ \+0\S+\], p \S+, at {steps}\)", body
    )
    assert re.search(
        rf"▼ worse worse than tiny \(-0\.485 dB \[-0\S+ -0\S+\], p \S+, at {steps}\)", body
    )
    assert re.search(
        r"■ equivalent no difference that matters \(\+0\.0000\d+ dB \[.*?\], "
        rf"90 % interval; equivalent within ±0\.02 dB, p \S+, at {steps}\)",
        body,
    )
    assert re.search(rf"● undecided no answer yet \(.*? dB \[.*?\] at {steps}\); more seeds", body)
    for fact in ("smoke, 120 steps", "Set5 (4 images, x4", "3 (1, 2, 3)", "margin ±0.02 dB"):
        assert fact in body


def test_one_seed_is_no_claim_and_a_network_without_scores_says_why() -> None:
    arms = {
        "tiny": [scored("b", 1, {"Set5": [30.0, 31.0]})],
        "one": [scored("o", 1, {"Set5": [30.5, 31.0]})],
        "none": [diverged("n", 1)],
    }
    body = body_of(html(arms))
    assert "\u00d7 not testable no claim from one seed (+0.250 dB at 120 steps)" in body
    assert re.search(r"none\W+seed 1: diverged", body)


def test_every_verdict_has_a_colour_a_sign_and_a_shape_of_its_own() -> None:
    assert set(MARKS) == set(SIGNS)
    assert len(set(SIGNS.values())) == len({symbol for _, symbol in MARKS.values()}) == 5
    assert {symbol for _, symbol in MARKS.values()} | set(SYMBOLS) <= set(PATHS)


def test_a_network_has_one_colour_in_all_figures() -> None:
    text = html(many(4, images=8))
    found: dict[str, set[str]] = {}
    for data in re.findall(r'<script type="application/json">(.*?)</script>', text):
        for trace in json.loads(data)["data"]:
            name = trace.get("name", "")
            if name.startswith("v") or name == "tiny":
                found.setdefault(name, set()).add(trace["marker"]["color"])
    assert found == {
        "tiny": {"var(--base)"},
        "v001": {"var(--series-0)"},
        "v002": {"var(--series-1)"},
        "v003": {"var(--series-2)"},
    }
    for name in ("v001", "v002", "v003"):
        (colour,) = found[name]
        assert f'fill="{colour}"/></svg>{name}</th>' in text
        assert f'{name}</span><svg class="strip"><title>{name}: ' in text
        assert re.search(rf'<title>{name}: .*?<g style="color: {re.escape(colour)}">', text)


def test_only_the_pages_own_scripts_may_run() -> None:
    text = html(many(2))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    allowed = re.search(r"script-src ([^;]+);", policy)
    assert allowed is not None
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert allowed[1].split() == [f"'sha256-{digest}'" for digest in digests]
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"<[^>]+ on\w+=", text.partition("<body>")[2])


def test_names_cannot_close_the_data_of_a_figure() -> None:
    arms = {"tiny": BASE, "</script><b>": many(2)["v001"]}
    text = html(arms)
    assert "</script><b>" not in text
    data = re.findall(r'<script type="application/json">(.*?)</script>', text)
    assert any("\\u003c\\u002fscript\\u003e" in one for one in data)
    assert all(json.loads(one) for one in data)


def compared(*variants: str, question: str = "") -> Comparison:
    arms = {"tiny": BASE} | {name: many(2)["v001"] for name in variants}
    return compare(arms, dict.fromkeys(variants, question))


@pytest.mark.parametrize(
    ("asks", "variants", "question", "expected"),
    [
        ("Which parts help?", ("a", "b"), "Does it?", "Which parts help?"),
        ("", ("a",), "Does it?", "Does it?"),
        ("", ("a",), "", "What does a change in tiny?"),
        ("", ("a", "b"), "Does it?", "What do a and b change in tiny?"),
        ("", tuple("abcdefg"), "", "What do 7 variants of tiny change?"),
        ("", (), "", "How good is tiny?"),
    ],
)
def test_the_title_is_the_question(
    asks: str, variants: tuple[str, ...], question: str, expected: str
) -> None:
    found = compared(*variants, question=question)
    assert title(header({"tiny": BASE}, asks), found) == expected


def test_a_recipe_is_named_with_its_changes() -> None:
    smoke = RECIPES["smoke"]
    assert recipe_text(smoke) == "smoke, 120 steps"
    short = apply_overrides(smoke, {"stages.0.steps": 3, "stages.0.milestones": []})
    assert recipe_text(short) == "3 steps; smoke with steps=3, milestones=[]"


def test_learning_curves_are_a_section_if_there_are_any() -> None:
    arms = many(2)
    assert "Learning curves" not in html(arms)
    point = CurvePoint(
        step=3,
        time_s=0.0,
        loss=0.1,
        learning_rate=0.001,
        score=MeanScore(psnr_rgb_db=20.0, ssim_rgb=0.5, psnr_y_db=21.0, ssim_y=0.6),
    )
    arms["v001"] = [trial.model_copy(update={"curve": (point,)}) for trial in arms["v001"]]
    assert "Learning curves" in html(arms)


def test_style_sheet_and_script_are_files_of_the_package() -> None:
    folder = importlib.resources.files("workbench.reporting") / "assets"
    names = {file.name for file in folder.iterdir()}
    assert {"page.css", "page.js"} <= names
    assert "prefers-color-scheme: dark" in (folder / "page.css").read_text(encoding="utf-8")


def test_figures_for_print_are_the_same_for_the_same_comparison() -> None:
    comparison = compare(many(4), {})
    svg = effects(comparison, "svg")
    assert svg == effects(comparison, "svg")
    assert b"<svg" in svg
    for text in (b"v003", b"Set5 (2 images)", b"difference of PSNR, dB"):
        assert text in svg
    assert effects(comparison, "png").startswith(b"\x89PNG")
