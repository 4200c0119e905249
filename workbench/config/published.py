"""What the field calls the networks of the presets, and where their weights are published."""

from dataclasses import dataclass
from pathlib import Path

from workbench.config.module import ModuleConfig
from workbench.config.network import Network
from workbench.config.presets import ALIASES, PRESETS

MDRN_REPOSITORY = "https://github.com/bbbolt/MDRN"
NTIRE_2022_REPOSITORY = "https://github.com/ofsoundof/NTIRE2022_ESR"


@dataclass(frozen=True)
class PublishedNetwork:
    """A network with published weights, which are not shipped with the workbench."""

    title: str
    """What the field calls it; the team where another network has the same name."""
    file: str
    """Name of the weights file in the repository."""
    repository: str
    licence: str = "MIT"

    @property
    def source(self) -> str:
        """Where the weights are to be had and under which licence."""
        return f"{self.file} at {self.repository} ({self.licence} licence)"


PUBLISHED: dict[str, PublishedNetwork] = {
    "mdrn-s": PublishedNetwork("MDRN-S", "mdrn-s.pth", MDRN_REPOSITORY),
    "mdrn": PublishedNetwork("MDRN", "mdrn_x4.pth", MDRN_REPOSITORY),
    "bsrn": PublishedNetwork("BSRN", "team18_bsrn.pth", NTIRE_2022_REPOSITORY),
    "efdn": PublishedNetwork("EFDN (NEESR)", "team05_efdn.pt", NTIRE_2022_REPOSITORY),
    "rfdn": PublishedNetwork("RFDN", "rfdn_baseline.pth", NTIRE_2022_REPOSITORY),
    "imdn": PublishedNetwork("IMDN", "imdn_baseline.pth", NTIRE_2022_REPOSITORY),
    # No preset: a transformer that only weights files bring.
    "mobilesr": PublishedNetwork("MobileSR", "team20_mobilesr.pth", NTIRE_2022_REPOSITORY),
}
"""By the name of the preset."""


def title_of(config: Network) -> str:
    """Return what the field calls a network at any scale; `MDRN family` if it has no name.

    A network of the user's own is called by the path of its class.
    """
    if isinstance(config, ModuleConfig):
        return config.path
    for name, network in PUBLISHED.items():
        known = PRESETS.get(name)
        if known is not None and config == known.model_copy(update={"scale": config.scale}):
            return network.title
    return "MDRN family"


def weights_hint(path: Path) -> str:
    """Return the tail of an error about a weights file that is not there.

    Args:
        path: What the user gave, perhaps the name of a preset or of a published file.
    """
    given = path.name.lower()
    for name, network in PUBLISHED.items():
        called = {name, *(alias for alias, preset in ALIASES.items() if preset == name)}
        stems = {word.replace("-", "_") for word in (*called, Path(network.file).stem)}
        if {given.replace("-", "_"), Path(given).stem.replace("-", "_")} & stems:
            return (
                f"; the published weights of {network.title} are {network.source}; they are not "
                "shipped: download the file and give its path"
            )
    return ""
