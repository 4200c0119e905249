"""Networks that run as CUDA graphs: one launch for a whole image instead of hundreds.

A graph belongs to one size of the input, since addresses and sizes are recorded with it.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.kernels.capture import capture_graph

MOST_GRAPHS = 8
"""Kept at a time. They share one memory pool, which is as large as the largest of them needs."""
RUNS_BEFORE_CAPTURE = 1
"""A size that comes once only is not captured, which takes longer than to run it."""

Shape = tuple[int, ...]
Replay = Callable[[Tensor], Tensor]
"""Runs the network on an input of the size that was captured."""
Capture = Callable[[nn.Module, Tensor], Replay]
"""Captures a network for inputs of the size of one; raises a RuntimeError if that fails."""


class GraphedNetwork(nn.Module):
    """A network in evaluation mode whose runs are replayed by input size.

    The weights may change in place between runs, which a graph reads when it is replayed, but must
    stay where they are. What cannot be captured is run by the network itself, with the same result.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        capture: Capture | None = None,
        most_graphs: int = MOST_GRAPHS,
        most_lr_px: int | None = None,
    ) -> None:
        """Wrap a network.

        Args:
            network: (N, 3, h, w) to (N, 3, H, W); it neither waits for the device nor depends on
                anything but input and weights.
            capture: Makes a graph; that of CUDA by default.
            most_graphs: Graphs kept; beyond that the least recently used one is evicted.
            most_lr_px: Larger images, in height times width, are not captured; None captures all.
        """
        super().__init__()
        self.network = network
        self._capture = capture or CudaCapture()
        self._most_graphs, self._most_lr_px = most_graphs, most_lr_px
        self._graphs: OrderedDict[Shape, Replay] = OrderedDict()
        """The one used last comes last."""
        self._runs: Counter[Shape] = Counter()
        self._refused = False

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, H, W), a tensor that no later run changes."""
        shape = tuple(lr.shape)
        if not self._may_capture(lr):
            return self._eager(lr)
        if shape not in self._graphs:
            self._runs[shape] += 1
            if self._runs[shape] <= RUNS_BEFORE_CAPTURE or not self._add(shape, lr):
                return self._eager(lr)
        self._graphs.move_to_end(shape)
        return self._graphs[shape](lr)

    def sizes(self) -> tuple[Shape, ...]:
        """Return the input sizes that are captured, the one used last at the end."""
        return tuple(self._graphs)

    def _may_capture(self, lr: Tensor) -> bool:
        is_small = self._most_lr_px is None or lr.shape[2] * lr.shape[3] <= self._most_lr_px
        return is_small and not (self._refused or self.training or torch.is_grad_enabled())

    def _eager(self, lr: Tensor) -> Tensor:
        out: Tensor = self.network(lr)
        return out

    def _add(self, shape: Shape, lr: Tensor) -> bool:
        """Capture a size; if that fails, no size is tried again, and all memory is given back."""
        while len(self._graphs) >= self._most_graphs:
            self._graphs.popitem(last=False)
        try:
            self._graphs[shape] = self._capture(self.network, lr)
        except (RuntimeError, WorkbenchError):  # one that is the network's own will come again
            self._refused = True
            self._graphs.clear()
            return False
        return True


class CudaCapture:
    """Captures CUDA graphs that share one memory pool: they are replayed one after the other."""

    def __init__(self) -> None:
        self._pool: Any = None

    def __call__(self, network: nn.Module, lr: Tensor) -> Replay:
        """Capture one run.

        Raises:
            RuntimeError: If an operation cannot be captured, or memory does not suffice.
        """
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        fixed = lr.clone(memory_format=torch.contiguous_format)
        graph, out = capture_graph(lambda: network(fixed), torch.cuda.Stream(), self._pool)

        def replay(image: Tensor) -> Tensor:
            fixed.copy_(image)
            graph.replay()
            copied: Tensor = out.clone()  # another graph of the pool may overwrite it
            return copied

        return replay
