"""How fast a network enlarges the images of a set or a folder. No torch at import."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:
    from torch import Tensor

P = ParamSpec("P")


@dataclass(frozen=True)
class Throughput:
    """What a network did per second of wall-clock time; reading, scoring and writing left out."""

    timed: int
    """Images that were timed: all but the first one, which loads libraries, if there are others."""
    seconds: float
    output_pixels: int
    """Of the timed images, enlarged."""

    @property
    def images_per_s(self) -> float:
        """Images a second."""
        return self.timed / self.seconds

    @property
    def megapixels_per_s(self) -> float:
        """Millions of output pixels a second."""
        return self.output_pixels / self.seconds / 1e6

    def describe(self) -> str:
        """Return both rates: `12.3 images/s, 4.56 MPx/s of output`."""
        return f"{self.images_per_s:.3g} images/s, {self.megapixels_per_s:.3g} MPx/s of output"

    def to_dict(self) -> dict[str, Any]:
        """Return the rates as plain data with units in the keys."""
        return {
            "images_timed": self.timed,
            "seconds": self.seconds,
            "images_per_s": self.images_per_s,
            "output_megapixels_per_s": self.megapixels_per_s,
        }


@dataclass
class RunTimer:
    """Times each run of a network, from an image on the host or the device to its output."""

    _runs: list[tuple[float, int]] = field(default_factory=list)
    """Seconds and output pixels of each image."""

    def timed(self, run: Callable[P, "Tensor"]) -> Callable[P, "Tensor"]:
        """Return a function that runs, waits for the device, and notes how long that took."""

        def noted(*args: P.args, **kwargs: P.kwargs) -> "Tensor":
            started = time.perf_counter()
            output = run(*args, **kwargs)
            if output.device.type == "cuda":
                import torch

                torch.cuda.current_stream(output.device).synchronize()
            seconds = time.perf_counter() - started
            self._runs.append((seconds, output.shape[-2] * output.shape[-1]))
            return output

        return noted

    def throughput(self) -> Throughput | None:
        """Return the rates over all images but the first; None if nothing was run."""
        runs = self._runs[1:] or self._runs
        if not runs:
            return None
        least = time.get_clock_info("perf_counter").resolution
        seconds = max(sum(seconds for seconds, _ in runs), least)
        return Throughput(len(runs), seconds, sum(pixels for _, pixels in runs))
