"""Modules of one's own at work: what they raise is one line, and what they print goes to stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import nn

from workbench.config.network import Network
from workbench.errors import ForeignCodeError, WorkbenchError, one_line, own_place
from workbench.models.foreign import Adapted
from workbench.models.memory import is_out_of_memory
from workbench.system.global_state import stdout_to_stderr
from workbench.system.memory import ran_out


@contextmanager
def own_code(network: object, stage: str) -> Iterator[None]:
    """Turn whatever a network with modules of one's own raises in the block into one line.

    Errors of other networks are passed on, as they are bugs of the workbench. So is memory that
    runs out, which is an ending of a trial. Several lanes may be in the block at once.

    Args:
        network: Its config, or a network of `--arch`; anything else is ours. See `code_of`.
        stage: What was tried, such as `trained`.

    Raises:
        ForeignCodeError: Naming the modules, the stage and the error.
    """
    try:
        with stdout_to_stderr():
            yield
    except WorkbenchError:
        raise
    except (Exception, SystemExit) as error:  # the user's code raises what it likes
        name = own_name(network)
        if not name or is_out_of_memory(error) or ran_out(error):
            raise
        said = f"{one_line(error)}{own_place(error)}"
        raise ForeignCodeError(f"{name} cannot be {stage}: {said}") from error


def own_code_run(network: object, stage: str, run: Callable[[], object]) -> Callable[[], object]:
    """Return a function that runs in `own_code`; for networks without own modules `run` itself.

    Args:
        network: As of `own_code`.
        stage: Likewise.
        run: What is timed, so that nothing is added to it without need.
    """
    if not own_name(network):
        return run

    def guarded() -> object:
        with own_code(network, stage):
            return run()

    return guarded


def code_of(module: nn.Module) -> object:
    """Return what `own_code` takes of a network that was built or opened."""
    return module if isinstance(module, Adapted) else getattr(module, "config", None)


def own_name(network: object) -> str:
    """Return the paths of the modules of one's own in a config; empty if there are none.

    Of a network of `--arch` it is the name.
    """
    if isinstance(network, Adapted):
        return network.name
    if not isinstance(network, Network):
        return ""
    return ", ".join(sorted({own.path for own in network.own_modules()}))
