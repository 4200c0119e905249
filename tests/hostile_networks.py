"""Networks that do what no network should, for tests of `--arch`."""

import os
import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Interpolation(nn.Module):
    """Bicubic: no parameters, and no convolution either."""

    def __init__(self, scale: int = 4) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, scale * h, scale * w)."""
        return functional.interpolate(x, scale_factor=self.scale, mode="bicubic")


class Buffered(Interpolation):
    """Has a buffer and no parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("gain", torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        assert isinstance(self.gain, Tensor)
        return super().forward(x) * self.gain


class As(Interpolation):
    """Gives its image as a tensor of another type."""

    def __init__(self, dtype: str) -> None:
        super().__init__()
        self.dtype: torch.dtype = getattr(torch, dtype)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).to(self.dtype)


class Wrapped(nn.Module):
    """Gives something around its image."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.inner, self.kind = Interpolation(), kind

    def forward(self, x: Tensor) -> Any:
        out = self.inner(x)
        return {
            "tuple": (out, out),
            "list": [out],
            "dict": {"image": out},
            "none": None,
            "number": 1.0,
            "flat": out.flatten(),
            "sparse": out.to_sparse(),
            "grey": out[:, :1],
            "range": out * 255,
            "nan": out * float("nan"),
            "infinite": out / 0.0,
            "small": out[..., :-1, :-1],
        }[self.kind]


class OtherSizes(Interpolation):
    """Enlarges other sizes than those of the trial image otherwise."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if x.shape[3] == 48 else x


class Raises(nn.Module):
    """Fails somewhere."""

    def __init__(self, where: str) -> None:
        if where == "exit":
            sys.exit("bye")
        super().__init__()
        self.where = where
        self.layer = nn.Conv2d(3, 3, 1)

    def train(self, mode: bool = True) -> "Raises":
        if self.where == "train":
            raise RuntimeError("no modes")
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        if self.where == "exit in forward":
            sys.exit(3)
        if self.where == "assertion":
            raise AssertionError
        if self.where == "colours":
            raise RuntimeError("\x1b[31mred\x1b[0m " + "word " * 500)
        out: Tensor = self.layer(x)
        return out

    def __deepcopy__(self, memo: object) -> "Raises":
        raise RuntimeError("no copies")


class Uncopied(Interpolation):
    """Runs, but cannot be copied to be counted."""

    def __deepcopy__(self, memo: object) -> "Uncopied":
        raise RuntimeError("no copies")


class UncopiedLayer(nn.Module):
    """Could be trained, but not copied."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 48, 1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(self.layer(x), 4)

    def __deepcopy__(self, memo: object) -> "UncopiedLayer":
        raise LookupError("no entry")


class Speaks(Interpolation):
    """Prints, and changes global state of the process."""

    def __init__(self) -> None:
        super().__init__()
        sys.stdout.write("I am being built\n")
        torch.manual_seed(99)
        torch.set_num_threads(2)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        sys.stdout.write("I am running\n")
        return super().forward(x)


class TwoInputs(Interpolation):
    """Needs an argument more."""

    def forward(self, x: Tensor, more: Tensor) -> Tensor:  # type: ignore[override]
        return x + more


class Lazy(nn.Module):
    """Makes its parameters when it runs first."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.shuffle = nn.LazyConv2d(48, 3, padding=1), nn.PixelShuffle(4)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.shuffle(self.layer(x))
        return out


class Linear(nn.Module):
    """Calls a linear layer with a vector, by keyword."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.gain = Interpolation(), nn.Linear(1, 1)

    def forward(self, x: Tensor) -> Tensor:
        gain = self.gain(input=torch.ones(1, device=x.device))
        out: Tensor = self.inner(x) * self.gain(gain)
        return out


class Extra(Interpolation):
    """Keeps more than tensors in its state."""

    def get_extra_state(self) -> object:
        return {"version": 1}

    def set_extra_state(self, state: object) -> None:
        pass


class NoModule:
    """Is no network."""


def function() -> nn.Module:
    """Return a network all the same."""
    return Interpolation()


def nothing() -> None:
    """Return nothing."""


NUMBER = os.sep
