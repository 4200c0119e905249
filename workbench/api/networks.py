"""Networks: configs by name, building, loading and enlarging."""

from pathlib import Path
from typing import overload

from torch import Tensor, nn

from workbench.ablation.variant import FOLDER, find_variants
from workbench.api.images import ImageLike, as_given, to_values
from workbench.config.bounds import MOST_TILE_PX
from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.config.presets import CANONICAL, PRESETS, RECIPES
from workbench.config.presets import preset as find_preset
from workbench.config.published import title_of
from workbench.config.shipped import data_files
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
from workbench.evaluation.running import Tiling, check_finite, inference, run
from workbench.evaluation.self_ensemble import SelfEnsemble
from workbench.models.factory import build_model
from workbench.models.foreign import Adapted, probe_scale
from workbench.models.network import MDRN
from workbench.models.opening import OpenedNetwork, open_network
from workbench.models.own_module import OwnNetwork


class Network(nn.Module):
    """A network that was read from a weights file: RGB in 0..1 in and out.

    It is a `torch.nn.Module`: (N, 3, h, w) to (N, 3, scale * h, scale * w), float32, not clipped.
    """

    def __init__(self, opened: OpenedNetwork) -> None:
        super().__init__()
        self.module = opened.module
        """The network itself, of whatever class it is."""
        self.name: str = opened.name
        """The name of its file."""
        self.origin: str = opened.origin
        """What the file was recognised as, such as `MDRN`."""
        self.scale: int = opened.scale
        """HR px per LR px."""
        self.smallest_lr_px: int = opened.smallest_lr_px
        """Least height and width of its input, LR px."""
        self.training = False

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, scale * h, scale * w), RGB in about 0..1."""
        out: Tensor = self.module(lr)
        return out


def presets() -> tuple[str, ...]:
    """Return the names that `preset` knows."""
    return tuple(PRESETS)


def preset(name: str) -> ModelConfig:
    """Return the config of a network.

    Args:
        name: Of the network, such as `mdrn-s`, `mdrn`, `bsrn`, `rfdn` or `imdn`; `presets` lists
            them.

    Raises:
        ConfigError: For an unknown name, with the nearest one.

    Example:
        >>> wb.preset("mdrn-s").channels
        28
    """
    return find_preset(name)


def variants() -> dict[str, str]:
    """Return the question that each variant answers, by name.

    Variants are the workbench's own and those of a folder `ablations` of the working directory.

    Raises:
        ConfigError: If a variant's file cannot be used.
    """
    return {variant.name: variant.question for variant in find_variants(["all"])}


def variant(name: str, base: str | ModelConfig = CANONICAL) -> ModelConfig:
    """Return the config of a variant's network.

    Args:
        name: Of the variant, such as `no-lvar`; `variants` lists them.
        base: The network that it changes: a preset's name or a config.

    Raises:
        ConfigError: For an unknown name, with the nearest one; for a variant that means nothing on
            this base, or that changes more than the network.

    Example:
        >>> wb.variant("channels-20").channels
        20
    """
    model = preset(base) if isinstance(base, str) else base
    known = data_files(FOLDER)
    if name not in known:
        raise ConfigError(f"unknown variant {name!r}; {nearest(name, known)}")
    (found,) = find_variants([name])
    trial = TrialConfig(model=model, training=RECIPES["smoke"])
    changed = found.apply(trial)
    if changed.model_copy(update={"model": model}) != trial:
        raise ConfigError(
            f"variant {name!r} changes more than the network; "
            f"wb.ablate(variants=[{name!r}]) runs it"
        )
    return changed.mdrn


@overload
def build(config: str | ModelConfig, seed: int = 1) -> MDRN: ...
@overload
def build(config: ModuleConfig, seed: int = 1) -> OwnNetwork: ...
def build(config: str | ModelConfig | ModuleConfig, seed: int = 1) -> MDRN | OwnNetwork:
    """Build a network with random weights.

    The initial weights of each module depend on the seed and on the module's path only, so that
    variants of one seed share all weights that they have in common. PyTorch's random streams are
    left as they were.

    Args:
        config: A config, also of `module`, or the name of a preset.
        seed: Of the initial weights, 0 or more.

    Returns:
        A `torch.nn.Module` in training mode, (N, 3, h, w) to (N, 3, scale * h, scale * w), float32,
        on the CPU; `network.config` is its config, `network.scale` HR px per LR px.

    Raises:
        ConfigError: For an unknown preset or a negative seed.
        ForeignCodeError: If a module of your own cannot be built.

    Example:
        >>> network = wb.build(wb.variant("no-lvar"), seed=1)
        >>> network.scale
        4
    """
    if seed < 0:
        raise ConfigError(f"seed must be 0 or more, got {seed}")
    return build_model(checked_config(config), seed=seed)


def load(path: str | Path) -> Network:
    """Load a network from a weights file: one of the workbench's own, or a published one.

    The file says itself what it holds. Published files of MDRN, BSRN, EFDN, RFDN, IMDN and MobileSR
    are recognised; with `spandrel` installed those of many other architectures, too.

    Args:
        path: A `.safetensors`, `.pth`, `.pt` or `.ckpt` file.

    Returns:
        The network in evaluation mode, on the CPU.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.

    Example:
        >>> network = wb.load("mdrn-s.pth")
        >>> large = wb.upscale(network, image)
    """
    return Network(open_network(Path(path)))


def upscale(
    network: nn.Module,
    image: ImageLike,
    *,
    tile_lr_px: int | None = None,
    tile_overlap_lr_px: int = 32,
    self_ensemble: bool = False,
) -> ImageLike:
    """Enlarge an image by the scale of a network.

    An image below the network's least size is padded by reflection, and the output is cropped.

    Args:
        network: Of `build` or `load`, or any `torch.nn.Module` of (1, 3, h, w) to
            (1, 3, scale * h, scale * w), RGB in 0..1; it runs on the device that it is on.
        image: RGB. A NumPy array (h, w, 3), uint8 in 0..255 or floating point in 0..1, or a Pillow
            image of mode RGB or L.
        tile_lr_px: Side of the tiles that the image is cut into, LR px, which bounds the memory;
            None runs it whole.
        tile_overlap_lr_px: How much each tile sees beyond its sides, LR px.
        self_ensemble: Run the network on eight orientations of the image, or of each tile, and
            average the outputs before they are clipped.

    Returns:
        The same kind of image, (scale * h, scale * w, 3), clipped to 0..255 or 0..1. A grey Pillow
        image becomes RGB.

    Raises:
        DataError: For an image of another shape, type or range.
        ConfigError: For tiles that cannot be used.
        NotFiniteError: If the network gives values that are infinite or not numbers.
        ForeignCodeError: If a module of the caller's does not enlarge RGB images.

    Example:
        >>> wb.upscale(wb.load("mdrn-s.pth"), np.zeros((32, 48, 3), np.uint8)).shape
        (128, 192, 3)
    """
    opened, values = opened_network(network), to_values(image)
    tiling = checked_tiling(tile_lr_px, tile_overlap_lr_px)
    module = SelfEnsemble(opened.module) if self_ensemble else opened.module
    with inference(module) as device:
        out = run(module, values, device, opened.scale, opened.smallest_lr_px, tiling)
        check_finite("image", out)
        large = out[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
    return as_given(large, image)


def opened_network(network: object) -> OpenedNetwork:
    """Return a module with its name, scale and smallest input.

    Raises:
        ForeignCodeError: If a module of the caller's does not enlarge RGB images.
        ConfigError: If it is no module.
    """
    if isinstance(network, Network):
        return OpenedNetwork(
            network.name, network.module, network.scale, network.smallest_lr_px, network.origin
        )
    if isinstance(network, MDRN | OwnNetwork):
        title = title_of(network.config)
        return OpenedNetwork(title, network, network.scale, network.smallest_lr_px, title)
    if not isinstance(network, nn.Module):
        hint = "; wb.build(config) makes one" if isinstance(network, str | ModelConfig) else ""
        given = type(network).__name__
        raise ConfigError(f"network must be a torch.nn.Module, got {given}{hint}")
    name = type(network).__name__
    adapted = Adapted(network, name, 1)
    with inference(adapted) as device, device:  # the probe's image is made on the network's device
        adapted.scale = scale = probe_scale(adapted, name)
    return OpenedNetwork(name, adapted, scale, 1, name)


def checked_tiling(tile_lr_px: int | None, overlap_lr_px: int) -> Tiling:
    """Return how images are cut.

    Raises:
        ConfigError: If a size is out of its bounds.
    """
    if tile_lr_px is not None and not 1 <= tile_lr_px <= MOST_TILE_PX:
        raise ConfigError(f"tile_lr_px must lie in 1..{MOST_TILE_PX:,}, got {tile_lr_px}")
    if not 0 <= overlap_lr_px <= MOST_TILE_PX:
        raise ConfigError(
            f"tile_overlap_lr_px must lie in 0..{MOST_TILE_PX:,}, got {overlap_lr_px}"
        )
    return Tiling(tile_lr_px, overlap_lr_px)


def checked_config(config: object) -> ModelConfig | ModuleConfig:
    """Return a config, or that of a preset.

    Raises:
        ConfigError: For an unknown preset, or what is neither.
    """
    if isinstance(config, str):
        return preset(config)
    if not isinstance(config, ModelConfig | ModuleConfig):
        given = type(config).__name__
        raise ConfigError(f"config must be a ModelConfig or the name of a preset, got {given}")
    return config
