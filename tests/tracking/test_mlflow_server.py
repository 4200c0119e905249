"""The tracker against a real server that it knows only by its address."""

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.tracking.conftest import make_label, make_point, make_result
from workbench.tracking.mlflow_tracker import MlflowTracker


def ask(server: str, path: str, body: object) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{server}/api/2.0/mlflow/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_a_server_shows_the_same_run_however_often_it_is_shown(
    mlflow_server: str, tmp_path: Path
) -> None:
    warnings: list[str] = []
    label = make_label(study="over http")
    result = make_result(label, curve=(make_point(40, loss=float("nan")), make_point(80)))
    for _ in range(2):
        tracker = MlflowTracker(tmp_path / "store", mlflow_server, warnings.append)
        tracker.trial_started(label, result.config)
        for point in result.curve:
            tracker.validated(label, point)
        tracker.trial_ended(label, result)
        tracker.close()
    assert warnings == []
    address = tracker.queries.compare_address("over http")
    assert address is not None
    fields = urllib.parse.parse_qs(address.partition("?")[2])
    (run_id,) = json.loads(fields["runs"][0])
    found = ask(
        mlflow_server, "runs/search", {"experiment_ids": json.loads(fields["experiments"][0])}
    )
    (run,) = found["runs"]
    assert (run["info"]["run_id"], run["info"]["status"]) == (run_id, "FINISHED")
    values = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert values["psnr/Set5"] == pytest.approx(30.25)
    assert values["parameters"] == 4_321
    assert tracker.queries.last_study() == "over http"
    file = f"{mlflow_server}/get-artifact?run_uuid={run_id}&path=config.yaml"
    with urllib.request.urlopen(file, timeout=30) as answer:
        assert b"channels: 8" in answer.read()
    assert not (tmp_path / "store").exists()


def test_a_database_of_the_users_own_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    warnings: list[str] = []
    tracker = MlflowTracker(tmp_path / "store", "sqlite:///own.db", warnings.append)
    tracker.trial_ended(make_label(), make_result(make_label()))
    assert warnings == []
    assert (tmp_path / "own.db").exists()
    assert list((tmp_path / "mlruns").rglob("result.json"))
    assert not (tmp_path / "store").exists()
