"""Networks are scored from Python as by the command: values in, events, values out."""

from pathlib import Path

import pytest

from workbench.config.data import ImageSource
from workbench.config.presets import PRESETS
from workbench.errors import ConfigError
from workbench.evaluation.running import Tiling
from workbench.experiments.evaluation import EvalSettings, evaluate_candidates, open_candidates
from workbench.experiments.inspection import inspect_networks, open_networks
from workbench.experiments.upscaling import UpscaleSettings, plan_upscaling, upscale_images
from workbench.models.checkpoints import save_weights
from workbench.models.factory import build_model
from workbench.models.foreign import Foreign
from workbench.system.events import Note, Progressed, WorkEnded, WorkStarted

pytestmark = pytest.mark.xdist_group("evaluation")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return weights of the tiny network, untrained."""
    path: Path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(path, PRESETS["tiny"], build_model(PRESETS["tiny"], seed=1).state_dict())
    return path


def test_networks_are_scored_without_printing(
    weights: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events: list[object] = []
    foreign = Foreign("tests.foreign_networks:Plain", {"channels": 12}, 255)
    candidates = open_candidates(foreign=foreign, against=[weights], emit=events.append)
    assert [one.network.name for one in candidates.networks] == ["Plain", "tiny.safetensors"]
    settings = EvalSettings((ImageSource(name="Photos", folder=str(photos)),))
    table = evaluate_candidates(candidates, settings, emit=events.append)
    assert [record.name for record in table.records] == ["Plain", "tiny.safetensors"]
    assert table.differences["tiny.safetensors", "Photos"].images == 4
    notes = [event.text for event in events if isinstance(event, Note)]
    assert notes[0] == "foreign code: tests.foreign_networks:Plain is imported and run"
    started = [event.what for event in events if isinstance(event, WorkStarted)]
    assert started == [
        *("checking Photos", "Plain Photos", "bicubic Photos", "tiny.safetensors Photos"),
    ]
    assert events.count(WorkEnded()) == 4
    assert events.count(Progressed(4, 4, "photo3")) == 3  # two networks and bicubic
    assert capsys.readouterr() == ("", "")


def test_without_a_network_nothing_is_scored() -> None:
    with pytest.raises(ConfigError, match="weights, or a network of your own, are needed"):
        open_candidates()


def test_costs_are_counted_and_times_measured_without_printing(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events: list[object] = []
    networks = open_networks({"tiny": PRESETS["tiny"]}, [weights])
    rows = inspect_networks(networks, (64, 32), (16, 24), rounds=1, emit=events.append)
    assert [(row["name"], row["lr_width_px"]) for row in rows] == [
        *(("tiny", 64), ("tiny.safetensors", 64)),
    ]
    assert rows[0]["parameters"] == rows[1]["parameters"] == 7_170
    assert all(row["cpu_ms"]["median"] > 0 for row in rows)
    assert events[0] == WorkStarted("timing")
    assert events[-1] == WorkEnded()
    assert capsys.readouterr() == ("", "")


def test_files_of_one_name_are_two_networks(weights: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / weights.name
    other.parent.mkdir()
    other.write_bytes(weights.read_bytes())
    assert list(open_networks({}, [weights, other])) == [weights.name, str(other)]


def test_images_are_enlarged_without_printing(
    weights: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events: list[object] = []
    files = plan_upscaling(photos, tmp_path / "out", emit=events.append)
    done = upscale_images(files, weights, UpscaleSettings(Tiling(32, 8)), events.append)
    assert done.files == tuple(tmp_path / "out" / f"photo{number}.png" for number in range(4))
    assert all(path.is_file() for path in done.files)
    assert done.throughput is not None
    assert (done.throughput.timed, done.throughput.output_pixels) == (3, 3 * 256**2)
    assert events[0] == WorkStarted("enlarging")
    assert capsys.readouterr() == ("", "")
