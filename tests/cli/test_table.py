"""`workbench table`: studies and searches become a table, which grows and is read by others."""

import re
from dataclasses import replace
from pathlib import Path

import optuna
import pyarrow.parquet as pq
import pytest

import workbench as wb
from tests.builders.curves import declare
from tests.builders.ranking import ranked
from tests.cli.conftest import Command
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.proxies.batch import ProxyBatch
from workbench.proxies.kinds import ProxyValue
from workbench.store.keys import model_hash
from workbench.store.ledger import Ledger
from workbench.tables.files import ALL_FILES, read_table, write_table

QUALITY = [0.1 * number for number in range(6)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store, where commands look for it, with a study of six networks and two seeds."""
    folder = tmp_path / "mlflow_runs"
    declare(folder, "first", ranked("first", QUALITY))
    return folder


def test_a_study_becomes_a_table_that_gives_the_means_of_the_ledger(
    command: Command, store: Path, tmp_path: Path
) -> None:
    ended = command("table", "first", "--out", "bench", "--licence", "CC0")
    assert ended.code == 0, ended.err
    assert re.fullmatch(
        r"bench: table bench, 6 networks, 2 seeds, 12 trials \(12 added\), 0\.\d\d MB\n", ended.out
    )
    assert "its search space is not known: --space SPACE" in ended.err
    assert "licence" not in ended.err
    ledger = {one.key: one for one in Ledger(store).results()}
    found = read_table(tmp_path / "bench")
    assert {one.key for one in found.results} == ledger.keys()
    for one in found.results:
        assert one.scores == ledger[one.key].scores
        assert one.curve == ledger[one.key].curve
    means = pq.read_table(tmp_path / "bench" / "trials.parquet").to_pydict()
    last = ledger[means["key"][-1]]
    assert means["Set5/psnr_rgb_db"][-1] == last.scores[0].mean().psnr_rgb_db
    assert means["validation/psnr_y_db"][-1] == last.curve[-1].score.psnr_y_db


def test_a_table_grows_by_what_it_does_not_have(
    command: Command, store: Path, tmp_path: Path
) -> None:
    assert command("table", "first", "--out", "bench").code == 0
    before = {name: (tmp_path / "bench" / name).read_bytes() for name in ALL_FILES[:3]}
    again = command("table", "first", "--out", "bench", "--json").json()
    assert (again["trials"], again["added"]) == (12, 0)
    assert before == {name: (tmp_path / "bench" / name).read_bytes() for name in ALL_FILES[:3]}
    more = {arm: trials for arm, trials in ranked("more", [0.0] * 8).items() if arm > "v05"}
    declare(store, "more", more)
    grown = command("table", "more", "--out", "bench", "--json").json()
    assert (grown["trials"], grown["added"], grown["studies"]) == (16, 4, ["first", "more"])
    both = command("table", "first", "more", "--out", "both", "--json").json()
    assert both | {"table": "bench", "added": 4, "size_bytes": grown["size_bytes"]} == grown


def test_nothing_of_the_machine_is_published(command: Command, store: Path, tmp_path: Path) -> None:
    folder = "/home/somebody/photos"
    arms = ranked("private", QUALITY)
    for trials in arms.values():
        for place, one in enumerate(trials):
            data, scored = one.config.data, one.config.evaluation
            source = data.validation.model_copy(update={"folder": folder, "name": "Photos"})
            changes = {
                "data": data.model_copy(update={"training": (source,), "validation": source}),
                "evaluation": scored.model_copy(update={"benchmarks": (source,)}),
            }
            environment = one.environment.model_copy(update={"git_dirty_diff": f"+ {folder}"})
            config = one.config.model_copy(update=changes)
            trials[place] = one.model_copy(update={"config": config, "environment": environment})
    declare(store, "private", arms)
    assert command("table", "private", "--out", "bench").code == 0
    found = read_table(tmp_path / "bench").results[0]
    assert found.config.data.validation.folder == "Photos"
    assert found.environment.git_dirty_diff == "left out of the table"
    for name in ("README.md", "table.json"):
        assert "somebody" not in (tmp_path / "bench" / name).read_text()
    for name in ALL_FILES[:3]:
        columns = pq.read_table(tmp_path / "bench" / name).to_pydict()
        assert "somebody" not in repr(columns)


def test_fidelity_takes_a_table_in_place_of_a_study(
    command: Command, store: Path, tmp_path: Path
) -> None:
    assert command("table", "first", "--out", "bench").code == 0
    ours, theirs = (command("fidelity", name, "--json").json() for name in ("first", "bench"))
    assert theirs["pairs"] == ours["pairs"]
    assert wb.fidelity(str(tmp_path / "bench")).to_frame()["tau"].iloc[0] == pytest.approx(1.0)
    (tmp_path / "empty").mkdir()
    refused = command("fidelity", "empty")
    assert refused.code == 2
    assert "empty: no table of trials: it has no table.json" in refused.err


def test_latencies_are_measured_and_kept(command: Command, store: Path, tmp_path: Path) -> None:
    options = ("--latency", "--time-size", "20x16", "--rounds", "2")
    made = command("table", "first", "--out", "bench", *options, "--json")
    assert made.code == 0, made.err
    assert made.json()["latencies"] == 6
    first = wb.table(tmp_path / "bench").latencies()
    assert set(first["name"]) == {f"v{number:02}" for number in range(6)}
    assert (first["median_ms"] > 0).all()
    assert set(zip(first["lr_width_px"], first["lr_height_px"], strict=True)) == {(20, 16)}
    assert command("table", "first", "--out", "bench").code == 0
    assert wb.table(tmp_path / "bench").latencies().equals(first)
    card = (tmp_path / "bench" / "README.md").read_text()
    assert "`latencies.parquet`" in card


def test_proxies_are_computed_once_and_read_by_fidelity(
    command: Command, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[tuple[str, int]] = []

    def measure(config: TrialConfig, batch: ProxyBatch) -> tuple[ProxyValue, ...]:
        network = model_hash(config.model)
        computed.append((network, config.seed))
        value = float(config.model.plain()["channels"])
        one = ProxyValue(
            network=network, seed=config.seed, proxy="snip", value=value, batch=batch.text
        )
        gone = {"proxy": "gradient_norm", "value": None, "reason": "no gradient"}
        return one, one.model_copy(update=gone)

    monkeypatch.setattr("workbench.proxies.measuring.measure", measure)
    made = command("table", "first", "--out", "bench", "--proxies", "--json")
    assert made.code == 0, made.err
    assert made.json()["proxies"] == 24
    assert len(computed) == 12
    assert command("table", "first", "--out", "bench", "--proxies").code == 0
    assert len(computed) == 12
    frame = wb.table(tmp_path / "bench").proxies()
    assert set(frame["name"]) == {f"v{number:02}" for number in range(6)}
    assert frame[frame["proxy"] == "gradient_norm"]["reason"].eq("no gradient").all()
    out = command("fidelity", "bench")
    assert re.search(r"^SNIP +6 +1\.00 ", out.out, re.MULTILINE)
    assert re.search(r"^gradient norm +0 +- ", out.out, re.MULTILINE)
    assert "gradient norm: no value of 6 networks: no gradient" in out.err
    # Crops of other images are never mixed with those that are there.
    table = read_table(tmp_path / "bench")
    others = [one.model_copy(update={"batch": "4 crops"}) for one in table.proxies[:12]]
    write_table(replace(table, proxies=tuple(others)), tmp_path / "half")
    refused = command("fidelity", "half", "--proxies")
    assert refused.code == 2
    assert "proxies of some networks are of 4 crops, and of others of" in refused.err
    photos = "photos=embedded:training"
    assert command("fidelity", "half", "--proxies", "--data", photos).code == 0
    ended = command("table", "first", "--out", "bench", "--data", "photos")
    assert (ended.code, ended.out) == (2, "")
    assert "--data needs --proxies" in ended.err


def test_python_reads_and_writes_tables(command: Command, store: Path, tmp_path: Path) -> None:
    made = wb.write_table("first", out=tmp_path / "bench", store=store, progress=False)
    read = wb.table(tmp_path / "bench")
    assert repr(read) == repr(made) == "<table bench: 6 networks, 12 trials>"
    assert (len(read), read.name, read.networks[:2]) == (6, "bench", ("v00", "v01"))
    frame = read.to_frame()
    assert list(frame["name"]) == [f"v{number:02}" for number in range(6) for _ in range(2)]
    assert frame["validation/psnr_rgb_db"].notna().all()
    assert len(read.curves()) == 12 * 4
    assert len(read.scores()) == 12 * 5
    assert len(read.validation_scores()) == 12 * 4 * 5
    one = read.query("v03")
    assert (one.name, one.seeds, len(one)) == ("v03", (1, 2), 2)
    assert one.config.plain()["channels"] == 11
    assert one.cost.parameters == 5_003
    assert one.trials[2].config.seed == 2
    assert repr(one) == "<network v03: 2 trials of table bench>"
    assert read.query(one.config).network == one.network
    assert list(one.curves()["step"]) == [100, 200, 300, 400] * 2


def test_what_cannot_be_written_is_refused_in_one_line(
    command: Command, store: Path, tmp_path: Path
) -> None:
    def refused(*argv: str) -> str:
        ended = command("table", *argv)
        assert ended.code == 2, ended.out
        assert ended.err.count("\n") == 1, ended.err
        return ended.err

    assert "unknown study or search 'fist'" in refused("fist", "--out", "x")
    assert "did you mean 'first'?" in refused("fist", "--out", "x")
    assert "there is no table in x yet" in refused("--out", "x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert "full holds other files" in refused("first", "--out", "full")
    assert "must be a folder, got the file" in refused("first", "--out", "full/notes.txt")
    assert "--rounds needs --latency" in refused("first", "--out", "x", "--rounds", "3")
    assert "unknown search space 'mdrn-bunch'" in refused(
        "first", "--out", "x", "--space", "mdrn-bunch"
    )
    assert not (tmp_path / "x").exists()
    declare(store, "empty", ranked("empty", QUALITY))
    for one in Ledger(store).results():
        if bytes.fromhex(one.key).startswith(b"empty"):
            Ledger(store).paths.trial_result(one.key).unlink()
    assert "'empty' has no finished trial yet" in refused("empty", "--out", "x")
    assert command("table", "first", "--out", "bench").code == 0
    content = (tmp_path / "bench" / "scores.parquet").read_bytes()
    (tmp_path / "bench" / "scores.parquet").write_bytes(content[:100])
    assert "scores.parquet: damaged" in refused("first", "--out", "bench")


SPACE = """
question: Why?
base: tiny
dimensions:
  model.channels: {kind: integers, low: 8, high: 13}
"""


def test_the_space_is_stated_or_known_by_the_names_of_a_sample(
    command: Command, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "search_spaces").mkdir()
    for name, key in (("width", "model.channels"), ("depth", "model.blocks")):
        (tmp_path / "search_spaces" / f"{name}.yaml").write_text(
            SPACE.replace("model.channels", key)
        )
        arms = ranked(name, QUALITY)
        declare(store, f"of {name}", {
            (f"{name}-{number:03}" if number else "tiny"): trials
            for number, trials in enumerate(arms.values())
        })  # fmt: skip
    made = command("table", "of width", "--out", "known")
    assert "search space width: networks are named after it" in made.err
    found = read_table(tmp_path / "known")
    assert found.space_name == "width"
    assert found.space is not None
    assert set(found.space.dimensions) == {"model.channels"}
    # Its networks differ in channels, which this space does not vary.
    assert command("table", "of depth", "--out", "not", "--json").json()["search_space"] is None
    stated = command("table", "--out", "not", "--space", "width+depth", "--json").json()
    assert stated["search_space"] == "width+depth"
    kept = command("table", "of depth", "--out", "not", "--json").json()
    assert (kept["search_space"], kept["added"]) == ("width+depth", 0)


def test_a_table_is_an_objective_of_optuna(command: Command, store: Path, tmp_path: Path) -> None:
    (tmp_path / "search_spaces").mkdir()
    (tmp_path / "search_spaces" / "width.yaml").write_text(SPACE)
    assert command("table", "first", "--out", "bench", "--space", "width").code == 0
    objective = wb.table("bench").objective("Set5/psnr_rgb_db", seed=1)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.GridSampler({"model.channels": range(8, 14)})
    )
    study.optimize(objective, n_trials=6)
    assert study.best_trial.user_attrs["network"] == "v05" == objective.best_network


@pytest.mark.parametrize("options", [(), ("--data", "scikit=embedded:training")])
def test_proxies_are_of_crops_of_the_training_images_of_the_study(
    command: Command,
    tmp_path: Path,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    seen: set[str] = set()

    def measure(config: TrialConfig, batch: ProxyBatch) -> tuple[ProxyValue, ...]:
        seen.add(batch.text)
        network, seed = model_hash(config.model), config.seed
        return (ProxyValue(network=network, seed=seed, proxy="snip", value=1.0, batch=batch.text),)

    monkeypatch.setattr("workbench.proxies.measuring.measure", measure)
    images = {"training": [{"name": "mine", "folder": str(photos)}]}
    own = {"data": images, "training.stages.0.hr_patch_px": 64}
    arms = {
        arm: [one.model_copy(update={"config": apply_overrides(one.config, own)}) for one in trials]
        for arm, trials in ranked("own", QUALITY).items()
    }
    declare(tmp_path / "mlflow_runs", "own", arms)
    ended = command("table", "own", "--out", "new", "--proxies", *options)
    assert ended.code == 0, ended.err
    (text,) = seen
    assert text.endswith("64 px from scikit" if options else "64 px from mine")
