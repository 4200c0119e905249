"""What `search` takes from here until it calls `experiments` itself."""

from workbench.cli.ablate_report import print_outcome
from workbench.cli.terminal import emit
from workbench.execution.plan import Plan
from workbench.experiments import packing
from workbench.experiments.ablation import run_study
from workbench.experiments.run_context import RunContext
from workbench.experiments.study_plan import PlannedStudy

Place = RunContext


def pack(plan: Plan, place: RunContext) -> None:
    """See `experiments.packing.pack`."""
    packing.pack(plan, place, emit)


def run(study: PlannedStudy, place: RunContext, *, yes: bool, as_json: bool) -> None:
    """Run what is not finished, and print the comparison."""
    from dataclasses import replace

    from workbench.cli.console import confirmed

    context = place if yes else replace(place, confirm=confirmed)
    print_outcome(run_study(study, context, emit), context, as_json=as_json)
