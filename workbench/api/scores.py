"""Scoring a network on images of the caller's."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from torch import nn

from workbench.api.networks import checked_tiling, opened_network
from workbench.api.progress import Progressing, shown
from workbench.api.sources import Images, image_sources
from workbench.config.data import Degradation
from workbench.data.pairs import FolderPairs
from workbench.errors import ConfigError, nearest
from workbench.evaluation.baseline import bicubic_scores
from workbench.evaluation.evaluate import evaluate as score
from workbench.evaluation.evaluate import with_inference
from workbench.evaluation.self_ensemble import SelfEnsemble
from workbench.experiments.scoring import note_padding
from workbench.results import SCORE_NAMES, DatasetScores
from workbench.system.events import counting

if TYPE_CHECKING:
    import pandas as pd

BICUBIC = "bicubic"


@dataclass(frozen=True)
class Scores:
    """Scores of a network on data sets: PSNR in dB and SSIM, of RGB and of luma (Y of YCbCr)."""

    network: str
    datasets: tuple[DatasetScores, ...]
    """With the protocol of each (scale, cropped border, origin of LR) and every image's scores."""

    def to_frame(self) -> "pd.DataFrame":
        """Return a row an image: dataset, image, psnr_rgb_db, ssim_rgb, psnr_y_db, ssim_y."""
        import pandas as pd

        return pd.DataFrame(self._rows(), columns=["dataset", "image", *SCORE_NAMES])

    def mean(self) -> "pd.DataFrame":
        """Return a row a data set and method (the network, and bicubic interpolation): means."""
        import pandas as pd

        rows = []
        for one in self.datasets:
            found = {self.network: one.mean(), BICUBIC: one.bicubic}
            rows += [
                {"dataset": one.dataset, "method": method, **mean.plain()}
                for method, mean in found.items()
                if mean is not None
            ]
        return pd.DataFrame(rows, columns=["dataset", "method", *SCORE_NAMES])

    def _repr_html_(self) -> str:
        """Return the means as a table, which notebooks show."""
        html: str = self.mean().to_html(index=False)
        return html

    def _rows(self) -> Iterator[dict[str, object]]:
        for one in self.datasets:
            for image in one.images:
                scores = {name: getattr(image, name) for name in SCORE_NAMES}
                yield {"dataset": one.dataset, "image": image.name, **scores}


def evaluate(
    network: nn.Module,
    data: Images,
    *,
    degradation: Degradation = "bicubic",
    tile_lr_px: int | None = None,
    tile_overlap_lr_px: int = 32,
    recursive: bool = False,
    self_ensemble: bool = False,
    progress: Progressing = True,
) -> Scores:
    """Score a network on image files, beside bicubic interpolation.

    The border of `scale` px is cropped, and outputs are rounded to uint8, as in the published
    tables of MDRN. Images below the network's least size are padded by reflection, and the output
    is cropped, which is said.

    Args:
        network: Of `build` or `load`, or any `torch.nn.Module` that enlarges RGB images in 0..1.
        data: A folder of HR images, or one that holds `HR` and perhaps `X2`, `X3`, `X4`; or
            `embedded:validation` or `embedded:tiles`. A mapping of names to folders, or a list,
            gives several.
        degradation: How LR images are made that the folder does not hold.
        tile_lr_px: Side of the tiles that images are cut into, LR px; None runs them whole.
        tile_overlap_lr_px: How much each tile sees beyond its sides, LR px.
        recursive: Also the images of subfolders.
        self_ensemble: Run the network on eight orientations of each image, or of each tile, and
            average the outputs before they are rounded; part of the protocol.
        progress: Whether a bar is shown; or a function that gets the events.

    Raises:
        ConfigError: For a name, a folder's form or tiles that cannot be used.
        DataError: For an image or a folder that cannot be used.
        NotFiniteError: If the network gives values that are infinite or not numbers.
        ForeignCodeError: If a module of the caller's does not enlarge RGB images.

    Example:
        >>> scores = wb.evaluate(wb.load("mdrn-s.pth"), {"Set5": "benchmarks/Set5"})
        >>> scores.mean()
    """
    opened = opened_network(network)
    tiling = checked_tiling(tile_lr_px, tile_overlap_lr_px)
    if degradation not in get_args(Degradation):
        names = nearest(degradation, get_args(Degradation))
        raise ConfigError(f"unknown degradation {degradation!r}; {names}")
    sets = [
        FolderPairs(source, opened.scale, degradation, recursive=recursive)
        for source in image_sources(data, "data")
    ]
    found = []
    module = SelfEnsemble(opened.module) if self_ensemble else opened.module
    with shown(progress) as emit:
        note_padding(sets, [opened], emit)
        for images in sets:
            with counting(emit, f"{opened.name} {images.name}") as advance:
                scores = score(
                    module,
                    images,
                    smallest_lr_px=opened.smallest_lr_px,
                    tiling=tiling,
                    progress=advance,
                )
            with counting(emit, f"{BICUBIC} {images.name}") as advance:
                bicubic = bicubic_scores(images, advance)
            scores = with_inference(scores, "fp32", self_ensemble=self_ensemble)
            found.append(scores.model_copy(update={"bicubic": bicubic}))
    return Scores(opened.name, tuple(found))
