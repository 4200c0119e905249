"""What `wb.ablate` and `wb.search` have in common: training, images, and where trials run."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ParamSpec, TypedDict, TypeVar

from workbench.api.progress import Progressing
from workbench.api.sources import Images, source_texts
from workbench.errors import ConfigError, nearest
from workbench.execution.executors import executor_spec
from workbench.experiments.defaults import DEFAULT_RECIPE, DEFAULT_STORE
from workbench.experiments.run_context import RunContext
from workbench.experiments.trial_spec import TrialSpec
from workbench.system.time_limit import read_time_limit

Setting = int | float | str | bool | None | Sequence[object] | Mapping[str, object]
P = ParamSpec("P")
R = TypeVar("R")


class Options(TypedDict, total=False):
    """Training, images, and where trials run; `_HELP` says what each option is."""

    recipe: str
    steps: int | None
    data: Images | None
    validation: str | Path | Mapping[str, str | Path] | None
    benchmarks: Images | None
    overrides: Mapping[str, Setting] | None
    store: str | Path
    workers: int | None
    lanes: int | None
    devices: Sequence[int] | None
    tracking_uri: str | None
    allow_overlap: bool
    progress: Progressing
    time_limit: str | float | None


class SearchOptions(Options, total=False):
    """Besides: what happens to an earlier search of its name."""

    retry: bool
    fresh: bool
    warm_start: bool
    timeout_min: float | None


_DEFAULTS: dict[str, object] = {
    "recipe": DEFAULT_RECIPE,
    "store": DEFAULT_STORE,
    "allow_overlap": False,
    "progress": True,
    "retry": False,
    "fresh": False,
    "warm_start": True,
}
"""Of the options whose default is not None."""
_HELP = {
    "recipe": "`smoke`, `demo`, `short`, `medium`, `long` or `factsheet`.",
    "steps": "Training steps in all, to which the recipe is scaled; its own if None.",
    "data": "Folders of training images; photographs that ship with scikit-image if None.",
    "validation": "Folder of the images that learning curves, and rungs, are measured on.",
    "benchmarks": "Folders of the images that networks are scored on.",
    "overrides": 'Fields of every trial, such as `{"training.stages.0.batch_size": 8}`.',
    "store": "The folder of the store.",
    "workers": "Trials at a time; one for each core if None. On GPUs: over all of them.",
    "lanes": "Trials at a time in one process, for each GPU; measured if None.",
    "devices": "GPUs by number; the first one if None.",
    "tracking_uri": "MLflow server or database of your own; the store's if None.",
    "allow_overlap": "Train also on images that are scored, which every table then says.",
    "progress": "Whether bars and notes are shown; or a function that gets the events.",
    "retry": "Rerun trials of this search whose worker died or whose memory ran out.",
    "fresh": "Start anew; the earlier search is kept under another name.",
    "warm_start": "Show the sampler of a new search what other studies have finished.",
    "time_limit": "Such as `9m`, `1h30m`, or minutes: return in time what is finished.",
    "timeout_min": "Earlier name of `time_limit`, in minutes.",
}
_LINE = "    **options: See `Options`."


def with_options(kind: type[Options]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Show options one by one in the signature and the docstring of a function.

    Args:
        kind: The function takes `**options: Unpack[kind]`, which a line of its docstring names.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        *own, _ = signature.parameters.values()
        shared = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS.get(name), annotation=type_
            )
            for name, type_ in kind.__annotations__.items()
        ]
        text = inspect.getdoc(function) or ""
        assert _LINE in text, "the docstring names the options"
        lines = "\n".join(f"    {name}: {_HELP[name]}" for name in kind.__annotations__)
        function.__doc__ = text.replace(_LINE, lines)
        vars(function)["__signature__"] = signature.replace(parameters=[*own, *shared])
        return function

    return decorate


def check_options(options: Options, kind: type[Options]) -> None:
    """Refuse names that are no options, which Python does not do by itself here.

    Raises:
        ConfigError: Naming the nearest valid one.
    """
    for name in options:
        if name not in kind.__annotations__:
            raise ConfigError(f"unknown argument {name!r}; {nearest(name, kind.__annotations__)}")


def trial_spec(options: Options) -> TrialSpec:
    """Return training and images."""
    return TrialSpec(
        recipe=options.get("recipe", DEFAULT_RECIPE),
        steps=options.get("steps"),
        data=source_texts(options.get("data")),
        validation=next(iter(source_texts(options.get("validation"))), None),
        benchmarks=source_texts(options.get("benchmarks")),
        overrides=dict(options.get("overrides") or {}),
    )


def run_context(options: Options) -> RunContext:
    """Return where and how trials run.

    Raises:
        ConfigError: For fewer workers or lanes than one, both, GPUs that cannot be used, or a time
            limit that is none.
    """
    limit = options.get("time_limit")
    workers, lanes = options.get("workers"), options.get("lanes")
    for name, count in (("workers", workers), ("lanes", lanes)):
        if count is not None and count < 1:
            raise ConfigError(f"{name} must be at least 1, got {count}")
    devices = options.get("devices")
    numbers = None if devices is None else ",".join(map(str, devices))
    return RunContext(
        Path(options.get("store", DEFAULT_STORE)),
        workers or 0,
        tracking_uri=options.get("tracking_uri"),
        executor=executor_spec("local", lanes=lanes, devices=numbers, workers=workers),
        allow_overlap=options.get("allow_overlap", False),
        time_limit=None if limit is None else read_time_limit(limit),
    )
