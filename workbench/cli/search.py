"""`workbench search`: the best network within limits, and what is known of a search."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from workbench.cli.ablate_request import DEFAULT_RECIPE, Asked, Choice, trial_config
from workbench.cli.options import (
    DEFAULT_STORE,
    MOST_WORKERS,
    AddressOption,
    BenchmarkOption,
    CpusOption,
    GpusOption,
    JsonOption,
    OverlapOption,
    SetOption,
    StepsOption,
    StoreOption,
    TrackingOption,
    TrainingDataOption,
    WorkersOption,
    assigned,
    default_workers,
    study_name,
    typed_options,
)
from workbench.cli.seeds import seed_rule
from workbench.config.bounds import MOST_TRIALS
from workbench.errors import ConfigError
from workbench.spaces.joining import find_spaces

if TYPE_CHECKING:
    from workbench.cli.ablate_steps import Place
    from workbench.cli.search_promote import Promotion

SHOWN = {"store", "as_json"}
RUN = {"workers", "engine", "address", "cpus", "gpus", "tracking_uri", "allow_overlap"}
PROMOTED = RUN | {"top", "seeds", "recipe_name", "steps", "set_", "study", "yes"}
VIEWS = {
    "status": SHOWN,
    "best": SHOWN,
    "front": SHOWN,
    "report": {"store", "out"},
    "optuna": {"store", "out"},
    "promote": SHOWN | PROMOTED,
}
"""What can be done with a search that exists, and the options that it heeds."""
OF_A_VIEW = {"top": "promote", "yes": "promote", "out": "report"}
"""Options that only these have."""


def search(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="SPACE",
            help="A space, or several as A+B; or one of "
            "status, best, front, report, optuna, promote, and NAME.",
        ),
    ],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A search.")] = None,
    trials: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_TRIALS, help="Networks to train, the canonical one among them."
        ),
    ] = 24,
    sampler: Annotated[
        Literal["tpe", "nsga2", "nsga3", "gp", "random", "grid", "pbt"],
        typer.Option(help="Who proposes what comes next; pbt: population based training."),
    ] = "tpe",
    objective: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A score, DATASET/score, or a cost; repeatable.",
            show_default="psnr_rgb_db",
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME<=VALUE", help="A hard limit, such as 'parameters<=60000'."),
    ] = None,
    rungs: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE,SHARE",
            help="Shares of the steps after which candidates are compared, or none.",
            show_default="those of the space",
        ),
    ] = None,
    keep: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0,
            max=1,
            help="Fraction of the candidates promoted at each rung (1 / eta).",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the sampler.")] = 0,
    seeds: Annotated[str, typer.Option(help="Of the trainings, as with ablate.")] = "1",
    batch: Annotated[
        int, typer.Option(min=1, max=MOST_WORKERS, help="Networks that are proposed together.")
    ] = 4,
    asynchronous: Annotated[
        bool,
        typer.Option(
            "--asynchronous",
            help="No batches: decide at a rung at once, with --batch networks under way.",
        ),
    ] = False,
    top: Annotated[
        int, typer.Option(min=1, max=MOST_TRIALS, help="Networks that promote trains again.")
    ] = 3,
    recipe_name: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="NAME",
            help="smoke, demo, short or factsheet.",
            show_default="smoke",
        ),
    ] = None,
    steps: StepsOption = None,
    data: TrainingDataOption = None,
    validation: Annotated[
        str | None, typer.Option(metavar="[NAME=]FOLDER", help="Images for the learning curves.")
    ] = None,
    benchmark: BenchmarkOption = None,
    allow_overlap: OverlapOption = False,
    set_: SetOption = None,
    study: Annotated[
        str | None, typer.Option(help="Name of the search; made from the space if absent.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Only go on with a search; never begin one.")
    ] = False,
    retry: Annotated[
        Literal["failed"] | None,
        typer.Option(help="Run trials again whose worker died, or whose memory ran out."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew; nothing finished is trained again.")
    ] = False,
    cold: Annotated[
        bool,
        typer.Option("--cold", help="Tell a new search nothing of what is finished already."),
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="MINUTES",
            min=0,
            max=525_600,
            help="Stop then; rerun the same command to resume.",
        ),
    ] = None,
    engine: Annotated[
        Literal["optuna", "ray"],
        typer.Option(help="Who runs the trials: processes of this machine, or Ray Tune."),
    ] = "optuna",
    address: AddressOption = None,
    cpus: CpusOption = 1.0,
    gpus: GpusOption = 0.0,
    workers: WorkersOption = None,
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask before promoting takes more than an hour.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="File that report or optuna writes.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Search a space for the best networks within hard limits.

    The canonical network is always trial 0. A network above a limit is never trained, the same
    network is never trained twice, and a stopped search goes on where it was. At the rungs the
    worse candidates are stopped early.

    `search status|best|front NAME` show a search; `search promote NAME` trains its best networks
    again, with --seeds and perhaps another --recipe, and judges them against the canonical one.
    `search report NAME` writes an HTML page; `search optuna NAME` an SQLite file with a study that
    optuna-dashboard opens.
    """
    from workbench.cli.ablate_steps import Place
    from workbench.cli.bars import working
    from workbench.cli.search_promote import Promotion
    from workbench.cli.search_request import new_settings, with_fidelity, with_limits
    from workbench.cli.search_steps import GoingOn, run_search
    from workbench.execution.executors import executor_spec

    command = shlex.join(["workbench", *sys.argv[1:]])
    _check_heeded(context, what)
    runs = executor_spec(engine, address, cpus, gpus)
    if what in VIEWS:
        if name is None:
            raise ConfigError(f"search {what} needs the NAME of a search")
        promotion = Promotion(
            top, seed_rule(seeds), recipe_name, steps, assigned(set_), study_name(study)
        )
        count = workers or default_workers("cpu")
        place = Place(store, count, tracking_uri, command, runs, allow_overlap)
        _show(what, name, promotion, place, out, yes=yes, as_json=as_json)
        return
    _check_fit(what, name, {"--resume": resume, "--retry": bool(retry)}, fresh, timeout)
    space = find_spaces(what)
    asked = Asked(
        choice=Choice(base=space.base),
        seeds=seed_rule(seeds),
        recipe=recipe_name or DEFAULT_RECIPE,
        steps=steps,
        data=data or (),
        validation=validation,
        benchmarks=benchmark or (),
        overrides=assigned(set_),
    )
    base = trial_config(space.base, asked)
    space = with_fidelity(with_limits(space, limit or ()), rungs, keep, sampler)
    with working("checking the space"):
        settings = new_settings(
            what,
            space,
            base,
            objective or (),
            sampler,
            seed,
            asked.seeds.seeds,
            batch,
            asynchronous=asynchronous,
        )
    device = settings.base.training.device
    count = workers or default_workers(device)
    place = Place(store, count, tracking_uri, command, runs, allow_overlap)
    going_on = GoingOn(resume, fresh, cold, timeout, retry=retry is not None)
    run_search(settings, study_name(study), trials, place, going_on, as_json=as_json)


