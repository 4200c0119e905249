"""The commands do what they say, for people and as JSON."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from tests.cli.conftest import Command, Ended
from workbench.cli.console import OUT
from workbench.cli.verdict_text import verdict_text
from workbench.config.shipped import data_files, shipped_folder
from workbench.evaluation.latency import Latency
from workbench.models.checkpoints import read_weights
from workbench.models.published.mdrn import MDRN_NAMES
from workbench.system.numbers import difference_text, mean_text, p_text


def printed(ended: Ended) -> str:
    """Return what a command that succeeded printed, with single spaces."""
    assert ended.code == 0, ended
    return re.sub(" +", " ", ended.out)


def test_variants_lists_every_shipped_variant_with_its_cost(command: Command) -> None:
    rows = command("variants", "--json").json()
    assert [row["name"] for row in rows] == ["mdrn-s", *data_files("ablations")]
    for row in rows:
        assert isinstance(row["parameters"], int)
        assert row["parameters"] > 10_000
        assert row["question"]
        assert (row["lr_height_px"], row["lr_width_px"]) == (256, 256)


def test_variants_is_a_table_of_80_columns(command: Command) -> None:
    ended = command("variants")
    assert "no-lvar 94,444 5.5468 216.29 Does local variance (L-var)" in printed(ended)
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "at 256x256 LR px" in ended.err


def test_variants_of_another_base_are_counted_or_refused_with_the_reason(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("question: Why?\noverrides:\n  model.spatial_attention.squeeze_ratio: 28\n")
    two = {"mine": mine, "no-lvar": data_files("ablations")["no-lvar"]}
    monkeypatch.setattr("workbench.ablation.variant.data_files", lambda _: two)
    rows = {row["name"]: row for row in command("variants", "--base", "tiny", "--json").json()}
    assert rows["tiny"]["parameters"] > rows["no-lvar"]["parameters"] > 1_000
    assert rows["mine"]["refused"] == (
        f"{mine}:3: model: spatial_attention.squeeze_ratio must be at most channels (8), got 28"
    )
    table = printed(command("variants", "--base", "tiny"))
    assert "mine - - - refused: model:" in table


def test_inspect_gives_the_published_parameters(command: Command) -> None:
    asked = ("--variant", "no-lvar", "--rounds", "0", "--lr-size", "64x64")
    base, variant = command("inspect", *asked, "--json").json()
    assert (base["name"], base["parameters"]) == ("mdrn-s", 95_396)
    assert (variant["name"], variant["parameters"]) == ("no-lvar", 94_444)
    for row in (base, variant):
        assert sum(part["parameters"] for part in row["parts"].values()) == row["parameters"]
        assert sum(p["multiply_adds"] for p in row["parts"].values()) == row["multiply_adds"]


@pytest.fixture
def fvcore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace fvcore's count, which takes seconds of large networks."""
    monkeypatch.setattr("workbench.experiments.inspection.fvcore_flops", lambda *_: 58_430_849_024)


@pytest.mark.usefixtures("fvcore")
def test_inspect_prints_networks_side_by_side(command: Command, tiny_weights: Path) -> None:
    ended = command("inspect", "--variant", "no-lvar", "--rounds", "0")
    assert "parameters 95,396 94,444" in printed(ended)
    assert "multiply-adds G 5.5807 5.5468" in printed(ended)
    both = ("--preset", "tiny", "--weights", str(tiny_weights))
    tiny = command("inspect", *both, "--rounds", "0", "--json").json()
    assert [row["name"] for row in tiny] == ["tiny", "tiny.safetensors"]
    assert tiny[0] | {"name": ""} == tiny[1] | {"name": ""}


def test_inspect_counts_at_the_size_asked_for(command: Command) -> None:
    asked = ("--preset", "tiny", "--lr-size", "32x64", "--rounds", "0")
    (row,) = command("inspect", *asked, "--json").json()
    assert (row["lr_width_px"], row["lr_height_px"]) == (32, 64)


QUICK = ("--rounds", "1", "--time-size", "16x24")


