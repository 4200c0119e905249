"""GPUs by number: how they are read, and what a process of each sees."""

import pytest
import torch

from workbench.errors import ConfigError
from workbench.execution.executors import executor_spec
from workbench.execution.gpus import check_gpus, gpu_numbers, visible_names


def test_numbers_are_read() -> None:
    assert gpu_numbers("0, 3,12") == (0, 3, 12)


@pytest.mark.parametrize("text", ["", "0,", "one", "-1", "0;1", "²"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--devices takes numbers of GPUs such as 0,1, got "):
        gpu_numbers(text)


def test_a_gpu_that_is_named_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="--devices names each GPU once, got '0,1,0'"):
        gpu_numbers("0,1,0")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "there is no GPU 1; PyTorch sees no GPU on this machine"),
        (1, "there is no GPU 1; PyTorch sees 1 GPU, numbered from 0"),
    ],
)
def test_a_gpu_that_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch, count: int, text: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    check_gpus(range(count))
    with pytest.raises(ConfigError, match=text):
        check_gpus([1])


@pytest.mark.parametrize(
    ("visible", "numbers", "expected"),
    [
        (None, [], [""]),
        (None, [0, 2], ["0", "2"]),
        ("4,GPU-ab", [1, 0], ["GPU-ab", "4"]),
    ],
)
def test_each_process_sees_the_gpu_that_this_one_counts(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, numbers: list[int], expected: list[str]
) -> None:
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert visible_names(numbers) == expected


@pytest.mark.parametrize(
    ("engine", "options", "text"),
    [
        ("ray", {"devices": "0"}, "--devices needs --engine local"),
        ("ray", {"lanes": 2, "workers": 3}, "--lanes 2 and --workers 3 exclude each other"),
        ("local", {"lanes": 2, "workers": 3}, "--lanes 2 and --workers 3 exclude each other"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    engine: str, options: dict[str, int | str], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        executor_spec(engine, **options)  # type: ignore[arg-type]


def test_gpus_by_number_are_for_trials_on_a_gpu() -> None:
    spec = executor_spec("local", devices="0,1")
    with pytest.raises(ConfigError, match=r"--devices 0,1 needs --set training\.device=cuda"):
        spec.on("cpu", 0)
