"""Validations of one training share the graphs of their network; here a capture without CUDA."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from workbench.config.trial import TrialConfig
from workbench.data.image_store import open_store
from workbench.evaluation import graphs
from workbench.evaluation.graphs import Replay
from workbench.training.state import new_state
from workbench.trial.scoring import Validation, score_images


class Eager:
    """Stands in for CUDA's capture: runs the network, and notes each run."""

    def __init__(self) -> None:
        self.captured = 0
        self.replays = 0

    def __call__(self, network: nn.Module, _lr: Tensor) -> Replay:
        self.captured += 1

        def replay(image: Tensor) -> Tensor:
            self.replays += 1
            out: Tensor = network(image)
            return out

        return replay


def test_validations_replay_what_the_first_one_captured(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = Eager()
    monkeypatch.setattr(graphs, "CudaCapture", lambda: capture)
    images = open_store(tiny_trial.data.validation, 4, "bicubic", folder=tmp_path)
    state = new_state(tiny_trial, torch.device("cpu"))
    network = state.average.module
    expected = score_images(tiny_trial, network, images).images
    training = tiny_trial.training.model_copy(update={"device": "cuda"})
    validation = Validation(tiny_trial.model_copy(update={"training": training}), images)
    for replays in (3, 7):  # four images of one size; the first one is run by the network
        assert validation.score(state) == expected
        assert (capture.captured, capture.replays) == (1, replays)
    with torch.no_grad():
        next(network.parameters()).mul_(1.5)  # as a step changes the average, in place
    assert validation.score(state) == score_images(tiny_trial, network, images).images != expected
    assert Validation(tiny_trial, images).score(state) == validation.score(state)
    assert (capture.captured, capture.replays) == (1, 15)
