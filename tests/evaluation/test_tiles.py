"""Tiles partition the image, and overlap as far as a network reaches gives the whole image."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from workbench.config.presets import PRESETS
from workbench.evaluation.running import inference
from workbench.evaluation.tiles import run_tiled, spans
from workbench.models.checkpoints import load_model
from workbench.models.factory import build_model

SCALE = 2


def local_network(layers: int = 3) -> nn.Module:
    """Return a network of 3 x 3 convolutions: it reaches `layers` LR px."""
    torch.manual_seed(0)
    convolutions = [nn.Conv2d(3, 3, 3, padding=1) for _ in range(layers - 1)]
    last = nn.Conv2d(3, 3 * SCALE**2, 3, padding=1)
    return nn.Sequential(*convolutions, last, nn.PixelShuffle(SCALE)).double()


def image(height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(1, 3, height, width, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("length", [1, 7, 8, 9, 31, 64, 65])
@pytest.mark.parametrize("tile", [1, 8, 20, 100])
@pytest.mark.parametrize("overlap", [0, 3, 200])
@pytest.mark.parametrize("smallest", [1, 15, 40])
def test_tiles_partition_the_axis_and_see_what_they_may(
    length: int, tile: int, overlap: int, smallest: int
) -> None:
    cut = list(spans(length, tile, overlap, smallest))
    assert cut[0].start == 0
    assert cut[-1].stop == length
    assert all(one.stop == other.start for one, other in pairwise(cut))
    assert all(0 < span.stop - span.start <= tile for span in cut)
    for span in cut:
        assert 0 <= span.seen_start <= max(0, span.start - overlap)
        assert min(length, span.stop + overlap) <= span.seen_stop <= length
        assert span.seen_stop - span.seen_start >= min(length, smallest)


def test_a_tile_sees_no_more_than_its_overlap_where_that_suffices() -> None:
    seen = [(span.seen_start, span.seen_stop) for span in spans(50, 20, 4, 10)]
    assert seen == [(0, 24), (16, 44), (36, 50)]


def test_a_short_last_tile_sees_more_to_reach_the_smallest() -> None:
    seen = [(span.seen_start, span.seen_stop) for span in spans(41, 20, 2, 15)]
    assert seen == [(0, 22), (18, 41), (26, 41)]


@pytest.mark.parametrize("size", [(40, 33), (16, 50), (7, 9)])
@pytest.mark.parametrize("tile", [5, 16, 64])
def test_a_local_network_with_enough_overlap_gives_the_whole_image(
    size: tuple[int, int], tile: int
) -> None:
    network, lr = local_network(), image(*size)
    with inference(network):
        whole = network(lr)
        tiled = run_tiled(network, lr, scale=SCALE, tile_lr_px=tile, overlap_lr_px=3)
    assert tiled.shape == whole.shape == (1, 3, size[0] * SCALE, size[1] * SCALE)
    torch.testing.assert_close(tiled.double(), whole, rtol=0, atol=1e-6)


def test_with_less_overlap_only_the_seams_differ() -> None:
    network, lr = local_network(), image(40, 40)
    with inference(network):
        whole = network(lr)
        tiled = run_tiled(network, lr, scale=SCALE, tile_lr_px=20, overlap_lr_px=0)
    differs = (tiled - whole).abs().amax(dim=(0, 1)) > 1e-6
    reach = 3 * SCALE
    seam = slice(20 * SCALE - reach, 20 * SCALE + reach)
    assert differs[seam].any()
    assert differs[:, seam].any()
    differs[seam] = differs[:, seam] = False
    assert not differs.any()


def test_the_network_is_never_shown_less_than_its_smallest() -> None:
    shown: list[tuple[int, int]] = []

    class Watched(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            shown.append((x.shape[2], x.shape[3]))
            return x.repeat_interleave(SCALE, dim=2).repeat_interleave(SCALE, dim=3)

    lr = image(41, 33)
    tiled = run_tiled(Watched(), lr, scale=SCALE, tile_lr_px=16, overlap_lr_px=1, smallest_lr_px=15)
    assert torch.equal(tiled, Watched()(lr).float())
    assert min(min(size) for size in shown) >= 15
    assert len(shown) == 3 * 3 + 1


def test_tiles_of_an_mdrn_take_its_smallest_input() -> None:
    model = build_model(PRESETS["tiny"]).eval()
    smallest = model.smallest_lr_px
    lr = image(2 * smallest + 1, smallest).float()
    with inference(model):
        tiled = run_tiled(
            model,
            lr,
            scale=model.config.scale,
            tile_lr_px=smallest,
            overlap_lr_px=0,
            smallest_lr_px=smallest,
        )
    assert tiled.isfinite().all()


@pytest.mark.reference
def test_tiled_mdrn_is_close_to_the_whole_but_not_the_same(reference: Path) -> None:
    model = load_model(reference / "weights" / "mdrn-s.pth")
    lr = image(64, 48).float()
    smooth = nn.functional.avg_pool2d(lr, 5, 1, 2)
    with inference(model):
        whole = model(smooth)
        tiled = run_tiled(model, smooth, scale=4, tile_lr_px=36, overlap_lr_px=16)
    error = (tiled - whole).abs()
    assert 0 < float(error.mean()) < 0.01
    assert float(error.max()) > 1e-4
