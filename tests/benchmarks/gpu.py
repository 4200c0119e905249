"""All measurements of docs/results.md that need a GPU, by one command and without a network.

`python -m tests.benchmarks.gpu --out FOLDER` first runs the tests that need CUDA, then profiles and
times. Each part has a limit of time, and its output is in FOLDER/NAME.txt as soon as it has ended
(FOLDER/NAME.json where it measures), so that a machine that is lent for minutes leaves what it has
done. `--only NAME` runs some parts, `--rehearse` runs all of them at tiny sizes on a CPU.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ("-m", "pytest", "-m", "gpu", "-n8", "-v", "--tb=short", "-pno:cacheprovider", "tests")
"""With the name and the end of each test as it has ended, since there is a limit of time."""


@dataclass(frozen=True)
class Part:
    """A command with a limit."""

    name: str
    arguments: tuple[str, ...]
    """Of Python."""
    limit_s: float


def bench(name: str, limit_s: float, device: str, **options: object) -> Part:
    """Return a part that runs `workbench bench` on MDRN-S."""
    words = [f"--{key}={value}" for key, value in options.items()]
    command = ("-m", "workbench", "bench", "--preset=mdrn-s", f"--device={device}", "--json")
    return Part(name, (*command, *words), limit_s)


def parts(out: Path) -> list[Part]:
    """Return what is measured on a GPU, what matters most first."""
    found = [
        Part("tests", TESTS, 240),
        Part(
            "kernels", ("-m", "tests.benchmarks.kernels", "--json", str(out / "kernels.json")), 90
        ),
    ]
    for kernels in ("eager", "fused"):
        small = {"only": "training", "kernels": kernels, "rounds": 7}
        for lanes in (1, 8, 16):
            name = f"b4-p24-{lanes}-lanes-{kernels}"
            found.append(bench(name, 60, "cuda", batch=4, patch=96, lanes=lanes, **small))
        found.append(
            bench(f"b8-p48-8-lanes-{kernels}", 60, "cuda", batch=8, patch=192, lanes=8, **small)
        )
        for precision in ("fp32", "tf32", "bf16"):
            name = f"b64-p96-{precision}-{kernels}"
            options = {**small, "batch": 64, "patch": 384, "precision": precision}
            found.append(bench(name, 60, "cuda", **options))
    for precision in ("fp32", "tf32", "bf16", "fp16"):
        options = {"only": "inference", "size": "510x340", "precision": precision, "rounds": 15}
        found.append(bench(f"inference-{precision}", 45, "cuda", **options))
    profile = ("-m", "tests.benchmarks.profile_step")
    found += [
        Part("first-step", ("-m", "tests.benchmarks.first_step", "--lanes=8", "--device=cuda"), 90),
        Part(
            "profile-small",
            (*profile, "--kernels", "fused", "--batch", "4", "--patch", "96"),
            60,
        ),
        Part("profile-eager", (*profile, "--kernels", "eager"), 60),
        Part("profile-fused", (*profile, "--kernels", "fused"), 60),
        Part("profile-fused-bf16", (*profile, "--kernels", "fused", "--precision", "bf16"), 60),
    ]
    return found


def rehearsal(out: Path) -> list[Part]:
    """Return the same kinds of parts at tiny sizes, for a CPU."""
    small = {"batch": 1, "patch": 64, "rounds": 1, "size": "24x24"}
    kernels = ("-m", "tests.benchmarks.kernels", "--interpret", "--json", str(out / "kernels.json"))
    profile = ("-m", "tests.benchmarks.profile_step", "--preset=tiny", "--device=cpu")
    return [
        Part("tests", TESTS, 240),
        Part("kernels", kernels, 300),
        bench("lanes", 120, "cpu", lanes=2, **small),
        Part("profile", (*profile, "--batch=1", "--patch=64"), 120),
        Part("first-step", ("-m", "tests.benchmarks.first_step", "--lanes=2", "--rounds=1"), 180),
    ]


def run(part: Part, out: Path) -> str:
    """Run a part and return how it ended."""
    started = time.monotonic()
    output = out / f"{part.name}.{'json' if '--json' in part.arguments[:6] else 'txt'}"
    with output.open("w") as text, (out / f"{part.name}.log").open("w") as log:
        command = [sys.executable, *part.arguments]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=text, stderr=log, start_new_session=True
        )
        try:
            code = process.wait(part.limit_s)
            ending = "done" if code == 0 else f"failed with {code}"
        except subprocess.TimeoutExpired:
            # With all that it has started: a training would go on beside the next part.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            ending = f"stopped after {part.limit_s:.0f} s"
    return f"{part.name}: {ending} ({time.monotonic() - started:.0f} s)"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the parts and print how each ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--only", action="append", help="name of a part; repeatable")
    parser.add_argument("--rehearse", action="store_true", help="at tiny sizes on a CPU")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    found = (rehearsal if options.rehearse else parts)(options.out.absolute())
    unknown = set(options.only or ()) - {part.name for part in found}
    if unknown:
        parser.error(f"no part {min(unknown)!r}; there are {', '.join(p.name for p in found)}")
    for part in found:
        if not options.only or part.name in options.only:
            print(run(part, options.out.absolute()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