def _show(
    what: str,
    name: str,
    promotion: "Promotion",
    place: "Place",
    out: Path | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Do what can be done with a search that exists."""
    from workbench.cli.search_promote import promote
    from workbench.cli.search_steps import view, write_view

    if what == "promote":
        promote(name, promotion, place, yes=yes, as_json=as_json)
    elif what in ("report", "optuna"):
        write_view(what, name, out, place.store)
    else:
        view(what, name, place.store, as_json=as_json)


def _check_fit(
    space: str,
    name: str | None,
    goes_on: dict[str, bool],
    fresh: bool,
    timeout: float | None,
) -> None:
    """Refuse options that do not fit together.

    Raises:
        ConfigError: With the options.
    """
    if name is not None:
        raise ConfigError(f"search SPACE takes one argument, got {name!r} besides {space!r}")
    for option, given in goes_on.items():
        if given and fresh:
            raise ConfigError(f"{option} and --fresh exclude each other")
    if timeout is not None and not timeout > 0:
        raise ConfigError(f"--timeout must be minutes above 0, got {timeout:g}")


def _check_heeded(context: typer.Context, what: str) -> None:
    """Refuse an option that would be ignored.

    Raises:
        ConfigError: With the option and what has it.
    """
    for name, option in typed_options(context).items():
        if what in VIEWS and name not in VIEWS[what] | {"what", "name"}:
            raise ConfigError(f"search {what} takes no {option}")
        if what not in VIEWS and name in OF_A_VIEW:
            raise ConfigError(f"search SPACE takes no {option}; search {OF_A_VIEW[name]} does")
