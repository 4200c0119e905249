"""Every command of `workbench`: its place, its line in the list of commands, its group there.

The lines are those of the docstrings, so that `workbench --help` imports no command.
"""

from typing import ClassVar

from workbench.cli.lazy import LazyCommand, LazyGroup

ABLATE = "Ablate and search"
NETWORKS = "Networks and weights"
STUDIES = "Studies"
FILES = "Variants, spaces and stores"


def _command(name: str, text: str, panel: str) -> LazyCommand:
    """Return a command whose module and function have its name."""
    return LazyCommand(f"workbench.cli.{name}:{name}", text, panel)


COMMANDS = {
    "ablate": _command(
        "ablate",
        "Train a baseline and variants of it under the same seeds, and compare them.",
        ABLATE,
    ),
    "plan": _command(
        "plan",
        "Say how many seeds a study needs to find an effect, and how long it takes here.",
        ABLATE,
    ),
    "search": _command(
        "search", "Search a space for the best networks within hard limits.", ABLATE
    ),
    "train": _command(
        "train", "Train one network, score it, and say where its weights are.", ABLATE
    ),
    "variants": _command(
        "variants", "List all variants with the question each answers and what it costs.", FILES
    ),
    "inspect": _command(
        "inspect",
        "Count parameters, multiply-adds, activations and convolutions, and measure CPU time.",
        NETWORKS,
    ),
    "bench": _command(
        "bench",
        "Time the training step and inference of networks, beside what a device's memory allows.",
        NETWORKS,
    ),
    "evaluate": _command(
        "evaluate", "Score networks: PSNR and SSIM in RGB and in Y, mean over images.", NETWORKS
    ),
    "upscale": _command(
        "upscale", "Enlarge an image or a folder of images by the scale of the weights.", NETWORKS
    ),
    "convert": _command(
        "convert",
        "Convert weights between our safetensors file and a published state dict.",
        NETWORKS,
    ),
    "export-model": _command(
        "export_model",
        "Export a network as ONNX, TorchScript, or the folder of an NTIRE challenge entry.",
        NETWORKS,
    ),
    "reproduce": _command(
        "reproduce",
        "Compute a published table again and print it cell by cell beside the printed one.",
        NETWORKS,
    ),
    "weights": _command(
        "weights",
        "Find the weights of a study's finished trials, and copy them to a file.",
        NETWORKS,
    ),
    "studies": _command(
        "studies",
        "List the studies and searches of a store: what they ask, how far they are, what they "
        "found.",
        STUDIES,
    ),
    "report": _command(
        "report",
        "Report a study from the ledger: nothing is trained, and torch is not needed.",
        STUDIES,
    ),
    "compare": _command(
        "compare",
        "Compare studies or trials, and give the address of MLflow's comparison of exactly these "
        "runs.",
        STUDIES,
    ),
    "fidelity": _command(
        "fidelity",
        "Say how well short trainings, or cheap kinds of evidence, predict the ranks of long ones.",
        STUDIES,
    ),
    "table": _command(
        "table",
        "Write the finished trials of studies as a table to publish: Parquet files with a data "
        "card.",
        STUDIES,
    ),
    "export": _command(
        "export",
        "Write a study, its finished trials and their weights to a folder for `workbench import`.",
        STUDIES,
    ),
    # A module cannot be called `import`.
    "import": _command(
        "import_", "Merge an exported study into the store, and show its trials in MLflow.", STUDIES
    ),
    "aa-test": _command(
        "aa_test",
        "Compare a network with itself under fresh seeds: any difference that is found is false.",
        ABLATE,
    ),
    "spaces": _command(
        "spaces",
        "List the search spaces, or show one of them in detail.",
        FILES,
    ),
    "schema": _command("schema", "Print the JSON Schema of variant or search space files.", FILES),
    "ui": _command(
        "ui",
        "Serve the trials' learning curves and comparisons to a browser on this machine.",
        STUDIES,
    ),
    "mlflow": LazyCommand(
        "workbench.cli.mlflow_commands:mlflow", "Maintain MLflow's view of a store.", FILES
    ),
}


class Commands(LazyGroup):
    """The commands of `workbench`."""

    table: ClassVar = COMMANDS
