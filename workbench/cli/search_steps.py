"""What `workbench search` does: run a search, show one, promote its best networks."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from workbench.ablation.plan import Arm, Plan
from workbench.ablation.run import by_arm, look_up, run_plan
from workbench.cli.ablate_request import Request
from workbench.cli.ablate_steps import Place, pack, run
from workbench.cli.console import note, print_json
from workbench.cli.display import AblationDisplay
from workbench.cli.options import Seeds
from workbench.cli.search_table import plain_search, print_front, print_search
from workbench.cli.study_views import show_study
from workbench.config.presets import recipe
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.results import TrialResult
from workbench.search.objectives import Objective, front, parse_objectives
from workbench.search.record import (
    SearchRecord,
    Settings,
    find_record,
    read_record,
    write_record,
)
from workbench.search.run import SearchState, search
from workbench.search.space import Limits, SpaceFile
from workbench.tracking.mlflow_tracker import MlflowTracker


def with_limits(space: SpaceFile, texts: Sequence[str]) -> SpaceFile:
    """Add limits such as `parameters<=60000` to those of the space; the same name is replaced.

    Raises:
        ConfigError: For anything else, with the nearest name.
    """
    found = space.limits.plain()
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("<="))
        if name not in found:
            raise ConfigError(f"--limit {text!r}: unknown limit {name!r}; {nearest(name, found)}")
        try:
            number = float(value.replace(",", "").replace("_", ""))
        except ValueError:
            sign = ""
        if not sign:
            raise ConfigError(
                f"--limit must be NAME<=VALUE, such as parameters<=60000, got {text!r}"
            )
        whole = name in ("parameters", "convolutions")
        found[name] = int(number) if whole and number == int(number) else number
    return space.model_copy(update={"limits": Limits.parse(found, where="--limit")})


def new_settings(
    space_name: str,
    space: SpaceFile,
    base: TrialConfig,
    objectives: Sequence[str],
    sampler: str,
    seed: int,
    trial_seeds: tuple[int, ...],
    batch: int,
) -> Settings:
    """Put together what decides a search.

    Raises:
        ConfigError: For an unknown objective, or a grid over numbers without steps.
    """
    datasets = [source.name for source in base.evaluation.benchmarks]
    wanted = parse_objectives(objectives, datasets)
    if sampler == "grid" and space.size() is None:
        raise ConfigError(f"--sampler grid needs a space that can be counted, {space_name} cannot")
    return Settings(
        space_name=space_name,
        space=space,
        base=base,
        objectives=tuple(objective.name for objective in wanted),
        sampler=sampler,
        seed=seed,
        trial_seeds=trial_seeds,
        batch=batch,
    )


def run_search(
    settings: Settings, name: str | None, trials: int, place: Place, *, as_json: bool
) -> None:
    """Run a search or go on with it, and print what it found.

    Raises:
        WorkbenchError: For anything that the user can mend; what is finished is kept.
    """
    digest = hashlib.sha256(json.dumps(settings.plain(), sort_keys=True).encode()).hexdigest()[:6]
    name = name or f"{settings.space_name}_{settings.sampler}_{digest}"
    record = read_record(place.store, name) or SearchRecord(name=name, settings=settings)
    if record.settings != settings:
        raise ConfigError(
            f"search {name!r} in {place.store} has other settings; give another --study, or the "
            "same options to go on with it"
        )
    if record.proposals:
        note(f"search {name} goes on: {sum(p.trained for p in record.proposals)} trials proposed")
    pack(Plan(name, (Arm("base", "", settings.base),), settings.trial_seeds), place.store)
    tracker = MlflowTracker(
        place.store, place.tracking_uri, on_warning=lambda text: note(f"warning: {text}")
    )

    def run_batch(plan: Plan) -> dict[str, list[TrialResult]]:
        with AblationDisplay(len(plan.trials())) as display:
            found = run_plan(
                plan, store=place.store, workers=place.workers, tracker=tracker, display=display
            )
        return by_arm(plan, found)

    try:
        state = search(
            record,
            trials,
            _objectives(settings),
            run_batch,
            lambda kept: write_record(kept, place.store),
        )
    finally:
        tracker.close()
    if state.exhausted:
        note("nothing new was found any more within the space and its limits")
    _print(state, as_json=as_json)


def view(what: str, name: str, store: Path, *, as_json: bool) -> None:
    """Print a search from its record and the ledger; nothing is trained.

    Raises:
        ConfigError: If there is no such search.
    """
    state = _state(name, store)
    if as_json or what == "status":
        _print(state, as_json=as_json)
        return
    objectives = _objectives(state.record.settings)
    names = state.front(objectives)
    print_front(state, objectives, names[:1] if what == "best" and len(objectives) == 1 else names)


def promote(
    name: str,
    top: int,
    seeds: Seeds,
    recipe_name: str | None,
    place: Place,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Train a search's best networks again and judge them against the canonical one.

    Raises:
        WorkbenchError: If the search has no finished network besides the canonical one.
    """
    state = _state(name, place.store)
    objectives = _objectives(state.record.settings)
    values = state.values(objectives)
    chosen = _best(values, objectives, top)
    if not chosen:
        raise WorkbenchError(f"search {name!r} has no finished network besides the canonical one")
    update = {"training": recipe(recipe_name)} if recipe_name else {}
    base = state.record.settings.base.model_copy(update=update)
    arms = [Arm(state.record.settings.space.base, "", base)]
    for proposal in state.trained:
        if proposal.name in chosen:
            changes = ", ".join(f"{k} {v}" for k, v in proposal.overrides.items())
            config = state.config(proposal).model_copy(update=update)
            arms.append(Arm(proposal.name, changes, config, arms[0].name))
    plan = Plan(f"{name}-promoted", tuple(arms), seeds.seeds, seeds.looks)
    request = Request(plan)
    run(request, place, yes=yes, as_json=as_json)
    show_study(plan.study, place)


def _best(
    values: dict[str, tuple[float, ...]], objectives: Sequence[Objective], top: int
) -> tuple[str, ...]:
    """Return the networks to promote: the best by one objective, else the front's first."""
    others = {name: value for name, value in values.items() if name != "t0000"}
    if len(objectives) > 1:
        return front(others, objectives)[:top]
    sign = 1 if objectives[0].direction == "maximize" else -1
    return tuple(sorted(others, key=lambda name: -sign * others[name][0])[:top])


def _state(name: str, store: Path) -> SearchState:
    record = find_record(store, name)
    state = SearchState(record)
    seeds = record.settings.trial_seeds
    arms = tuple(Arm(p.name, "", state.config(p)) for p in state.trained)
    if arms:
        known = look_up(Plan(name, arms, seeds), store)
        state.results = by_arm(
            Plan(name, arms, seeds),
            {(t.arm.name, t.seed): t.result for t in known if t.result is not None},
        )
    return replace(state, results={n: found for n, found in state.results.items() if found})


def _objectives(settings: Settings) -> tuple[Objective, ...]:
    return tuple(Objective(name) for name in settings.objectives)


def _print(state: SearchState, *, as_json: bool) -> None:
    objectives = _objectives(state.record.settings)
    if as_json:
        print_json(plain_search(state, objectives))
    else:
        print_search(state, objectives)
