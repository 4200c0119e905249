"""What it costs to check files when they are read: seconds for each kind, with and without.

`python tests/benchmarks/checks.py --reference FOLDER` packs BSDS100 and CID22 of the reference data
into a temporary store, writes a result, a checkpoint, weights, a declaration and a search, and
times the check of each. Times are the least of several readings with warm caches, on one thread.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from tests.tracking.conftest import make_label, make_result
from workbench.config.data import ImageSource
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.data import image_store
from workbench.data.image_store import open_store
from workbench.models.checkpoints import load_model, save_weights
from workbench.results import DatasetScores, TrialResult
from workbench.store.ledger import Ledger
from workbench.system.digests import check_safetensors, unseal, unseal_json
from workbench.training.state import decode_checkpoint, new_state, save_checkpoint

READINGS = 15
MANY = 1_000
"""Results that are read one after the other."""


def seconds(call: Callable[[], object], readings: int = READINGS) -> float:
    """Return the least time of a call: other work on the machine only adds to it."""
    times = []
    for _ in range(readings):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def row(what: str, size_bytes: int, checked: float, read: float) -> None:
    """Print one kind of file: how large, the check alone, and reading with the check."""
    times = f"{checked * 1e3:10.3f} ms {read * 1e3:10.3f} ms"
    sys.stdout.write(f"{what:34} {size_bytes / 1e6:10.3f} MB {times}\n")


def measure_images(reference: Path, store: Path) -> None:
    """Pack and check two sets of photographs, x4."""
    places = {
        "BSDS100": reference / "benchmarks" / "BSDS100",
        "CID22": reference / "training" / "CID22" / "train",
    }
    for name, folder in places.items():
        source = ImageSource(name="photographs", folder=str(folder))
        images = open_store(source, 4, "bicubic", folder=store / "images")

        def check(images: image_store.ImageStore = images) -> None:
            image_store._checked.clear()
            assert images.is_intact()

        def opened(source: ImageSource = source) -> None:
            open_store(source, 4, "bicubic", folder=store / "images", check=False)

        checked = seconds(check, 5)
        size = sum((images.place / file).stat().st_size for file in ("hr.u8", "lr.u8"))
        row(f"{name} ({len(images)} images)", size, checked, seconds(opened) + checked)


def measure_records(store: Path) -> None:
    """Check and read results with the scores of 100 images."""
    ledger = Ledger(store)
    for seed in range(MANY):
        made = make_result(make_label(seed=seed))
        one = made.scores[0]
        image = one.images[0]
        images = tuple(image.model_copy(update={"name": f"image {n}"}) for n in range(100))
        scores = DatasetScores(dataset="BSDS100", protocol=one.protocol, images=images)
        ledger.record(TrialResult.parse(made.plain() | {"scores": [scores.plain()]}))
    path = next(store.glob("trials/*/result.json"))
    content, key = path.read_bytes(), path.parent.name
    row(
        "result.json (100 images)",
        len(content),
        seconds(lambda: unseal_json(content)),
        seconds(lambda: ledger.result(key)),
    )
    contents = [path.read_bytes() for path in store.glob("trials/*/result.json")]
    row(
        f"{MANY:,} of them",
        sum(map(len, contents)),
        seconds(lambda: [unseal_json(content) for content in contents], 3),
        seconds(lambda: list(ledger.results()), 3),
    )


def measure_network(name: str, store: Path) -> None:
    """Check and read the checkpoint and the weights of a network of a preset."""
    config = TrialConfig(model=PRESETS[name], training=RECIPES["smoke"])
    device = torch.device("cpu")
    state = new_state(config, device)
    for parameter in state.model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    state.optimizer.step()  # so that Adam's moments are in the checkpoint
    path, weights = store / "checkpoint.pt", store / "weights.safetensors"
    save_checkpoint(state, path, store=store)
    save_weights(weights, config.model, state.average.module.state_dict(), store=store)
    content = path.read_bytes()
    row(
        f"checkpoint.pt of {name}",
        len(content),
        seconds(lambda: unseal(content)),
        seconds(lambda: decode_checkpoint(content, path, device)),
    )
    content = weights.read_bytes()
    row(
        f"weights.safetensors of {name}",
        len(content),
        seconds(lambda: check_safetensors(content)),
        seconds(lambda: load_model(weights)),
    )


def main() -> None:
    """Measure and print a row for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, required=True)
    reference = parser.parse_args().reference
    torch.set_num_threads(1)
    sys.stdout.write(f"{'':34} {'size':>13} {'check':>13} {'read, checked':>13}\n")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        measure_records(store)
        for name in ("mdrn-s", "mdrn"):
            measure_network(name, store)
        measure_images(reference, store)


if __name__ == "__main__":
    main()