def test_inspect_times_each_network_and_compares_it_with_the_last(
    command: Command, tiny_weights: Path
) -> None:
    asked = ("--preset", "tiny", "--preset", "tiny", "--weights", str(tiny_weights), *QUICK)
    rows = command("inspect", *asked, "--json").json()
    assert [row["name"] for row in rows] == ["tiny", "tiny.safetensors"]
    for row in rows:
        cpu, ratio = row["cpu_ms"], row["cpu_ratio_to"]
        assert cpu.pop("lr_size") == "16x24"
        assert (cpu.pop("rounds"), cpu.pop("threads")) == (1, 1)
        assert ratio.pop("network") == "tiny.safetensors"
        for spread in (cpu, ratio):
            assert spread.keys() == {"median", "lower_quartile", "upper_quartile"}
            assert spread["lower_quartile"] == spread["median"] == spread["upper_quartile"] > 0
    assert rows[1]["cpu_ratio_to"]["median"] == 1

    ended = command("inspect", *asked)
    table = printed(ended)
    assert re.search(r"^CPU ms median [\d.]+ [\d.]+$", table, re.MULTILINE)
    assert re.search(r"^CPU ms quartiles( \[[\d.]+, [\d.]+\]){2}$", table, re.MULTILINE)
    assert re.search(r"^ratio to tiny.safetensors [\d.]+ 1\.00$", table, re.MULTILINE)
    assert "of one image of 16x24 LR px, 1 thread, 1 round, interleaved" in ended.err


def test_inspect_of_one_network_has_a_time_and_no_ratio(command: Command) -> None:
    ended = command("inspect", "--preset", "tiny", *QUICK)
    assert "CPU ms median" in ended.out
    assert "ratio" not in ended.out + ended.err


def test_inspect_with_no_rounds_measures_nothing(command: Command) -> None:
    # 8x8 is too small for the network, and nobody asked for it to be run.
    asked = ("--preset", "tiny", "--rounds", "0", "--time-size", "8x8")
    (row,) = command("inspect", *asked, "--json").json()
    assert not {"cpu_ms", "cpu_ratio_to"} & row.keys()
    ended = command("inspect", *asked)
    assert "CPU" not in printed(ended) + ended.err


@pytest.mark.parametrize("networks", [2, 3])
def test_inspect_shows_parts_of_two_networks_and_of_more_when_asked(
    networks: int, command: Command
) -> None:
    names = ("imdn", "tiny", "mdrn-s")[:networks]
    asked = (*(f"--preset={name}" for name in names), "--rounds", "0", "--lr-size", "64x64")
    short, long = command("inspect", *asked), command("inspect", *asked, "--parts")
    assert "upsampler" in printed(long)
    assert ("upsampler" in printed(short)) == (networks == 2)
    assert ("parts of more than 2 networks: --parts" in short.err) == (networks == 3)
    assert "Parts of tiny, share in % of the whole network" in long.out
    assert all(row["parts"] for row in command("inspect", *asked, "--json").json())


