"""The folder of an entry to the NTIRE challenge on efficient super-resolution.

    README.md                    how the challenge's repository takes the entry, and its costs
    models/team07_NAME.py        the network, which imports nothing but PyTorch
    model_zoo/team07_NAME.pth    its weights
    results/*.png, readme.txt    the images of an LR folder, enlarged, and what is asked of them

Source: README.md and test_demo.py of Amazingren/NTIRE2026_ESR (2026), and the readme.txt that the
challenge's servers take with result images.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workbench.data.images import image_size
from workbench.errors import ConfigError, ExportError
from workbench.evaluation.padding import padding_remark
from workbench.evaluation.throughput import RunTimer
from workbench.evaluation.upscale import Files, plan_files, upscale_files
from workbench.experiments.model_export import describe, say_untrained
from workbench.experiments.model_sources import ModelSource
from workbench.experiments.ntire_texts import about, readme, results_readme
from workbench.models.complexity import DEFAULT_LR_PX, count_network
from workbench.models.exports.python_file import class_of, python_file
from workbench.models.fvcore_counter import fvcore_flops
from workbench.models.opening import OpenedNetwork
from workbench.system.events import Emit, Note, counting, ignore
from workbench.system.files import new_folder

CHALLENGE_SCALE = 4
MOST_TEAM = 99
UNNAMED = "MDRN family"


@dataclass(frozen=True)
class NtireEntry:
    """What an entry says beside its network."""

    team: int = 0
    """Number that the challenge has given, 0..99."""
    name: str | None = None
    """Of the network; None is its title or the name of its weights."""
    lr: Path | None = None
    """Folder of LR images that are enlarged; None writes no results."""
    extra_data: bool = False
    """Whether it was trained on images that the challenge does not provide."""


@dataclass(frozen=True)
class NtireFolder:
    """A folder that was written."""

    path: Path
    name: str
    """Of the class and of the files, without the team."""
    images: int
    """Result images."""
    runtime_s: float | None
    """Of the network for one image on one CPU thread, mean; None without images."""
    metadata: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, with units in the keys."""
        return {
            "path": str(self.path),
            "format": "ntire",
            "name": self.name,
            "images": self.images,
            "runtime_per_image_s": self.runtime_s,
            "metadata": self.metadata,
        }


def export_ntire(
    source: ModelSource, out: Path | None, entry: NtireEntry, emit: Emit = ignore
) -> NtireFolder:
    """Write the folder of an entry. Result images are made by the files that are in it.

    Args:
        source: The network, of the line IMDN, RFDN, BSRN, MDRN, or MobileSR.
        out: The folder, absent or empty; None is one in the working directory.
        entry: What it says beside its network.
        emit: Gets progress, and a note on what the challenge would not take.

    Raises:
        ConfigError: If the team's number or the folder cannot be used.
        DataError: If the LR images cannot be used.
        ExportError: If the network has code of its own, if its smallest input is above that of
            the challenge's counts, or if its file gives another output.
        StoreError: If the folder cannot be written.
    """
    if not 0 <= entry.team <= MOST_TEAM:
        raise ConfigError(f"--team must lie in 0..{MOST_TEAM}, got {entry.team}")
    network = source.network
    if network.smallest_lr_px > DEFAULT_LR_PX:
        raise ExportError(
            f"the challenge counts at {DEFAULT_LR_PX} x {DEFAULT_LR_PX} LR px; {network.name} "
            f"needs at least {network.smallest_lr_px} x {network.smallest_lr_px}"
        )
    name = class_name(entry.name or (source.stem if network.origin == UNNAMED else network.origin))
    stem = f"team{entry.team:02}_{name}"
    target = out or Path(f"{stem}-ntire")
    files = None if entry.lr is None else _plan(entry.lr, target / "results", network.scale)
    say_untrained(source, emit)
    if network.scale != CHALLENGE_SCALE:
        emit(Note(f"the challenge is x{CHALLENGE_SCALE}, this network is x{network.scale}"))
    metadata = describe(source)
    text = python_file(network, name, about(network, metadata))
    timer = RunTimer()
    with new_folder(target) as folder:
        model_file, weights_file = _write_model(folder, stem, text, network.module)
        if files is not None:
            jobs = tuple((lr, folder / "results" / out.name) for lr, out in files.jobs)
            module = class_of(model_file.read_text(), name)()
            module.load_state_dict(torch.load(weights_file, weights_only=True))
            _enlarge(module, replace(files, jobs=jobs), network, timer, emit)
        rate = timer.throughput()
        runtime = None if rate is None else rate.seconds / rate.timed
        if runtime is not None:
            (folder / "results" / "readme.txt").write_text(
                results_readme(network, runtime, extra_data=entry.extra_data)
            )
        cost = count_network(network.module).cost
        flops = fvcore_flops(network.module, DEFAULT_LR_PX, DEFAULT_LR_PX)
        (folder / "README.md").write_text(readme(stem, network, cost, flops, runtime, metadata))
    return NtireFolder(target, name, len(files.jobs) if files else 0, runtime, metadata)


def class_name(text: str) -> str:
    """Return a name as a Python identifier: `MDRN-S` becomes `MDRN_S`.

    Raises:
        ConfigError: If nothing of it is left.
    """
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    if not name:
        raise ConfigError(f"--name must hold letters, got {text!r}")
    return f"N{name}" if name[0].isdigit() else name


def _plan(lr: Path, results: Path, scale: int) -> Files:
    """Name the result of each LR image as its HR image: `0801x4.png` becomes `0801.png`."""
    if not lr.is_dir():
        raise ConfigError(f"--lr must be a folder of LR images, got {lr}")
    planned = plan_files(lr, results)
    tail = re.compile(rf"x{scale}$")
    jobs = tuple(
        (image, out.with_name(f"{tail.sub('', out.stem)}.png")) for image, out in planned.jobs
    )
    if len({out for _, out in jobs}) < len(jobs):
        jobs = planned.jobs
    return replace(planned, jobs=jobs)


def _write_model(folder: Path, stem: str, text: str, module: nn.Module) -> tuple[Path, Path]:
    for name in ("models", "model_zoo"):
        (folder / name).mkdir()
    model_file, weights_file = (
        folder / "models" / f"{stem}.py",
        folder / "model_zoo" / f"{stem}.pth",
    )
    model_file.write_text(text)
    state = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
    torch.save(state, weights_file)
    return model_file, weights_file


def _enlarge(
    module: nn.Module, files: Files, network: OpenedNetwork, timer: RunTimer, emit: Emit
) -> None:
    """Write the result images, on one CPU thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with counting(emit, "enlarging") as advance:
            written = upscale_files(
                module,
                files,
                scale=network.scale,
                smallest_lr_px=network.smallest_lr_px,
                timer=timer,
                progress=advance,
            )
    finally:
        torch.set_num_threads(threads)
    sizes = [image_size(image) for image, _ in files.jobs]
    padded = padding_remark([(network.name, network.smallest_lr_px)], sizes)
    for remark in (padded, *written.values()):
        if remark:
            emit(Note(remark))
