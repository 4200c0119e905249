"""Options of `workbench ablate` alone."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.ablation.designs import Design
from workbench.cli.help import EXECUTION, OUTPUT, STATISTICS, WHAT
from workbench.config.bounds import MOST_TRIALS
from workbench.experiments.defaults import DEFAULT_BASE, DEFAULT_BUDGET
from workbench.statistics.decision_rule import ErrorRateScope

BaseOption = Annotated[
    str | None,
    typer.Option(
        metavar="PRESET",
        help="Baseline preset, or package.module:Class, a network of your own.",
        show_default=DEFAULT_BASE,
        rich_help_panel=WHAT,
    ),
]
PathOption = Annotated[
    str | None,
    typer.Option(
        metavar="PRESET:PRESET",
        help="Path from one network to another, one component at a time.",
        rich_help_panel=WHAT,
    ),
]
OrderOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,...",
        help="Components of --path that come first, in this order.",
        rich_help_panel=WHAT,
    ),
]
ShapleyOption = Annotated[
    bool,
    typer.Option(
        "--shapley",
        help="Average the contribution of each component of --path over orders (Shapley value).",
        rich_help_panel=WHAT,
    ),
]
BudgetOption = Annotated[
    int | None,
    typer.Option(
        metavar="TRIALS",
        min=1,
        max=MOST_TRIALS,
        help="Most trials of --shapley, finished ones included.",
        show_default=str(DEFAULT_BUDGET),
        rich_help_panel=WHAT,
    ),
]
ErrorRateOption = Annotated[
    ErrorRateScope,
    typer.Option(
        "--error-rate",
        metavar="SCOPE",
        help="What --alpha holds for: the verdicts of each data set (dataset), or all (study).",
        rich_help_panel=STATISTICS,
    ),
]
FactorOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE,...",
        help="A field and its values, such as model.channels=20,24; repeatable.",
        rich_help_panel=WHAT,
    ),
]
DesignOption = Annotated[
    Design | None,
    typer.Option(
        metavar="NAME",
        help="Design: leave-one-out, add-one-in, one-factor, factorial or fractional-factorial.",
        show_default="leave-one-out",
        rich_help_panel=WHAT,
    ),
]
MatchOption = Annotated[
    Literal["parameters"] | None,
    typer.Option(
        metavar="parameters",
        help="Compare also with baselines scaled to each variant's number of parameters.",
        rich_help_panel=WHAT,
    ),
]
RetuneOption = Annotated[
    Literal["learning-rate"] | None,
    typer.Option(
        metavar="learning-rate",
        help="Tune it for each network first, each with the same small budget.",
        rich_help_panel=WHAT,
    ),
]
PlanOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="YAML file that defines the study, in place of these options. How many seeds it "
        "needs is said by `workbench plan`.",
        rich_help_panel=WHAT,
    ),
]
SeedsOption = Annotated[
    str | None,
    typer.Option(
        metavar="SEEDS",
        help="A count, a list such as 1,5,9, or 3..10 to add seeds, up to 10, for what is "
        "undecided. All networks share the seeds.",
        show_default="3",
        rich_help_panel=STATISTICS,
    ),
]
RetryOption = Annotated[
    Literal["failed"] | None,
    typer.Option(
        metavar="failed",
        help="As in search; ablate always reruns what failed.",
        rich_help_panel=EXECUTION,
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="WEIGHTS",
        help="Start from trained weights: a weights file, or a trial by 6 or more letters of its "
        "key. Nothing is trained: a lesion study, which says what these weights use.",
        rich_help_panel=WHAT,
    ),
]
HealOption = Annotated[
    str | None,
    typer.Option(
        metavar="RECIPE",
        help="With --from: baseline and variants train on from the weights with this recipe.",
        rich_help_panel=WHAT,
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Print what would run, and run nothing.", rich_help_panel=OUTPUT
    ),
]