@pytest.mark.usefixtures("fvcore")
def test_inspect_of_four_networks_is_a_table_of_80_columns(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(networks: dict[str, Any], *_: object, **__: object) -> dict[str, Latency]:
        return {name: Latency.of((1234.5, 2345.6, 3456.7)) for name in networks}

    monkeypatch.setattr("workbench.experiments.inspection.measure", slow)
    names = ("imdn", "rfdn", "bsrn", "mdrn-s")
    ended = command("inspect", *(f"--preset={name}" for name in names))
    assert "CPU ms quartiles" + 4 * " [1790, 2901]" in printed(ended)
    lines = ended.out.splitlines()
    assert len(lines) == 15  # no cell is folded
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("option", ["--lr-size", "--time-size"])
def test_inspect_refuses_a_size_too_small_before_it_measures(
    option: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []
    monkeypatch.setattr(
        "workbench.experiments.inspection.measure", lambda *_, **__: measured.append("timed")
    )
    monkeypatch.setattr(
        "workbench.experiments.inspection.count_network", lambda *_: measured.append("x")
    )
    ended = command("inspect", "--preset", "imdn", "--preset", "tiny", option, "20x14")
    assert (ended.code, ended.out, measured) == (2, "", [])
    assert ended.err == (
        f"error: {option}: tiny: the input is 20 x 14 px; "
        "this network needs at least 15 x 15 LR px\n"
    )
    ended = command("inspect", "--preset", "tiny", option, "20")
    assert ended.err.startswith(f"error: {option} must be WIDTHxHEIGHT in px, such as ")


def test_spaces_lists_questions_and_sizes(command: Command) -> None:
    rows = {row["name"]: row for row in command("spaces", "--json").json()}
    assert rows.keys() == data_files("search_spaces").keys()
    assert rows["mdrn-size"]["combinations"] == 5 * 5 * 3
    assert rows["mdrn-size"]["limits"] == {"parameters": 60_000, "multiply_adds_g": 4.0}
    assert "mdrn-attention mdrn-s 60 parameters" in printed(command("spaces"))


def test_a_space_is_shown_with_its_share_within_the_limits(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.search.shares.DRAWN", 20)

    def write(name: str, high: int) -> None:
        (tmp_path / "search_spaces" / f"{name}.yaml").write_text(
            "question: How small?\nbase: tiny\ndimensions:\n"
            f"  model.channels: {{kind: integers, low: 4, high: {high}}}\n"
            "  model.activation: {kind: choice, values: [gelu, relu]}\n"
            "limits: {parameters: 6_000, multiply_adds_g: 4}\n"
        )

    (tmp_path / "search_spaces").mkdir()
    write("few", 12)
    write("many", 40)
    plain = command("spaces", "show", "few", "--json").json()
    assert (plain["combinations"], plain["tried"], plain["share_interval"]) == (18, 18, None)
    assert 0 < plain["share_within_limits"] < 1
    assert all(drawn["parameters"] <= 6_000 for drawn in plain["drawn"])
    shown = printed(command("spaces", "show", "few"))
    assert "base tiny, 18 combinations, parameters <= 6,000, multiply_adds_g <= 4.0" in shown
    kept = round(18 * plain["share_within_limits"])
    assert f"{kept} of 18 are within the limits, such as" in shown
    drawn = command("spaces", "show", "many", "--json").json()
    low, high = drawn["share_interval"]
    assert 0 < low < drawn["share_within_limits"] < high < 1
    shown = printed(command("spaces", "show", "many"))
    assert re.search(r"about \d+ % \[\d+, \d+\] are within the limits \(\d+ of 20 drawn", shown)
    none = printed(command("spaces", "show", "few", "--limit", "parameters<=9"))
    assert "0 of 18 are within the limits; limits.parameters: no network is within 9; the" in none
    none = printed(command("spaces", "show", "many", "--limit", "parameters<=9"))
    assert "limits.parameters: none found within 9; the least of" in none
    for argv, reason in (
        (["--limit", "parameters<=9"], "No such option: --limit"),
        (["show", "few", "--limit", "parameter<=9"], "did you mean 'parameters'?"),
        (["shw"], "No such command 'shw'. Did you mean 'show'?"),
        (["show"], "Missing argument 'SPACE'"),
        (["show", "mdrn-sise"], "did you mean 'mdrn-size'?"),
    ):
        ended = command("spaces", *argv)
        assert (ended.code, ended.out) == (2, "")
        assert reason in ended.err


@pytest.mark.parametrize(("kind", "folder"), [("variant", "ablations"), ("space", "search_spaces")])
def test_the_shipped_schemas_are_those_of_the_code(
    kind: str, folder: str, command: Command
) -> None:
    shipped = json.loads((shipped_folder(folder) / "schema.json").read_text())
    assert command("schema", kind).json() == shipped, "run `make schemas`"


ABLATE = [
    *("ablate", "--base", "tiny", "--set", "model.blocks=1", "--set", "training.stages.0.steps=4"),
    *("--set", "training.stages.0.milestones=[]", "--set", "training.stages.0.hr_patch_px=60"),
    *("--set", "training.validate_every=4", "--data", "photos", "--validation", "photos"),
    *("--benchmark", "Photos=photos", "--workers", "1", "--allow-overlap"),
]


@pytest.fixture
def here(photos: Path, tmp_path: Path) -> Path:
    """Return the folder of the command, with a folder `photos` in it."""
    (tmp_path / "photos").symlink_to(photos)
    return tmp_path


def test_a_dry_run_lists_trials_and_runs_nothing(command: Command, here: Path) -> None:
    plan = command(*ABLATE, "--variant", "lvar-all", "--seeds", "7,3", "--dry-run", "--json").json()
    assert plan.keys() == {"study", "evidence", "trials"}
    assert [(trial["variant"], trial["seed"]) for trial in plan["trials"]] == [
        *(("tiny", 7), ("lvar-all", 7)),
        *(("tiny", 3), ("lvar-all", 3)),
    ]
    for trial in plan["trials"]:
        assert trial.keys() == {"variant", "seed", "key", "finished"}
        assert (trial["key"], trial["finished"]) == (None, False)
    assert not (here / "mlflow_runs").exists()


def test_ablate_prints_a_comparison_and_goes_on_from_the_store(
    command: Command, here: Path
) -> None:
    wanted = [*ABLATE, "--variant", "no-distillation", "--seeds", "2"]
    first = command(*wanted)
    table = printed(first)
    assert max(map(len, first.out.splitlines())) <= 80
    assert "Photos: 4 images, x4, uint8, crop 4, LR bicubic" in table
    result = json.loads(next(here.glob("mlflow_runs/trials/*/result.json")).read_text())
    assert f"{result['cost']['parameters']:,}" in table
    assert "0 of 4 trials were finished before" in first.err

    plan = command(*wanted, "--dry-run", "--json").json()
    assert all(trial["finished"] and trial["key"] for trial in plan["trials"])
    assert "4 trials, 4 finished in mlflow_runs, 0 to run" in command(*wanted, "--dry-run").out

    again = command(*wanted)
    assert again.out == first.out
    assert "4 of 4 trials were finished before" in again.err
    comparison = command(*wanted, "--json").json()
    assert [arm["name"] for arm in comparison["arms"]] == ["tiny", "no-distillation"]
    for arm in comparison["arms"]:
        scores = arm["datasets"]["Photos"]
        name, mean, sd = arm["name"], scores["psnr_rgb_db"], scores["psnr_rgb_db_seed_sd"]
        assert f"\n{name} 2 {arm['parameters']:,} " in table
        assert f"\n{name} {mean_text(mean, sd)} {scores['ssim_rgb']:.4f} " in table
        delta = scores.get("delta_psnr_rgb_db")
        if delta:
            interval = difference_text(delta["mean"], (delta["low"], delta["high"]))
            verdict = f"{p_text(delta['p_holm'])} {verdict_text(delta['verdict'])}"
            assert f" {interval} {verdict}" in table


def test_a_local_variant_wins_and_the_output_says_so(command: Command, here: Path) -> None:
    (here / "ablations").mkdir()
    path = here / "ablations" / "no-lvar.yaml"
    path.write_text("question: Mine?\noverrides:\n  model.channels: 12\n")
    ended = command(*ABLATE, "--variant", "no-lvar", "--dry-run")
    assert ended.err.splitlines()[0] == f"variant no-lvar comes from {path}"
    shipped = command(*ABLATE, "--variant", "lvar-all", "--dry-run")
    assert (shipped.code, "comes from" in shipped.err) == (0, False)
    rows: list[dict[str, Any]] = command("variants", "--json").json()
    assert next(row for row in rows if row["name"] == "no-lvar")["question"] == "Mine?"


def test_shipped_variants_are_not_called_local_where_they_lie(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shipped_folder("ablations").parent)
    ended = command("variants")
    assert (ended.code, "comes from" in ended.err) == (0, False)


def test_weights_survive_the_way_to_the_published_names_and_back(
    command: Command, tiny_weights: Path, tmp_path: Path
) -> None:
    out = command("convert", str(tiny_weights), "tiny.pth")
    weights = read_weights(tiny_weights)
    parameters = sum(tensor.numel() for tensor in weights.state.values())
    assert out.out == f"tiny.pth: x4, 8 channels, 2 blocks, {parameters:,} parameters\n"
    state = torch.load(tmp_path / "tiny.pth", weights_only=True)
    assert MDRN_NAMES.infer({k: tuple(v.shape) for k, v in state.items()}) == weights.config
    printed(command("convert", "tiny.pth", "new/tiny.safetensors"))
    back = read_weights(tmp_path / "new" / "tiny.safetensors")
    assert (back.config, back.origin) == (weights.config, "workbench")
    assert back.state.keys() == weights.state.keys()
    assert all(torch.equal(back.state[name], weights.state[name]) for name in back.state)


def test_evaluate_prints_scores_for_people_and_as_json(
    command: Command, tiny_weights: Path, here: Path
) -> None:
    argv = ["evaluate", "--weights", str(tiny_weights), "--data", "Photos=photos"]
    scores = command(*argv, "--json").json()["datasets"]["Photos"]
    assert [image["name"] for image in scores["images"]] == [f"photo{i}" for i in range(4)]
    mean = sum(image["psnr_rgb_db"] for image in scores["images"]) / 4
    assert scores["psnr_rgb_db"] == pytest.approx(mean)
    assert scores["protocol"]["crop_px"] == 4
    people = command(*argv, "--per-image")
    rows = [f"Photos/{image['name']} 1 {image['psnr_rgb_db']:.4f}" for image in scores["images"]]
    for row in [*rows, f"Photos 4 {mean:.4f}"]:
        assert row in printed(people)
    *notes, rate = people.err.splitlines()
    assert notes == [
        "Photos: x4, uint8, crop 4, LR bicubic",
        "tiny.safetensors: MDRN family, 7,170 parameters, 0.3922 G multiply-adds at 256x256 LR px",
    ]
    assert re.fullmatch(
        r"tiny\.safetensors: [\d.e+]+ images/s, [\d.e+]+ MPx/s of output, "
        r"the network alone on cpu with 1 thread",
        rate,
    )


def test_upscale_enlarges_a_file_and_a_folder(
    command: Command, tiny_weights: Path, here: Path
) -> None:
    weights = ["--weights", str(tiny_weights)]
    one = command("upscale", "photos/photo1.png", "one.png", *weights)
    assert one.out == "one.png\n"
    assert one.err.endswith(" of output, the network alone on cpu with 1 thread\n")
    printed(command("upscale", "photos", "all", *weights))
    assert sorted(path.name for path in (here / "all").iterdir()) == [
        f"photo{i}.png" for i in range(4)
    ]
    with Image.open(here / "one.png") as image:
        assert image.size == (256, 256)
    assert (here / "one.png").read_bytes() == (here / "all" / "photo1.png").read_bytes()


def test_upscale_as_json_names_the_files_and_the_rates(
    command: Command, tiny_weights: Path, here: Path
) -> None:
    argv = ["upscale", "photos", "all", "--weights", str(tiny_weights), "--json"]
    found = command(*argv).json()
    assert found["files"] == [f"all/photo{i}.png" for i in range(4)]
    rates = found["throughput"]
    assert rates["images_timed"] == 3
    assert rates["images_per_s"] == pytest.approx(3 / rates["seconds"])
    assert rates["output_megapixels_per_s"] == pytest.approx(3 * 0.256**2 / rates["seconds"])
    assert (here / "all" / "photo3.png").is_file()


def test_upscale_says_what_it_leaves_out_and_takes_subfolders_if_asked(
    command: Command, tiny_weights: Path, photos: Path, tmp_path: Path
) -> None:
    for place in ("in/a.png", "in/sub/b.png"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        shutil.copy(photos / "photo0.png", tmp_path / place)
    argv = ["upscale", "in", "out", "--weights", str(tiny_weights)]
    ended = command(*argv)
    assert ended.out == "out/a.png\n"
    assert "sub: subfolders with images, which are not read" in ended.err
    assert command(*argv, "--recursive").out == "out/a.png\nout/sub/b.png\n"


def test_tables_follow_the_width_of_the_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OUT, "width", 200)
    line = next(line for line in command("variants").out.splitlines() if "global-var" in line)
    assert line.rstrip().endswith("does that of the whole map do as well?")


def test_the_version_is_printed(command: Command) -> None:
    assert re.fullmatch(r"workbench \d+\.\d+\.\d+\n", command("--version").out)
