"""Scores of MATLAB-bicubic upscaling: what a network must beat to be of use. No torch at import.

They depend on the images alone, so those of packed images are computed once and kept beside them,
in `bicubic.json`.
"""

from collections.abc import Callable

import numpy as np

from workbench.config.base import Frozen
from workbench.data.image_store import ImageStore
from workbench.data.pairs import ImagePairs, too_small
from workbench.errors import ConfigError, StoreError
from workbench.results import ImageScore, MeanScore, mean_of
from workbench.store.versions import marks
from workbench.system.digests import DamagedError, say_damaged, seal_json, unseal_json
from workbench.system.files import write_atomically
from workbench.system.locks import LockHeldError, lock_beside, locked
from workbench.system.progress import Progress, silent
from workbench.system.strict_json import loads

SCORES_FILE = "bicubic.json"
WAIT_S = 1.0
"""Seconds between two progress messages of a process that waits for another one."""


ScorePixels = Callable[[str, np.ndarray, np.ndarray, int], ImageScore]
"""Name, output and ground truth (H, W, 3) uint8, and crop in px; see `metrics.score_image`."""


class KeptScores(Frozen):
    """What `bicubic.json` holds."""

    content_hash: str
    """Of the images."""
    code_hash: str
    """The mark of the version of results; its name is from when it was a hash of source code."""
    score: MeanScore


def bicubic_scores(
    images: ImagePairs, progress: Progress = silent, score: ScorePixels | None = None
) -> MeanScore | None:
    """Upscale every LR image and score it as a network's output is scored.

    Args:
        images: HR and LR images.
        progress: Called for each image.
        score: Scores an image; scikit-image does by default.

    Returns:
        The means over the images; None at scale 1, where there is nothing to upscale, and if an
        image is too small to be scored, which the evaluation of a network refuses.

    Raises:
        DataError: For an image that cannot be read.
    """
    from workbench.data.bicubic import upscale
    from workbench.evaluation.metrics import score_image, smallest_hr_px

    scale = images.scale
    sizes = [images.size_px(index) for index in range(len(images))]
    if scale == 1 or any(too_small(size, smallest_hr_px(scale)) for size in sizes):
        return None
    score = score or score_image
    scores = []
    for index, name in enumerate(images.names):
        scores.append(score(name, upscale(images.lr(index), scale), images.hr(index), scale))
        progress(index + 1, len(images), name)
    return mean_of(scores)


def packed_bicubic(images: ImageStore, progress: Progress = silent) -> MeanScore | None:
    """Return the scores of packed images, from their file or computed once and kept there.

    Several processes may ask at once: one computes, the others wait. Where the folder cannot be
    written, the scores are computed each time.

    Args:
        images: Packed images.
        progress: Called for each image that is scored, and now and then while another process is at
            it; may raise to give up.
    """
    while True:
        found = _kept(images)
        if found is not None:
            return found
        try:
            with locked(lock_beside(images.place), timeout_s=WAIT_S):
                return _kept(images) or _keep(images, progress)
        except LockHeldError:
            progress(0, len(images), "another process scores them")
        except (OSError, StoreError):
            return bicubic_scores(images, progress)


def _keep(images: ImageStore, progress: Progress) -> MeanScore | None:
    score = bicubic_scores(images, progress)
    if score is not None:
        kept = KeptScores(content_hash=images.content_hash, code_hash=marks().bicubic, score=score)
        write_atomically(images.place / SCORES_FILE, seal_json(kept.plain()))
    return score


def _kept(images: ImageStore) -> MeanScore | None:
    """Return what is kept of these images; None if absent or of another version."""
    path = images.place / SCORES_FILE
    try:
        kept = KeptScores.parse(loads(unseal_json(path.read_bytes())))
    except OSError:
        return None
    except (DamagedError, ValueError, ConfigError) as error:  # ValueError: no JSON, or no UTF-8
        say_damaged(path, " ".join(str(error).split()))
        return None
    same = (kept.content_hash, kept.code_hash) == (images.content_hash, marks().bicubic)
    return kept.score if same else None
