"""Searches in simulated time, from Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.option_names import python_names
from workbench.api.progress import Progressing, shown
from workbench.api.tables import Table
from workbench.api.tables import table as read
from workbench.errors import StoppedByUserError
from workbench.experiments.simulate import draw_simulation
from workbench.experiments.simulate import simulate as run_simulation
from workbench.experiments.simulate_spec import SimulateSpec
from workbench.reporting.simulation_texts import searches_text, to_dict
from workbench.search.simulation.outcome import Simulation

if TYPE_CHECKING:
    import pandas as pd

_ARGUMENTS = {"sampler": "samplers", "limit": "limits"}
"""Options of messages whose argument has another name."""


class SimulationResults:
    """Samplers on a table: regret against training steps, and the samplers against each other."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        """The searches, `regrets(sampler, steps)` by repetition, and `comparisons` of samplers."""

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each sampler and cost.

        Columns: sampler, steps (of all trainings of a search), and of the regret mean, mean_low and
        mean_high (its 95 % interval), p10, p50 and p90 (of the searches), in dB with an objective
        in dB: `regret_db_mean` and so on, otherwise `regret_mean`.
        """
        import pandas as pd

        rows = [
            {"sampler": one["sampler"], **point}
            for one in self.to_dict()["samplers"]
            for point in one["curve"]
        ]
        return pd.DataFrame(rows)

    def comparisons(self) -> "pd.DataFrame":
        """Return a row for each pair of samplers, judged at the end of the budget.

        Columns: sampler, against, gain_db (regret of the other sampler less that of this one),
        gain_db_low, gain_db_high (95 %), p, p_holm (over all pairs), p_equivalence_holm,
        p_sign_flip, verdict (`better`, `worse`, `equivalent` or `undecided`).
        """
        import pandas as pd

        return pd.DataFrame(self.to_dict()["comparisons"])

    def to_dict(self) -> dict[str, Any]:
        """Return what `workbench search simulate --json` prints, with units in the keys."""
        return to_dict(self.simulation)

    def save(self, path: str | Path) -> Path:
        """Write the figure: mean and median regret against the training steps.

        Args:
            path: Ends in .png or .svg.

        Returns:
            The file.

        Raises:
            ConfigError: For another ending.
            StoreError: If it cannot be written.
        """
        file = Path(path)
        draw_simulation(self.simulation, file)
        return file

    def __repr__(self) -> str:
        names = ", ".join(self.simulation.repetitions)
        return f"<simulation of {names}; {searches_text(self.simulation)}>"


def simulate(
    table: str | Path | Table,
    samplers: str | Sequence[str] = ("tpe",),
    *,
    repeats: int = 100,
    trials: int | None = None,
    space: str | None = None,
    objective: str | None = None,
    limits: Mapping[str, float] | None = None,
    rungs: Sequence[float] | None = None,
    keep: float | None = None,
    audit_share: float | None = None,
    batch: int = 4,
    asynchronous: bool = False,
    seed: int = 0,
    margin: float | None = None,
    progress: Progressing = True,
) -> SimulationResults:
    """Run samplers and schedulers on a table of finished trials, in simulated time.

    Searches are those of `search`, but results come from the table and cost the training steps that
    they took. A proposal is replaced by the nearest network of the table that the search has not
    had, which is what the sampler observes. Nothing is trained or written.

    Args:
        table: The folder of a table, or what `table` returns.
        samplers: `tpe`, `nsga2`, `nsga3`, `gp`, `random` or `grid`, one or several; random search
            is always among them.
        repeats: Searches of each sampler, 2..1000.
        trials: Networks that a search trains, the baseline among them; None for half of the
            table's.
        space: Name of a search space, or of several as `A+B`; None for that of the table.
        objective: A score of the validation images, or `DATASET/score`; None for the PSNR.
        limits: Name of a cost -> most that a network may have.
        rungs: Fractions of the steps after which candidates are compared; `()` for none, None for
            those of the space.
        keep: Fraction promoted at each rung (1 / eta), in 0..1; None for that of the space.
        audit_share: Fraction of the candidates that no rung stops, in 0..1; None for that of
            searches.
        batch: Networks that are proposed together, or that are under way when asynchronous.
        asynchronous: ASHA.
        seed: Of all draws; the same seed, the same numbers.
        margin: Equivalence margin of the regret; None for 0.02 dB, and for none with SSIM.
        progress: Whether to show a bar and notes, or a function that gets every event.

    Raises:
        ConfigError: For an unknown sampler, space, limit or objective, a number out of range, or a
            folder that is no table.
        WorkbenchError: If the table does not have what searches need.
        KeyboardInterrupt: After Ctrl-C before two repetitions have finished; later, those that have
            finished are returned.

    Example:
        >>> wb.simulate("mdrn-bench", ["tpe", "nsga2"], repeats=20).comparisons()
    """
    spec = SimulateSpec(
        samplers=[samplers] if isinstance(samplers, str) else list(samplers),
        repeats=repeats,
        trials=trials,
        space=space,
        objective=objective,
        limits=limits or {},
        rungs=rungs,
        keep=keep,
        audit_share=audit_share,
        batch=batch,
        asynchronous=asynchronous,
        seed=seed,
        margin=margin,
    )
    found = table if isinstance(table, Table) else read(table)
    try:
        with python_names(_ARGUMENTS), shown(progress) as emit:
            return SimulationResults(run_simulation(spec, found.table, emit))
    except StoppedByUserError as stopped:
        raise KeyboardInterrupt(str(stopped)) from None
