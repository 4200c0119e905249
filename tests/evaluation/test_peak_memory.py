"""The peak counts what is allocated and freed again, and nothing from before."""

import sys
from pathlib import Path

import pytest
import torch

from workbench.evaluation import peak_memory
from workbench.evaluation.peak_memory import PeakMemory

MB = 2**20


def assert_peaks(device: torch.device) -> None:
    def hold(megabytes: int) -> None:
        torch.ones(megabytes * MB, dtype=torch.uint8, device=device)

    hold(300)  # before anything is watched
    for megabytes in (200, 64):
        watched = PeakMemory(device)
        hold(megabytes)
        found = watched.most_bytes()
        assert found is not None
        # Linux adds up its counters now and then.
        assert megabytes - 4 < found / MB < megabytes + 40


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux tells the peak")
def test_the_peak_of_this_process_starts_anew_each_time() -> None:
    assert_peaks(torch.device("cpu"))


@pytest.mark.gpu
def test_the_peak_of_a_device_starts_anew_each_time() -> None:
    assert_peaks(torch.device("cuda", 0))


def test_where_no_file_tells_the_peak_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(peak_memory, "_CLEAR", tmp_path / "none" / "clear_refs")
    assert PeakMemory(torch.device("cpu")).most_bytes() is None
