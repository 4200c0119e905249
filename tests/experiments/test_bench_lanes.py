"""Training steps that are timed: real ones, of copies of a network, in threads of their own."""

import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.data.image_store import ImageStore
from workbench.experiments.bench_lanes import Lane, Lanes, noise_images, steps_of_run
from workbench.experiments.bench_spec import BenchSpec, TrainingWork
from workbench.models.factory import build_model
from workbench.training.steps import HostSteps

CPU = torch.device("cpu")
NETWORK = apply_overrides(PRESETS["tiny"], {"blocks": 1})
RECIPE = BenchSpec(training=TrainingWork(batch=1, hr_patch_px=60)).recipe()

pytestmark = pytest.mark.xdist_group("bench-lanes")


@pytest.fixture(scope="module")
def images() -> Iterator[ImageStore]:
    with noise_images(4, 60) as store:
        yield store


def weights(lanes: Lanes) -> list[list[Tensor]]:
    """Return the weights of every lane."""
    found = []
    for lane in lanes._lanes:
        assert isinstance(lane.runner, HostSteps)
        found.append([p.detach().clone() for p in lane.runner._state.model.parameters()])
    return found


def test_images_are_noise_a_little_larger_than_a_patch(images: ImageStore) -> None:
    assert images.size_px(0) == (92, 92)
    assert images.lr(0).shape == (23, 23, 3)
    assert 100 < images.hr(1).mean() < 155
    assert (images.hr(0) != images.hr(1)).any()


def test_lanes_at_a_time_and_in_turn_run_the_same_steps(images: ImageStore) -> None:
    found = []
    for run in (Lanes.run_together, Lanes.run_in_turn):
        network = build_model(NETWORK, seed=0).eval().requires_grad_(False)
        initial = [p.clone() for p in network.parameters()]
        lanes = Lanes(network, RECIPE, images, CPU, 2)
        assert lanes.steps == 1
        assert not lanes.is_graphed
        for _ in range(2):
            run(lanes)
        first, second = weights(lanes)
        lanes.close()
        assert all(torch.equal(a, b) for a, b in zip(network.parameters(), initial, strict=True))
        assert not network.training
        assert not torch.equal(first[0], initial[0])
        assert not torch.equal(first[0], second[0])  # which had other crops
        found.append([*first, *second])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_a_lane_runs_in_a_thread_that_ends_with_it() -> None:
    seen: list[tuple[str, int, int]] = []

    class Runner:
        most_steps = 1

        def run(self, local: int, count: int) -> list[float]:
            seen.append((threading.current_thread().name, local, count))
            return [0.0] * count

    before = threading.active_count()
    lane = Lane(Runner, CPU)
    assert lane.start(2).result() == [0.0, 0.0]
    lane.start(3).result()
    assert [(local, count) for _, local, count in seen] == [(0, 2), (2, 3)]
    assert seen[0][0] == seen[1][0] != threading.current_thread().name
    assert threading.active_count() == before + 1
    lane.close()
    assert threading.active_count() == before


@pytest.mark.parametrize(("seconds", "steps"), [(0.0, 20), (0.02, 20), (0.1, 5), (0.9, 2)])
def test_a_run_on_cuda_has_as_many_steps_as_fit_into_half_a_second(
    seconds: float, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("workbench.experiments.bench_lanes.time.perf_counter", lambda: now[0])

    class Runner:
        most_steps = 1

        def run(self, local: int, count: int) -> list[float]:
            now[0] += 10 * count if local == 0 else seconds * count  # the first steps are slow
            return [0.0] * count

    lane = Lane(Runner, CPU)
    assert steps_of_run(lane) == steps
    lane.close()


def test_what_fails_while_a_lane_is_built_is_raised_and_leaves_no_thread(
    images: ImageStore,
) -> None:
    class NotCopied(nn.Conv2d):
        copies = 0

        def __deepcopy__(self, memo: object) -> nn.Module:
            NotCopied.copies += 1
            if NotCopied.copies == 2:
                raise RuntimeError("no second copy")
            return nn.Conv2d(3, 48, 3)

    before = threading.active_count()
    with pytest.raises(RuntimeError, match=r"^no second copy$"):
        Lanes(NotCopied(3, 48, 3), RECIPE, images, CPU, 3)
    assert threading.active_count() == before
