"""Scores of networks as a JSON file: what `evaluate --json` prints and `--against` reads again.

No torch.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.analysis.baseline import shortfalls
from workbench.analysis.channels import Channel
from workbench.analysis.networks import NetworkTable
from workbench.config.base import Frozen, explain
from workbench.errors import ConfigError
from workbench.reporting.json_data import network_to_dict
from workbench.results import WeightsRecord
from workbench.system.strict_json import loads

FORMAT = "mdrn-workbench-scores/1"
_PRINTED = "must be what `workbench evaluate --json` printed"

Recorded = tuple[WeightsRecord, Channel]
"""Scores of a network, and the channel of the differences that they were made for."""


class SavedNetwork(Frozen):
    """One network of a file of scores."""

    record: WeightsRecord
    means: dict[str, Any]
    delta: dict[str, Any]


class SavedScores(Frozen):
    """A file of scores, as far as it is read again."""

    format: str
    channel: Channel
    networks: tuple[SavedNetwork, ...]


def scores_to_dict(table: NetworkTable) -> dict[str, Any]:
    """Return a table of networks as plain data with units in the keys."""
    first = table.records[0]
    return {
        "format": FORMAT,
        "channel": table.channel,
        "weights": first.file,
        "datasets": {
            s.dataset: s.mean().plain()
            | {"protocol": s.protocol.plain(), "images": [i.plain() for i in s.images]}
            | {"bicubic": s.bicubic and s.bicubic.plain()}
            for s in first.scores
        },
        "throughput": {name: rate.to_dict() for name, rate in table.throughputs.items()},
        "below_bicubic_db": shortfalls_db(table),
        "networks": [network_to_dict(table, record) for record in table.records],
    }


def shortfalls_db(table: NetworkTable) -> dict[str, dict[str, float]]:
    """Return by how many dB networks are below bicubic, by data set and name of the network."""
    metric = f"psnr_{table.channel}_db"
    found: dict[str, dict[str, float]] = {}
    for record in table.records:
        for scores in record.scores:
            if scores.bicubic is not None:
                means = {record.name: getattr(scores.mean(), metric)}
                short = shortfalls(means, getattr(scores.bicubic, metric))
                found.setdefault(scores.dataset, {}).update(short)
    return found


def read_saved(path: Path, where: str = "") -> list[Recorded]:
    """Read the scores of a file.

    Args:
        path: What `workbench evaluate --json` printed.
        where: What errors call the file; its path by default.

    Raises:
        ConfigError: If the file cannot be read, is of another kind, or holds a value that is not
            finite.
    """
    where = where or str(path)
    try:
        text = path.read_bytes()
        content = json.loads(text)
        known = {name: content[name] for name in SavedScores.model_fields}
        scores = SavedScores.check(known)  # names the field of a number that is not finite
        loads(text)  # refuses one elsewhere
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read ({error.strerror})") from None
    except ValidationError as error:
        reason = explain(error, known, SavedScores)
        raise ConfigError(f"{where}: {reason}; {_PRINTED}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f" ({error})" if "must be finite" in str(error) else ""
        raise ConfigError(f"{where}: {_PRINTED}{reason}") from None
    if scores.format != FORMAT:
        raise ConfigError(f"{where}: format must be {FORMAT!r}, got {scores.format!r}")
    return [(one.record, scores.channel) for one in scores.networks]
