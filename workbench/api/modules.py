"""Networks of one's own as configs."""

from workbench.config.module import ModuleConfig


def module(path: str, *, scale: int = 4, input_range: int = 1, **arguments: object) -> ModuleConfig:
    """Return the config of a network of your own, which is built, counted and trained like ours.

    Args:
        path: `package.module:Class`, a `torch.nn.Module` of (N, 3, h, w) to
            (N, 3, scale * h, scale * w), found in the working directory or where Python looks.
        scale: HR px per LR px: 2, 3 or 4.
        input_range: Highest value of the RGB that it takes and gives: 1 or 255.
        arguments: Keyword arguments of the constructor.

    Raises:
        ConfigError: If there is no such class, or a value cannot be used.

    Example:
        >>> config = wb.module("my_nets:Net", width=32)
        >>> network = wb.build(config, seed=1)
    """
    given = {"path": path, "scale": scale, "input_range": input_range, "arguments": arguments}
    return ModuleConfig.parse({"kind": "module", **given})
