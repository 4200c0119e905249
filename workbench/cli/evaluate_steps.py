"""What `workbench evaluate` does: open networks, score them, keep them in MLflow."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.progress import Progress
from torch import nn

from workbench.analysis.channels import Channel
from workbench.analysis.networks import NetworkTable, tabulate
from workbench.cli.console import note
from workbench.cli.display import bars
from workbench.cli.image_check import check_sets
from workbench.cli.optional import say_where, tracking
from workbench.config.base import Frozen, explain
from workbench.config.data import Degradation, ImageSource
from workbench.data.pairs import FolderPairs
from workbench.errors import ConfigError, WorkbenchError
from workbench.evaluation.baseline import bicubic_scores
from workbench.evaluation.evaluate import Tiling, evaluate
from workbench.experiments.given import Given, keep_given
from workbench.models.checkpoints import weights_hash
from workbench.models.complexity import count_network
from workbench.models.foreign import Foreign
from workbench.models.opening import OpenedNetwork, open_foreign, open_network
from workbench.results import Cost, DatasetScores, MeanScore, WeightsRecord
from workbench.system.digests import sha256_of_json
from workbench.system.strict_json import loads
from workbench.tracking.study_view import StudyView
from workbench.training.device import prepare
from workbench.trial.environment import record_environment

_PRINTED = "must be what `workbench evaluate --json` printed"
SAVED_FORMAT = "mdrn-workbench-scores/1"


@dataclass(frozen=True)
class How:
    """On which images, and how, networks are scored."""

    sources: tuple[ImageSource, ...]
    degradation: Degradation
    tile_lr_px: int | None
    tile_overlap_lr_px: int
    threads: int
    device: str
    recursive: bool = False


class SavedNetwork(Frozen):
    """One network of a file that `--json` wrote."""

    record: WeightsRecord
    means: dict[str, Any]
    delta: dict[str, Any]


class SavedScores(Frozen):
    """What `workbench evaluate --json` writes, as far as it is read again."""

    format: str
    channel: Channel
    networks: tuple[SavedNetwork, ...]


Saved = tuple[WeightsRecord, Channel]


def open_all(
    weights: Path | None,
    arch: str | None,
    arguments: Mapping[str, Any],
    input_range: int,
    against: Sequence[Path],
) -> tuple[list[tuple[OpenedNetwork, Path | None]], list[Saved]]:
    """Open every network and every file of scores before anything is scored.

    Returns:
        Networks with their files, and the records of saved scores.

    Raises:
        WorkbenchError: Naming the file or the class that cannot be used.
    """
    networks: list[tuple[OpenedNetwork, Path | None]] = []
    if arch is not None:
        note(f"foreign code: {arch} is imported and run")
        network, file = open_foreign(Foreign(arch, arguments, input_range), weights)
        trained = "" if weights else ", with the untrained weights of its constructor"
        note(f"foreign code: {arch} came from {file}{trained}")
        networks.append((network, weights))
    elif weights is not None:
        networks.append((open_network(weights), weights))
    saved: list[Saved] = []
    for path in against:
        if path.suffix == ".json":
            saved += read_saved(path)
        else:
            networks.append((open_network(path), path))
    scales = {network.scale for network, _ in networks}
    if len(scales) > 1:
        named = ", ".join(f"{network.name} x{network.scale}" for network, _ in networks)
        raise ConfigError(f"--against: networks of one scale can be compared, got {named}")
    return networks, saved


def read_saved(path: Path) -> list[Saved]:
    """Read scores that `workbench evaluate --json` printed.

    Raises:
        ConfigError: If the file cannot be read, or is none of ours.
    """
    try:
        text = path.read_bytes()
        content = json.loads(text)
        known = {name: content[name] for name in SavedScores.model_fields}
        scores = SavedScores.check(known)  # names the field of a number that is not finite
        loads(text)  # refuses one elsewhere
    except OSError as error:
        raise ConfigError(f"--against {path}: cannot be read ({error.strerror})") from None
    except ValidationError as error:
        reason = explain(error, known, SavedScores)
        raise ConfigError(f"--against {path}: {reason}; {_PRINTED}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f" ({error})" if "must be finite" in str(error) else ""
        raise ConfigError(f"--against {path}: {_PRINTED}{reason}") from None
    if scores.format != SAVED_FORMAT:
        raise ConfigError(
            f"--against {path}: format must be {SAVED_FORMAT!r}, got {scores.format!r}"
        )
    return [(one.record, scores.channel) for one in scores.networks]


def score_all(
    networks: Sequence[tuple[OpenedNetwork, Path | None]],
    saved: Sequence[Saved],
    how: How,
    channel: Channel,
) -> NetworkTable:
    """Score the networks and put them beside the saved ones.

    Raises:
        DataError: For an image that cannot be used.
        NotFiniteError: If a network gives values that are no numbers.
        WorkbenchError: If the saved scores were made in another way.
    """
    place = prepare(how.device, how.threads)
    scale = networks[0][0].scale
    sets = [
        FolderPairs(source, scale, how.degradation, recursive=how.recursive)
        for source in how.sources
    ]
    check_sets(sets, scale * max(network.smallest_lr_px for network, _ in networks))
    environment = record_environment(how.device, how.threads)
    records: list[Saved] = []
    baselines: list[MeanScore | None] = []
    with bars() as progress:
        for network, file in networks:
            module = network.module.to(place)
            scores = tuple(_score(network, module, images, how, progress) for images in sets)
            baselines = baselines or [_bicubic(images, progress) for images in sets]
            record = WeightsRecord(
                name=network.name,
                file=None if file is None else str(file),
                origin=network.origin,
                weights_hash=weights_hash(module.state_dict()),
                cost=_cost(network),
                scores=tuple(
                    one.model_copy(update={"bicubic": bicubic})
                    for one, bicubic in zip(scores, baselines, strict=True)
                ),
                environment=environment,
                finished_s=time.time(),
            )
            records.append((record, channel))
    for images in sets:
        for remark in images.notes:
            note(remark)
    return tabulate(_told_apart([*records, *saved]), channel)


def record(table: NetworkTable, study: str, store: Path, tracking_uri: str | None) -> None:
    """Record every network of a table in the store and in MLflow, and say where it is seen.

    Raises:
        StoreError: If the store cannot be written, or the server does not answer.
    """
    datasets = dict.fromkeys(s.dataset for one in table.records for s in one.scores)
    with tracking(store, tracking_uri) as tracker:
        tracker.study_described(
            StudyView(study, "External checkpoints.", tuple(datasets), judged=False)
        )
        for one in table.records:
            scored = [[s.dataset, s.protocol.plain()] for s in one.scores]
            key = sha256_of_json([one.weights_hash, one.origin, scored])[:32]
            given = Given(study=study, name=one.name, key=key, record=one)
            keep_given(given, store)
            tracker.weights_scored(given.label, one)
    say_where(store, tracking_uri)


def _score(
    network: OpenedNetwork, module: nn.Module, images: FolderPairs, how: How, progress: Progress
) -> DatasetScores:
    task = progress.add_task(f"{network.name} {images.name}", total=len(images), remark="")

    def advance(done: int, total: int, what: str) -> None:
        progress.update(task, completed=done, total=total, remark=what)

    scores = evaluate(
        module,
        images,
        smallest_lr_px=network.smallest_lr_px,
        tiling=Tiling(how.tile_lr_px, how.tile_overlap_lr_px),
        progress=advance,
    )
    progress.remove_task(task)
    return scores


def _bicubic(images: FolderPairs, progress: Progress) -> MeanScore | None:
    task = progress.add_task(f"bicubic {images.name}", total=len(images), remark="")

    def advance(done: int, total: int, what: str) -> None:
        progress.update(task, completed=done, total=total, remark=what)

    score = bicubic_scores(images, advance)
    progress.remove_task(task)
    return score


def _cost(network: OpenedNetwork) -> Cost | None:
    """Count a network on the meta device; foreign code may not be able to run there."""
    try:
        return count_network(network.module).cost
    except WorkbenchError as error:
        note(f"{network.name}: its cost cannot be counted ({error})")
        return None


def _told_apart(records: Sequence[Saved]) -> list[Saved]:
    """Give networks of one name numbers."""
    told, seen = list[Saved](), dict[str, int]()
    for record_, channel in records:
        seen[record_.name] = number = seen.get(record_.name, 0) + 1
        name = record_.name if number == 1 else f"{record_.name}#{number}"
        told.append((record_.model_copy(update={"name": name}), channel))
    return told
