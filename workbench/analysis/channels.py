"""In which channel a PSNR is meant."""

from typing import Literal

Channel = Literal["rgb", "y"]
