"""How well short trainings predict the ranks of long ones, from Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.analysis.fidelity import REGRETS, FidelityTable
from workbench.api.progress import Progressing, shown
from workbench.errors import ConfigError
from workbench.experiments.defaults import DEFAULT_STORE
from workbench.experiments.fidelity import draw_fidelity, study_fidelity
from workbench.experiments.proxies import ProxySpec
from workbench.reporting.fidelity_texts import level_name, target_text, to_dict
from workbench.system.text import counted

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = [
    *("cheap", "dear", "study", "step", "total_steps", "compared", "is_target", "networks"),
    *("tau", "tau_low", "tau_high", "rho_at_fixed_parameters", "rho_low", "rho_high"),
    *("tau_ceiling", "same_trainings", "says_nothing"),
    *(f"regret_at_{k}_db" for k in REGRETS),
]
_PROXY_COLUMNS = [
    *("proxy", "text", "higher_is_better", "networks", "tau", "tau_low", "tau_high"),
    *("rho_at_fixed_parameters", "rho_low", "rho_high", "p_tau_holm", "p_rho_holm"),
    *(f"regret_at_{k}_db" for k in REGRETS),
    *("rho_at_fixed_channels", "rho_at_fixed_channels_low", "rho_at_fixed_channels_high"),
    "seconds_per_network",
]


class FidelityResults:
    """Rank correlations between the levels of studies: points of curves, ends, kinds of evidence.

    A point of a learning curve is not the end of a shorter training, whose learning rate has
    followed its schedule by then; the column `compared` says which of the two it is.
    """

    def __init__(self, table: FidelityTable) -> None:
        self.table = table
        """The levels, and `prediction(cheap, dear)` for each pair of them."""

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each pair of levels.

        Columns: cheap, dear (names of the levels), study, step, total_steps and compared (`curve`,
        `end` or `constant`, of the cheap one), is_target (whether `dear` is what `target` names),
        networks, tau, tau_low, tau_high, rho_at_fixed_parameters, rho_low, rho_high, tau_ceiling,
        same_trainings, says_nothing, regret_at_1_db and regret_at_5_db (dB).
        """
        import pandas as pd

        plain = to_dict(self.table)
        names = [level_name(self.table, level) for level in self.table.levels]
        rows = [
            {
                "cheap": names[pair["cheap"]],
                "dear": names[pair["dear"]],
                **{
                    name: plain["levels"][pair["cheap"]][name]
                    for name in ("study", "step", "total_steps", "compared")
                },
                "is_target": pair["dear"] == self.table.target,
                **{name: value for name, value in pair.items() if name not in ("cheap", "dear")},
            }
            for pair in plain["pairs"]
        ]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def proxies(self) -> "pd.DataFrame":
        """Return a row for each proxy, how well it predicts the target; none if none was computed.

        Columns: proxy, text, higher_is_better, networks, tau, tau_low, tau_high,
        rho_at_fixed_parameters, rho_low, rho_high, p_tau_holm and p_rho_holm (after Holm's
        correction over all proxies), regret_at_1_db, regret_at_5_db (dB), rho_at_fixed_channels
        with its bounds _low and _high (without a correction), seconds_per_network.
        """
        import pandas as pd

        rows = to_dict(self.table).get("proxies", [])
        return pd.DataFrame(rows, columns=_PROXY_COLUMNS)

    def to_dict(self) -> dict[str, Any]:
        """Return what `workbench fidelity --json` prints, with units in the keys."""
        return to_dict(self.table)

    def save(self, path: str | Path) -> Path:
        """Write the figure: tau by length, and between all pairs of levels.

        Args:
            path: Ends in .png or .svg.

        Returns:
            The file.

        Raises:
            ConfigError: For another ending.
            WorkbenchError: If no two levels have enough networks for a rank correlation.
            StoreError: If it cannot be written.
        """
        file = Path(path)
        draw_fidelity(self.table, file)
        return file

    def __repr__(self) -> str:
        levels = counted(len(self.table.levels), "level")
        return f"<fidelity, {levels}; {target_text(self.table)}>"


def fidelity(
    *studies: str,
    store: str | Path = DEFAULT_STORE,
    dataset: str | None = None,
    target: str | None = None,
    proxies: bool = False,
    data: Sequence[str | Path] = (),
    progress: Progressing = True,
) -> FidelityResults:
    """Compare how points of curves, ends of trainings, and kinds of evidence rank networks.

    Args:
        studies: Names of one or more studies, or folders of tables; networks are matched by their
            configs.
        store: The folder of the store.
        dataset: Benchmark whose PSNR the ends are ranked by; None for the validation images.
        target: Study whose end is to be predicted; None for the longest training.
        proxies: Also compute proxies of the initial weights of the target's networks, such as
            SynFlow and the gradient norm.
        data: Images that the crops of proxies are from, each `FOLDER` or `NAME=FOLDER`; none for
            the training images.
        progress: Whether to show a bar while proxies are computed, or a function of all events.

    Raises:
        ConfigError: For an unknown study, with the nearest name, or a folder without a table.
        WorkbenchError: If there is nothing to rank, or scores were made in different ways.

    Example:
        >>> wb.fidelity("demo").to_frame()[["cheap", "tau", "says_nothing"]]
    """
    if not studies:
        raise ConfigError("fidelity needs the name of at least one study")
    if data and not proxies:
        raise ConfigError("data needs proxies=True: nothing else is computed on images")
    spec = ProxySpec([str(folder) for folder in data]) if proxies else None
    with shown(progress) as emit:
        table = study_fidelity(
            studies, Path(store), dataset=dataset, target=target, proxies=spec, emit=emit
        )
    return FidelityResults(table)
