"""Outputs of a network in fp32, tf32, bf16 and fp16 against float64.

`python tests/benchmarks/precision.py --weights FILE --hr FOLDER --lr FOLDER [--device cuda]` prints
for each precision the greatest and the typical (root mean square) error of an output in 0..1 over
all images, and by how much the mean PSNR (RGB, border of `scale` px cut off) differs from
float64's. tf32 is shown on CUDA only.
"""

import argparse
import copy
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor, nn

from workbench.data.images import read_rgb
from workbench.evaluation.metrics import score_image, to_uint8
from workbench.models.checkpoints import load_model

PRECISIONS = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}


def in_precision(model: nn.Module, precision: str) -> nn.Module:
    """Return a copy whose weights have the precision; tf32 is a setting of the process."""
    tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    return copy.deepcopy(model).to(PRECISIONS[precision])


def pairs(hr: Path, lr: Path) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (1, 3, h, w) and (1, 3, H, W) in 0..1, float64."""
    for path in sorted(hr.glob("*.png")):
        small, large = (
            torch.from_numpy(read_rgb(file)[0]).permute(2, 0, 1)[None].double() / 255
            for file in (lr / path.name, path)
        )
        yield small, large


def psnr_db(sr: Tensor, hr: Tensor, crop_px: int) -> float:
    """Return the PSNR over RGB of the rounded image."""
    height, width = sr.shape[2:]
    large = to_uint8(hr[..., :height, :width])
    return score_image("", to_uint8(sr), large, crop_px).psnr_rgb_db


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--hr", type=Path, required=True)
    parser.add_argument("--lr", type=Path, required=True)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.weights).to(options.device)
    images = list(pairs(options.hr, options.lr))
    with torch.inference_mode():
        double = copy.deepcopy(model).double()
        exact = [double(small.to(options.device)).cpu() for small, _ in images]
        scores = [psnr_db(sr, hr, model.scale) for sr, (_, hr) in zip(exact, images, strict=True)]
        sys.stdout.write(f"float64: {fmean(scores):.4f} dB, {len(images)} images\n")
        for precision in PRECISIONS:
            if precision == "tf32" and options.device != "cuda":
                continue
            network = in_precision(model, precision)
            kind = PRECISIONS[precision]
            outputs = [network(s.to(options.device, kind)).cpu().double() for s, _ in images]
            errors = [(a - b).flatten() for a, b in zip(outputs, exact, strict=True)]
            found = [
                psnr_db(sr, hr, model.scale) for sr, (_, hr) in zip(outputs, images, strict=True)
            ]
            every = torch.cat(errors)
            sys.stdout.write(
                f"{precision}: greatest error {float(every.abs().max()):.2e}, typical "
                f"{float(every.square().mean().sqrt()):.2e}, "
                f"PSNR {fmean(found) - fmean(scores):+.5f} dB\n"
            )


if __name__ == "__main__":
    main()
