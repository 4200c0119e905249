"""What `workbench search simulate` does: samplers and schedulers on a table, in simulated time."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.errors import ConfigError, StoppedByUserError
from workbench.experiments.fidelity import check_figure
from workbench.experiments.search_settings import with_limits
from workbench.experiments.simulate_spec import (
    FEWEST,
    SimulateSpec,
    check_numbers,
    samplers_with_reference,
)
from workbench.search.audits import DEFAULT_SHARE
from workbench.search.objectives import COSTS, Objective, objectives_named, parse_objectives
from workbench.search.simulation.networks import SearchedTable, datasets_of, searched_table
from workbench.search.simulation.optuna_objective import TableObjective
from workbench.search.simulation.outcome import Simulation
from workbench.search.simulation.repetition import Repetition, SimulatedSettings, simulate_once
from workbench.spaces.joining import find_spaces
from workbench.spaces.space import Fidelity, SpaceFile
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB, DecisionRule
from workbench.system.events import Caution, Emit, Note, counting, ignore, working
from workbench.system.files import write_atomically
from workbench.system.text import counted
from workbench.tables.table import TrialTable


def simulate(spec: SimulateSpec, table: TrialTable, emit: Emit = ignore) -> Simulation:
    """Simulate searches on a table.

    Args:
        spec: Which.
        table: Finished trials.
        emit: Gets progress, notes, and a caution after Ctrl-C.

    Returns:
        The simulation; after Ctrl-C with the repetitions that every sampler has finished.

    Raises:
        ConfigError: For an unknown sampler, space, limit or objective, a sampler that a table
            cannot serve, or a number out of range.
        WorkbenchError: If the table does not have what searches need.
        StoppedByUserError: After Ctrl-C before two repetitions; nothing is kept.
    """
    samplers = samplers_with_reference(spec.samplers)
    check_numbers(spec)
    with working(emit, "reading the networks"):
        searched = _searched(spec, table)
    trials = _trials(spec, searched)
    _note_left_out(searched, emit)
    settings = SimulatedSettings(
        trials, spec.batch, spec.asynchronous, _audit_share(spec, searched), spec.seed
    )
    unit = MARGIN_DB if searched.objective.name.endswith("_db") else 0.0
    rule = DecisionRule(ALPHA, unit if spec.margin is None else spec.margin)
    found = _repetitions(searched, samplers, settings, spec.repeats, emit)
    return Simulation(searched, settings, found, spec.repeats, rule)


def optuna_objective(
    table: TrialTable,
    *,
    space: str | None = None,
    objective: str | None = None,
    limits: Mapping[str, float] | None = None,
    seed: int = 0,
) -> TableObjective:
    """Return a table as an objective of Optuna.

    Args:
        table: Finished trials.
        space: Name of a space, or of several as `A+B`; None for that of the table.
        objective: A score of the validation images, or `DATASET/score`; None for the PSNR.
        limits: Name of a cost -> most that a network may have.
        seed: Draws the seed whose scores are seen, and decides between equally near networks.

    Raises:
        ConfigError: For an unknown space, limit or objective.
        WorkbenchError: If the table does not have what searches need.
    """
    spec = SimulateSpec(space=space, objective=objective, limits=limits or {})
    return TableObjective(_searched(spec, table), seed)


def draw_simulation(found: Simulation, path: Path) -> None:
    """Write the figure: regret against cost.

    Args:
        found: What is drawn.
        path: Ends in .png or .svg.

    Raises:
        ConfigError: For another ending.
        StoreError: If it cannot be written.
    """
    from workbench.reporting.prints import Form, panels
    from workbench.reporting.simulation_figures import simulation_figures

    check_figure(path)
    form: Form = "svg" if path.suffix == ".svg" else "png"
    write_atomically(path, panels(simulation_figures(found), form))


def _searched(spec: SimulateSpec, table: TrialTable) -> SearchedTable:
    """Return the table with the space, the limits and the rungs that are requested.

    Raises:
        ConfigError: If there is no space, or for an option that cannot be used.
        WorkbenchError: If the table does not have what searches need.
    """
    space, name = table_space(table, spec.space)
    fidelity = space.fidelity.plain()
    fidelity |= {} if spec.rungs is None else {"rungs": list(spec.rungs)}
    fidelity |= {} if spec.keep is None else {"keep": spec.keep}
    space = with_limits(space, spec.limits).model_copy(
        update={"fidelity": Fidelity.parse(fidelity, where="--rungs, --keep")}
    )
    return searched_table(table, space, name, table_objective(table, spec.objective))


def table_space(table: TrialTable, name: str | None) -> tuple[SpaceFile, str]:
    """Return a space to search a table, and its name.

    Args:
        table: Whose own space is the default.
        name: Of a space, or of several as `A+B`; None for the table's.

    Raises:
        ConfigError: For an unknown name, or if the table has no space of its own.
    """
    if name is not None:
        return find_spaces(name), name
    if table.space is None:
        raise ConfigError(
            f"{table.name}: the networks of this table were not sampled from a search space; "
            "--space NAME says which one to search"
        )
    return table.space, table.space_name or table.name


def table_objective(table: TrialTable, name: str | None) -> Objective:
    """Return the objective of searches of a table.

    Args:
        table: Whose benchmarks may be named.
        name: A score of the validation images or `DATASET/score`; None for the PSNR.

    Raises:
        ConfigError: For an unknown one, with the nearest, or a cost.
    """
    if name in COSTS:
        raise ConfigError(
            f"--objective {name}: a cost needs no training; --limit '{name}<=VALUE' sets "
            "a limit to it"
        )
    texts = [] if name is None else [name]
    (found,) = parse_objectives(texts, datasets_of(table))
    return objectives_named([found.name], "validation")[0]


def _trials(spec: SimulateSpec, searched: SearchedTable) -> int:
    """Return the networks that a search trains.

    Raises:
        ConfigError: If the table has fewer.
    """
    most = searched.most_trials()
    if spec.trials is not None and spec.trials > most:
        raise ConfigError(
            f"--trials must be at most {most:,}, the networks of the table that a search can "
            f"train, got {spec.trials:,}"
        )
    return max(2, most // 2) if spec.trials is None else spec.trials


def _audit_share(spec: SimulateSpec, searched: SearchedTable) -> float:
    """Return the fraction of candidates that no rung stops; 0 where nothing is stopped."""
    share = DEFAULT_SHARE if spec.audit_share is None else spec.audit_share
    return share if searched.space.fidelity.rungs else 0.0


def _note_left_out(searched: SearchedTable, emit: Emit) -> None:
    if searched.outside_space:
        emit(
            Note(
                f"left out: {counted(searched.outside_space, 'network')} that the space "
                f"{searched.space_name} cannot express"
            )
        )
    if searched.without_seeds:
        seeds = ", ".join(map(str, searched.seeds))
        emit(
            Note(
                f"left out: {counted(searched.without_seeds, 'network')} without a complete trial "
                f"under each of the seeds {seeds}"
            )
        )
    if searched.baseline is None:
        emit(
            Note(
                f"the table does not have the baseline {searched.space.base}: the searches begin "
                "with a proposal"
            )
        )


def _repetitions(
    searched: SearchedTable,
    samplers: Sequence[str],
    settings: SimulatedSettings,
    repeats: int,
    emit: Emit,
) -> dict[str, tuple[Repetition, ...]]:
    """Run every sampler once in each repetition, so that an early stop leaves whole ones.

    Raises:
        StoppedByUserError: After Ctrl-C before there are two.
    """
    found: list[dict[str, Repetition]] = []
    total = repeats * len(samplers)
    try:
        with counting(emit, "simulating searches") as advance:
            for number in range(repeats):
                made: dict[str, Repetition] = {}
                for sampler in samplers:
                    advance(number * len(samplers) + len(made), total, sampler)
                    made[sampler] = simulate_once(searched, sampler, settings, number)
                found.append(made)
    except KeyboardInterrupt:
        if len(found) < FEWEST:
            raise StoppedByUserError("stopped; no result, and nothing was kept") from None
        emit(Caution(f"stopped after {len(found):,} of {repeats:,} repetitions"))
    return {sampler: tuple(of[sampler] for of in found) for sampler in samplers}
