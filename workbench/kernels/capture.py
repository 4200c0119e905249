"""Recording work as a CUDA graph, so that a failure leaves the process as it was."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import torch

T = TypeVar("T")


def capture_graph(
    run: Callable[[], T], stream: torch.cuda.Stream, pool: Any = None
) -> tuple[torch.cuda.CUDAGraph, T]:
    """Record what `run` starts on a stream; the graph that replays it, and what `run` returned.

    Other threads may replay graphs and copy meanwhile, but not allocate.

    Args:
        run: Starts work on the current stream and never waits for it.
        stream: Not the default stream, which cannot be captured.
        pool: Where the graph allocates, of `torch.cuda.graph_pool_handle()`; its own by default.

    Raises:
        RuntimeError: The first error of `run`, such as an operation that cannot be captured, or
            CUDA's when it ends the capture.
    """
    pool = pool or torch.cuda.graph_pool_handle()
    random = torch.cuda.default_generators[stream.device_index]
    state = random.clone_state()
    graph = torch.cuda.CUDAGraph()
    done, failure = False, None
    try:
        # The inner context leaves its stream current if the capture cannot be ended.
        with (
            torch.cuda.stream(stream),
            torch.cuda.graph(graph, pool, stream, capture_error_mode="thread_local"),
        ):
            try:
                out = run()
            except RuntimeError as error:
                failure = error
                raise
        done = True
    except RuntimeError as error:
        try:
            raise (failure or error) from None  # the end of the capture hides why it failed
        finally:
            failure = None  # whose traceback holds this frame, and that what was captured
    finally:
        if not done:
            # PyTorch leaves allocator and generator in the capture if CUDA refuses to end it.
            with suppress(RuntimeError):  # they have left it
                torch._C._cuda_endAllocateToPool(stream.device_index, pool)
            random.graphsafe_set_state(state)
    return graph, out
