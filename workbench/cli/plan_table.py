"""What `workbench plan` prints."""

from workbench.cli.console import OUT, note, print_json, table
from workbench.execution.speed import duration_text
from workbench.experiments.power_plan import SHOWN_SEEDS, DatasetPlan, PowerPlan
from workbench.system.text import counted


def print_plan(plan: PowerPlan, *, as_json: bool) -> None:
    """Print how many seeds each data set needs, and how long the study takes."""
    if as_json:
        print_json(plan.to_dict())
        return
    shown = [f"at {count}" for count in SHOWN_SEEDS]
    made = table("data set", "images", "seed sd", "image sd", "rest sd", "seeds", *shown)
    for one in plan.datasets:
        sds = (one.spreads.seed, one.spreads.image, one.spreads.rest)
        seeds = "-" if one.seeds is None else str(one.seeds)
        powers = [f"{one.powers[count]:.2f}" for count in SHOWN_SEEDS]
        made.add_row(one.dataset, str(one.images), *(f"{sd:.3f}" for sd in sds), seeds, *powers)
    OUT.print(made)
    for one in plan.datasets:
        if one.seeds is None:
            OUT.print(_too_few_images(plan, one), soft_wrap=True)
    run = plan.running
    if run is not None:
        OUT.print(
            f"{plan.seeds} seeds: {counted(run.trials, 'trial')}, {run.to_run} to run: about "
            f"{duration_text(run.seconds)} {run.workers}",
            soft_wrap=True,
        )
    note(_assumptions(plan))


def _too_few_images(plan: PowerPlan, one: DatasetPlan) -> str:
    most, effect = max(SHOWN_SEEDS), f"{plan.spec.effect_db:g} dB"
    return (
        f"{one.dataset}: {counted(one.images, 'image')} cannot show {effect} that often: "
        f"even {most} seeds have a power of {one.powers[most]:.2f}; more images would help"
    )


def _assumptions(plan: PowerPlan) -> str:
    spec = plan.spec
    share = f" / {plan.members}" if plan.members > 1 else ""
    pairs = sorted({one.pairs for one in plan.datasets if one.pairs})
    origin = "as stated"
    if pairs:
        networks = counted(max(pairs), "pair")
        origin = f"of {networks} of networks in the store"
    return (
        f"sd in dB; at N: power with N seeds, the share of simulated studies that call a "
        f"difference of {spec.effect_db:g} dB by its sign\n"
        f"wanted: {spec.power:g} at an error rate of {spec.alpha:g}{share}\n"
        f"spreads {origin}; normal tails"
    )
