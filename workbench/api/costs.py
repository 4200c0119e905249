"""What networks cost by the counters of the NTIRE challenge, and their score in it."""

from torch import nn

from workbench.api.networks import Network, checked_config, opened_network
from workbench.api.progress import Progressing, shown
from workbench.config.network import Network as NetworkConfig
from workbench.errors import ConfigError
from workbench.experiments.challenge import TIMED, ChallengeEntry, enter_challenge, rules_of
from workbench.models.complexity import DEFAULT_LR_PX, count_network
from workbench.models.complexity import count as count_config
from workbench.models.factory import build_model
from workbench.models.fvcore_counter import MOST_LR_PX, fvcore_flops
from workbench.models.opening import OpenedNetwork, built_network
from workbench.results import Cost


def count(
    network: NetworkConfig | str | nn.Module, lr_size_px: tuple[int, int] = (DEFAULT_LR_PX,) * 2
) -> Cost:
    """Count what a network costs for one image, without running it.

    Args:
        network: A network, a config, or the name of a preset.
        lr_size_px: Height and width of the input, LR px.

    Returns:
        `parameters`, `multiply_adds`, `challenge_flops`, `activations` and `convolutions`.

    Raises:
        ConfigError: For an unknown preset, or a size below 1.
        InputSizeError: If the size is below the network's smallest input.
        ForeignCodeError: If a module of the caller's cannot be counted.

    Example:
        >>> wb.count("mdrn-s").parameters
        95396
    """
    height, width = lr_size_px
    if height < 1 or width < 1:
        raise ConfigError(f"lr_size_px must be at least 1 px a side, got {height}x{width}")
    if isinstance(network, str | NetworkConfig):
        return count_config(checked_config(network), height, width).cost
    module = network.module if isinstance(network, Network) else network
    return count_network(module, height, width).cost


def count_fvcore(
    network: NetworkConfig | str | nn.Module, lr_size_px: tuple[int, int] = (DEFAULT_LR_PX,) * 2
) -> int:
    """Count FLOPs with fvcore, as the NTIRE challenge has done since 2024; a multiply-add is one.

    fvcore leaves out activations, most pooling and all sums of feature maps, and counts four for
    each output value of a bilinear interpolation. `wb.count` gives the multiply-adds alone, and the
    figure of the counter that the challenge used until 2023.

    Args:
        network: A network, a config, or the name of a preset.
        lr_size_px: Height and width of the input, LR px; at most 512 x 512 px, as the network is
            run once on the CPU.

    Raises:
        ConfigError: For an unknown preset, or a size out of its bounds.
        InputSizeError: If the size is below the network's smallest input.
        ForeignCodeError: If a module of the caller's cannot be traced.

    Example:
        >>> wb.count_fvcore("mdrn-s")
        5624760512
    """
    height, width = lr_size_px
    if height < 1 or width < 1 or height * width > MOST_LR_PX:
        raise ConfigError(f"lr_size_px must lie in 1x1..512x512 px, got {height}x{width}")
    if isinstance(network, str | NetworkConfig):
        return fvcore_flops(build_model(checked_config(network)), height, width)
    return fvcore_flops(network.module if isinstance(network, Network) else network, height, width)


def challenge_score(
    network: NetworkConfig | str | nn.Module,
    *,
    year: int = 2026,
    lr_size_px: tuple[int, int] = TIMED[::-1],
    rounds: int = 9,
    device: str = "cpu",
    progress: Progressing = True,
) -> ChallengeEntry:
    """Score a network by the rules of the NTIRE challenge on efficient SR; lower is better.

    The runtime is measured here, in turn with that of the challenge's baseline SPAN; the formula,
    and SPAN's FLOPs and parameters, are the challenge's. The PSNR that the challenge asks for is
    not checked.

    Args:
        network: A network, a config, or the name of a preset; of x4. A module of the caller's is
            left on `device`.
        year: Of the challenge: 2026.
        lr_size_px: Height and width of the timed image, LR px.
        rounds: Timed runs of each network, at least 1.
        device: `cpu` (CPU time of one thread), `cuda` or `cuda:N` (wall-clock time).
        progress: Whether a bar is shown; or a function that gets the events.

    Returns:
        `score.total` and its parts; the measured runtimes; `to_dict()` tells what is quoted.

    Raises:
        ConfigError: For an unknown preset, year or device, another scale, or no rounds.
        InputSizeError: If a size is below the network's smallest input.
        ForeignCodeError: If a module of the caller's cannot be run or traced.
        WorkbenchError: If the score is beyond floating-point numbers.

    Example:
        >>> wb.challenge_score("bsrn", rounds=5).score.total
    """
    rules = rules_of(year)
    if rounds < 1:
        raise ConfigError(f"rounds must be at least 1, got {rounds}")
    opened = _opened(network)
    with shown(progress) as emit:
        entry, _ = enter_challenge(
            {opened.name: opened},
            rules,
            timed=(lr_size_px[1], lr_size_px[0]),
            rounds=rounds,
            device=device,
            emit=emit,
        )
    return entry


def _opened(network: NetworkConfig | str | nn.Module) -> OpenedNetwork:
    if isinstance(network, str | NetworkConfig):
        name = network if isinstance(network, str) else "network"
        return built_network(name, checked_config(network))
    return opened_network(network)
