"""Measured latencies of a table's networks."""

from workbench.config.base import Frozen
from workbench.config.plausible import Moment, NotNegative, Size


class NetworkLatency(Frozen):
    """How long one image takes a network, on one device."""

    network: str
    """Hash of its config."""
    device: str
    """`cpu` for CPU time of the process, `cuda` for wall-clock time."""
    hardware: str
    threads: Size
    lr_height_px: Size
    lr_width_px: Size
    rounds: Size
    median_ms: NotNegative
    lower_quartile_ms: NotNegative
    upper_quartile_ms: NotNegative
    torch: str
    """Version of PyTorch."""
    measured_unix_s: Moment

    @property
    def identity(self) -> tuple[object, ...]:
        """What a newer measurement replaces."""
        size = (self.lr_height_px, self.lr_width_px)
        return (self.network, self.device, self.hardware, self.threads, *size)
