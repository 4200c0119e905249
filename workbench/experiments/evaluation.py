"""Scores of networks whose weights exist: open them, score them, record them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from workbench.analysis.channels import Channel
from workbench.analysis.networks import NetworkTable, tabulate
from workbench.config.data import Degradation, ImageSource
from workbench.config.evaluation import InferencePrecision
from workbench.data.pairs import FolderPairs
from workbench.errors import ConfigError, WorkbenchError
from workbench.evaluation.devices import inference_on, open_device, place_network
from workbench.evaluation.evaluate import with_inference
from workbench.evaluation.running import Tiling
from workbench.evaluation.throughput import RunTimer, Throughput
from workbench.experiments.external_scores import ExternalScores, keep_external_scores
from workbench.experiments.saved_scores import Recorded, read_saved
from workbench.experiments.scoring import check_sets, note_padding, score_bicubic, score_network
from workbench.models.checkpoints import weights_hash
from workbench.models.complexity import count_network
from workbench.models.foreign import Foreign
from workbench.models.opening import OpenedNetwork, open_foreign, open_network
from workbench.provenance import Environment
from workbench.results import Cost, DatasetScores, MeanScore, WeightsRecord
from workbench.system.digests import sha256_of_json
from workbench.system.events import Emit, Note, ignore
from workbench.tracking.study_view import StudyView
from workbench.tracking.tracker import ScoredWeights, Tracker
from workbench.trial.environment import record_environment


@dataclass(frozen=True)
class EvalSettings:
    """On which images networks are scored, and how."""

    sources: tuple[ImageSource, ...]
    """Folders of HR images, or of HR and X2, X3 or X4; at least one."""
    degradation: Degradation = "bicubic"
    """How missing LR images are made."""
    tile_lr_px: int | None = None
    """Height and width of tiles; None runs images whole."""
    tile_overlap_lr_px: int = 32
    threads: int = 1
    """Of the CPU."""
    device: str = "cpu"
    """`cpu`, `cuda` or `cuda:N`."""
    precision: InferencePrecision = "fp32"
    """What networks compute in; part of the protocol."""
    recursive: bool = False
    """Whether images in subfolders count, too."""
    self_ensemble: bool = False
    """Whether networks run on eight orientations of each image; part of the protocol."""


@dataclass(frozen=True)
class OpenedWeights:
    """A network with its weights, and the file that they came from."""

    network: OpenedNetwork
    file: Path | None
    """None for a network with the weights of its constructor."""


@dataclass(frozen=True)
class Candidates:
    """What is compared: networks that are scored, and scores that were saved before."""

    networks: tuple[OpenedWeights, ...]
    """At least one, all of one scale; the first is what the others are compared with."""
    saved: tuple[Recorded, ...] = ()


def open_candidates(
    weights: Path | None = None,
    *,
    foreign: Foreign | None = None,
    against: Sequence[Path] = (),
    emit: Emit = ignore,
) -> Candidates:
    """Open every network and every file of scores before anything is scored.

    Args:
        weights: Weights file of the first network; with `foreign`, of that one.
        foreign: A network of the user's own; its code is imported.
        against: Other weights files, or `.json` files of `workbench evaluate --json`.
        emit: Gets a note for foreign code.

    Raises:
        WorkbenchError: Naming the file or the class that cannot be used.
    """
    networks: list[OpenedWeights] = []
    if foreign is not None:
        networks.append(_open_foreign(foreign, weights, emit))
    elif weights is not None:
        networks.append(OpenedWeights(open_network(weights), weights))
    saved: list[Recorded] = []
    for path in against:
        if path.suffix == ".json":
            saved += read_saved(path, f"--against {path}")
        else:
            networks.append(OpenedWeights(open_network(path), path))
    opened = [one.network for one in networks]
    if not opened:
        raise ConfigError("weights, or a network of your own, are needed to score a network")
    if len({network.scale for network in opened}) > 1:
        named = ", ".join(f"{network.name} x{network.scale}" for network in opened)
        raise ConfigError(f"--against: networks must have the same scale, got {named}")
    return Candidates(tuple(networks), tuple(saved))


def evaluate_candidates(
    candidates: Candidates,
    settings: EvalSettings,
    channel: Channel = "rgb",
    emit: Emit = ignore,
) -> NetworkTable:
    """Score the networks and put them beside the saved scores.

    Args:
        candidates: From `open_candidates`.
        settings: On which images, and how.
        channel: Of the differences between networks.
        emit: Gets progress, and notes on images that are padded or were converted, and on costs
            that cannot be counted.

    Raises:
        ConfigError: If the device does not exist, or cannot compute in the precision.
        DataError: For an image that cannot be used.
        NotFiniteError: If a network gives values that are not finite.
        WorkbenchError: If the saved scores were made by another protocol.
    """
    device = open_device(settings.device, settings.precision)
    networks = [one.network for one in candidates.networks]
    scale = networks[0].scale
    sets = [
        FolderPairs(source, scale, settings.degradation, recursive=settings.recursive)
        for source in settings.sources
    ]
    check_sets(sets, emit)
    note_padding(sets, networks, emit)
    environment = record_environment(settings.device, settings.threads)
    records: list[Recorded] = []
    throughputs: list[Throughput | None] = []
    bicubic: list[MeanScore | None] = []
    with inference_on(device, settings.threads, settings.precision):
        for one in candidates.networks:
            scores, throughput = _scored(one, sets, settings, device, emit)
            bicubic = bicubic or [score_bicubic(images, device, emit) for images in sets]
            records.append((_record(one, scores, bicubic, environment, emit), channel))
            throughputs.append(throughput)
    for images in sets:
        for remark in images.notes:
            emit(Note(remark))
    named = _with_unique_names([*records, *candidates.saved])
    rates = {
        record.name: rate
        for (record, _), rate in zip(named, throughputs, strict=False)
        if rate is not None
    }
    return replace(tabulate(named, channel), throughputs=rates)


def _scored(
    one: OpenedWeights,
    sets: Sequence[FolderPairs],
    settings: EvalSettings,
    device: torch.device,
    emit: Emit,
) -> tuple[list[DatasetScores], Throughput | None]:
    """Score one network on every set, with how fast it ran."""
    tiling, timer = Tiling(settings.tile_lr_px, settings.tile_overlap_lr_px), RunTimer()
    ensemble = settings.self_ensemble
    # In fp32 a score is by PyTorch's operations, as that of a trial.
    module = place_network(
        one.network.module,
        device,
        settings.precision,
        fused=settings.precision != "fp32",
        self_ensemble=ensemble,
    )
    scores = [
        score_network(one.network, module, images, emit, tiling=tiling, timer=timer)
        for images in sets
    ]
    made = [with_inference(s, settings.precision, self_ensemble=ensemble) for s in scores]
    return made, timer.throughput()


def _record(
    one: OpenedWeights,
    scores: Sequence[DatasetScores],
    bicubic: Sequence[MeanScore | None],
    environment: Environment,
    emit: Emit,
) -> WeightsRecord:
    """Put together what is stored of one network."""
    return WeightsRecord(
        name=one.network.name,
        file=None if one.file is None else str(one.file),
        origin=one.network.origin,
        weights_hash=weights_hash(one.network.module.state_dict()),
        cost=_cost(one.network, emit),
        scores=tuple(
            scored.model_copy(update={"bicubic": mean})
            for scored, mean in zip(scores, bicubic, strict=True)
        ),
        environment=environment,
        finished_s=time.time(),
    )


def record_scores(table: NetworkTable, study: str, store: Path, tracker: Tracker) -> None:
    """Record every network of a table in the store and show it in the tracker.

    Args:
        table: From `evaluate_candidates`.
        study: Name under which the networks are shown.
        store: The store.
        tracker: Shows them.

    Raises:
        StoreError: If the store cannot be written.
    """
    datasets = dict.fromkeys(s.dataset for one in table.records for s in one.scores)
    tracker.show(StudyView(study, "External checkpoints.", tuple(datasets), judged=False))
    for one in table.records:
        scored = [[s.dataset, s.protocol.plain()] for s in one.scores]
        key = sha256_of_json([one.weights_hash, one.origin, scored])[:32]
        scores = ExternalScores(study=study, name=one.name, key=key, record=one)
        keep_external_scores(scores, store)
        tracker.show(ScoredWeights(scores.label, one))


def _open_foreign(foreign: Foreign, weights: Path | None, emit: Emit) -> OpenedWeights:
    emit(Note(f"foreign code: {foreign.arch} is imported and run"))
    network, file = open_foreign(foreign, weights)
    untrained = "" if weights else ", with the untrained weights of its constructor"
    emit(Note(f"foreign code: {foreign.arch} came from {file}{untrained}"))
    return OpenedWeights(network, weights)


def _cost(network: OpenedNetwork, emit: Emit) -> Cost | None:
    """Count a network on the meta device; foreign code may not be able to run there."""
    try:
        return count_network(network.module).cost
    except WorkbenchError as error:
        emit(Note(f"{network.name}: its cost cannot be counted ({error})"))
        return None


def _with_unique_names(records: Sequence[Recorded]) -> list[Recorded]:
    """Number networks of the same name."""
    unique, seen = list[Recorded](), dict[str, int]()
    for record, channel in records:
        seen[record.name] = number = seen.get(record.name, 0) + 1
        name = record.name if number == 1 else f"{record.name}#{number}"
        unique.append((record.model_copy(update={"name": name}), channel))
    return unique
