"""What the files of a challenge entry say, for people and for the challenge's server."""

import torch

from workbench import __version__
from workbench.models.opening import OpenedNetwork
from workbench.results import Cost


def about(network: OpenedNetwork, metadata: dict[str, str]) -> str:
    """Return the first lines of the model file."""
    return (
        f"{metadata['network']} x{network.scale}: RGB in 0..1, (N, 3, h, w) to "
        f"(N, 3, {network.scale} * h, {network.scale} * w).\n\n"
        f"Written by MDRN Workbench {__version__} (MIT licence) from its definition of the "
        f"network.\nWeights: SHA-256 {metadata['weights_hash'][:16]}."
    )


def results_readme(network: OpenedNetwork, runtime_s: float, *, extra_data: bool) -> str:
    """Return what the challenge's servers read beside result images."""
    return (
        f"runtime per image [s] : {runtime_s:.4f}\n"
        "CPU[1] / GPU[0] : 1\n"
        f"Extra Data [1] / No Extra Data [0] : {int(extra_data)}\n"
        f"Other description : {network.origin} x{network.scale} in PyTorch {torch.__version__}, "
        "one CPU thread, single model without self-ensemble.\n"
    )


def readme(
    stem: str,
    network: OpenedNetwork,
    cost: Cost,
    fvcore_flops: int,
    runtime_s: float | None,
    metadata: dict[str, str],
) -> str:
    """Return how the challenge's repository takes an entry, and what its network costs.

    Args:
        stem: Name of its files, `team07_NAME`.
        network: The network.
        cost: Of an LR image of 256 x 256 px.
        fvcore_flops: Of the same image.
        runtime_s: For a result image; None if there are none.
        metadata: What is known of the network.
    """
    team, _, name = stem.removeprefix("team").partition("_")
    results = "" if runtime_s is None else _RESULTS.format(runtime_ms=1e3 * runtime_s)
    return _README.format(
        stem=stem,
        team=int(team),
        name=name,
        network=network.origin,
        scale=network.scale,
        results=results,
        parameters=cost.parameters / 1e6,
        flops=fvcore_flops / 1e9,
        multiply_adds=cost.multiply_adds / 1e9,
        activations=cost.activations / 1e6,
        convolutions=cost.convolutions,
        smallest=network.smallest_lr_px,
        weights=metadata["weights_hash"],
        key=f"; trial {metadata['key']}" if "key" in metadata else "",
        version=__version__,
    )


_README = """# {stem}: {network} x{scale}

| | |
|---|---|
| parameters | {parameters:.3f} M |
| FLOPs, LR image of 256 x 256 px, as fvcore counts them | {flops:.2f} G |
| multiply-adds, same image, all of them | {multiply_adds:.2f} G |
| activations, same image | {activations:.2f} M |
| convolutions | {convolutions} |
| data range | 1.0 (RGB in 0..1) |
| smallest LR image | {smallest} x {smallest} px |

The challenge counts FLOPs with fvcore and measures the runtime on a GPU of its own.

## Adding it to the challenge's repository

1. Copy `models/{stem}.py` into `models/` and `model_zoo/{stem}.pth` into `model_zoo/`.
   The model file imports nothing but PyTorch.
2. Add to `select_model` in `test_demo.py`:

```python
    elif model_id == {team}:
        from models.{stem} import {name}
        name, data_range = f"{{model_id:02}}_{name}", 1.0
        model_path = os.path.join('model_zoo', '{stem}.pth')
        model = {name}()
        model.load_state_dict(torch.load(model_path), strict=True)
```

3. Run it:

```bash
CUDA_VISIBLE_DEVICES=0 python test_demo.py --data_dir DATA --save_dir RESULTS --model_id {team}
```
{results}
Weights: SHA-256 {weights}{key}.
Written by MDRN Workbench {version}, whose output on a CPU the model file gives to the bit.
"""

_RESULTS = """
## Results

`results/` holds the enlarged images, called as their HR images, and the `readme.txt` that the
challenge's server asks for; send both as one zip file without a folder. The network took
{runtime_ms:.1f} ms for an image on one CPU thread.
"""
