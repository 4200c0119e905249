"""Drawing the image crops of a report: networks run once, the pictures stay in the store.

torch is imported when a network runs, not before.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from workbench.analysis.extreme_images import ExtremeImage, TrialPair, trial_pair
from workbench.data.image_store import ImageStore, known_content_hash, open_store
from workbench.errors import CheckpointError, DataError
from workbench.experiments.crop_drawing import Picture, draw, one_thread
from workbench.reporting.crops import (
    PICTURES,
    RECORD,
    CropRecord,
    encode_record,
    folder_of,
    read_crops,
)
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.system.files import write_atomically
from workbench.system.progress import Progress, silent


@dataclass(frozen=True)
class Rendered:
    """What `render_crops` did."""

    drawn: int
    """Crops that are new in the store."""
    skipped: tuple[str, ...]
    """One line for each reason why crops are missing."""


@dataclass(frozen=True)
class _Job:
    wanted: ExtremeImage
    trials: TrialPair
    folder: Path


@dataclass(frozen=True)
class _Image:
    name: str
    hr: Picture
    lr: Picture
    scale: int


def render_crops(
    wanted: Sequence[ExtremeImage],
    results: Mapping[str, Sequence[TrialResult]],
    store: Path,
    progress: Progress = silent,
) -> Rendered:
    """Draw the crops that the store does not have yet.

    Networks run as they do when they are scored, but always on the CPU, on one thread. What cannot
    be drawn, as its images or weights are gone, is left out and named.

    Args:
        wanted: Images of which crops are wanted.
        results: Of each arm, as they were compared.
        store: The store of the trials; the crops are kept there.
        progress: Called for each crop that is drawn or left out.

    Raises:
        StoreError: If the store cannot be written.
    """
    ledger, reasons = Ledger(store), dict[str, None]()
    jobs: dict[Path, _Job] = {}  # two arms that are the same network have one crop
    for one in wanted:
        trials = trial_pair(one, results)
        if trials is None:
            reasons[f"{one.variant} on {one.dataset}: no seed shared with {one.against}"] = None
            continue
        folder = folder_of(one, trials, ledger.store)
        if read_crops(folder) is None:
            jobs[folder] = _Job(one, trials, folder)
    drawn = done = 0
    for group in _by_image(jobs.values()):
        for job, reason in _draw_group(group, ledger):
            done += 1
            drawn += not reason
            if reason:
                reasons[f"{job.wanted.variant} on {job.wanted.dataset}: {reason}"] = None
            progress(done, len(jobs), f"{job.wanted.variant} {job.wanted.image}")
    return Rendered(drawn, tuple(reasons))


def _by_image(jobs: Iterable[_Job]) -> list[list[_Job]]:
    groups: dict[tuple[str, str], list[_Job]] = {}
    for job in jobs:
        groups.setdefault((job.wanted.dataset, job.wanted.image), []).append(job)
    return list(groups.values())


def _draw_group(jobs: Sequence[_Job], ledger: Ledger) -> Iterator[tuple[_Job, str]]:
    """Draw the crops of one image; yield each job with the reason why it has none, or ''."""
    from workbench.evaluation.running import NotFiniteError

    outputs: dict[str, Picture] = {}
    for number, job in enumerate(jobs):
        keys = [trial.training_key for trial in job.trials.both]
        try:
            image = _open_image(job, ledger)
            for key, trial in zip(keys, job.trials.both, strict=True):
                if key not in outputs:
                    outputs[key] = _run(trial, image, ledger)
        except (CheckpointError, DataError, NotFiniteError) as error:
            yield job, str(error)
            continue
        against, variant = (outputs[key] for key in keys)
        _keep(job.folder, *draw(image.hr, image.lr, against, variant), ledger.store)
        yield job, ""
        # The outputs of many variants on a large image would fill the memory.
        later = {trial.training_key for j in jobs[number + 1 :] for trial in j.trials.both}
        outputs = {key: output for key, output in outputs.items() if key in later}


def _open_image(job: _Job, ledger: Ledger) -> _Image:
    """Return the image of a job as it was scored.

    Raises:
        DataError: If the store does not hold it any more.
    """
    name = job.wanted.image
    images = _open_benchmark(job.trials.against, job.wanted.dataset, ledger)
    index = images.names.index(name)
    return _Image(name, images.hr(index), images.lr(index), images.scale)


def _open_benchmark(trial: TrialResult, dataset: str, ledger: Ledger) -> ImageStore:
    scored, scale, scores = trial.config.evaluation, trial.config.model.scale, trial.score(dataset)
    source = next((s for s in scored.benchmarks if s.name == dataset), None)
    if scores and source:
        packed = known_content_hash(source, scale, scored.degradation, ledger.paths.images)
        if packed == scores.protocol.data_hash:
            return open_store(source, scale, scored.degradation, folder=ledger.paths.images)
    raise DataError("the images that were scored are not in the store")


def _run(trial: TrialResult, image: _Image, ledger: Ledger) -> Picture:
    """Return a network's output of the whole image, rounded as for its score.

    Raises:
        CheckpointError: If its weights are gone, or are not those that were scored.
        NotFiniteError: If it gives values that are no numbers.
    """
    from workbench.evaluation.metrics import to_uint8
    from workbench.evaluation.running import Tiling, check_finite, inference, run
    from workbench.experiments.scored_weights import scored_network

    model, config = scored_network(trial, ledger), trial.config
    tiling = Tiling(config.evaluation.tile_lr_px, config.evaluation.tile_overlap_lr_px)
    smallest = config.model.smallest_lr_px()
    with one_thread(), inference(model) as device:
        output = run(model, image.lr, device, image.scale, smallest, tiling)
        check_finite(image.name, output)
        return to_uint8(output)


def _keep(folder: Path, pictures: Mapping[str, Picture], record: CropRecord, store: Path) -> None:
    """Write the files of a crop.

    Raises:
        StoreError: If the store cannot be written.
    """
    written: dict[str, bytes] = {}
    for name in PICTURES:
        encoded = io.BytesIO()
        Image.fromarray(pictures[name]).save(encoded, format="PNG", optimize=True)
        written[name] = encoded.getvalue()
        write_atomically(folder / f"{name}.png", written[name], store=store)
    write_atomically(folder / RECORD, encode_record(record, written), store=store)
