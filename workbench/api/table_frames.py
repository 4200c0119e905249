"""Trials of a table as tables of pandas."""

from typing import TYPE_CHECKING

from workbench.api import study_frames
from workbench.tables.columns import LATENCIES, PROXY_VALUES, mean_columns
from workbench.tables.header import benchmarks_of, environments_of
from workbench.tables.rows import trial_rows
from workbench.tables.table import TrialTable

if TYPE_CHECKING:
    import pandas as pd

_TRIAL_COLUMNS = (
    *("name", "seed", "state", "parameters", "multiply_adds", "activations", "convolutions"),
    *("steps", "training_s", "key", "network"),
)


class TrialFrames:
    """Trials as tables of pandas."""

    def __init__(self, table: TrialTable) -> None:
        self.table = table
        """The trials as values: `table.results` are as a ledger has them."""

    def to_frame(self) -> "pd.DataFrame":
        """Return a row a trial.

        Columns: name (of the network), seed, state, parameters, multiply_adds, activations,
        convolutions, steps, training_s (seconds), key, network (hash of its config), and the means
        over images at the end: `validation/psnr_rgb_db`, `validation/ssim_rgb`,
        `validation/psnr_y_db`, `validation/ssim_y`, and the same for each benchmark, such as
        `Set5/psnr_rgb_db`. A trial that diverged has no scores.
        """
        import pandas as pd

        benchmarks = tuple(one.dataset for one in benchmarks_of(self.table.results))
        rows = trial_rows(self.table, environments_of(self.table.results), benchmarks)
        means = [one.name for one in mean_columns(benchmarks)]
        return pd.DataFrame(rows, columns=[*_TRIAL_COLUMNS, *means])

    def scores(self) -> "pd.DataFrame":
        """Return a row an image of each benchmark and trial.

        Columns: name (of the network), seed, dataset, image, psnr_rgb_db, ssim_rgb, psnr_y_db,
        ssim_y.
        """
        return _named(study_frames.scores(self.table.arms))

    def curves(self) -> "pd.DataFrame":
        """Return a row a point of each learning curve.

        Columns: name (of the network), seed, step, loss, learning_rate, and the mean scores on the
        validation images: psnr_rgb_db, ssim_rgb, psnr_y_db, ssim_y.
        """
        return _named(study_frames.curves(self.table.arms))

    def validation_scores(self) -> "pd.DataFrame":
        """Return a row a validation image of each point of each learning curve.

        Columns: name (of the network), seed, step, image, and its scores.
        """
        return _named(study_frames.validation_scores(self.table.arms))

    def latencies(self) -> "pd.DataFrame":
        """Return a row a measurement of a network; empty if none was measured.

        Columns: name, network (hash of its config), device, hardware, threads, lr_height_px,
        lr_width_px, rounds, median_ms, lower_quartile_ms, upper_quartile_ms, torch,
        measured_unix_s.
        """
        import pandas as pd

        rows = [
            {"name": self.table.name_of(one.network), **one.plain()} for one in self.table.latencies
        ]
        return pd.DataFrame(rows, columns=["name", *(one.name for one in LATENCIES)])

    def proxies(self) -> "pd.DataFrame":
        """Return a row a network, seed and proxy; empty if none was computed.

        Columns: name, network (hash of its config), seed, proxy, value (NaN where it cannot be
        computed), reason (why not), seconds (of computing), batch (the crops). How well they rank
        the networks: `wb.fidelity(FOLDER).proxies()`.
        """
        import pandas as pd

        rows = [
            {"name": self.table.name_of(one.network), **one.plain()} for one in self.table.proxies
        ]
        return pd.DataFrame(rows, columns=["name", *(one.name for one in PROXY_VALUES)])


def _named(frame: "pd.DataFrame") -> "pd.DataFrame":
    return frame.rename(columns={"variant": "name"})
