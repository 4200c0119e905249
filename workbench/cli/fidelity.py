"""`workbench fidelity`: how well short trainings predict the ranks of long ones."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.help import OUTPUT, WHAT
from workbench.cli.options import JsonOption, StoreOption
from workbench.cli.proxy_options import CropsOption, proxy_spec
from workbench.experiments.defaults import DEFAULT_STORE

StudiesArgument = Annotated[
    list[str], typer.Argument(metavar="STUDY", help="Names of studies, or folders of tables.")
]
DatasetOption = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="Rank the ends by PSNR on this benchmark; by default on the validation images.",
        rich_help_panel=WHAT,
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="STUDY",
        help="The study whose end is to be predicted; by default the longest training.",
        rich_help_panel=WHAT,
    ),
]
ProxiesOption = Annotated[
    bool,
    typer.Option(
        "--proxies",
        help="Also compute proxies of the initial weights of the target's networks.",
        rich_help_panel=WHAT,
    ),
]
FigureOption = Annotated[
    Path | None,
    typer.Option(
        "--figure",
        metavar="FILE",
        help="Draw tau by length, of proxies, and between all levels, into a .png or .svg file.",
        rich_help_panel=OUTPUT,
    ),
]


def fidelity(
    studies: StudiesArgument,
    dataset: DatasetOption = None,
    target: TargetOption = None,
    proxies: ProxiesOption = False,
    data: CropsOption = None,
    figure: FigureOption = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Say how well short trainings, or cheap kinds of evidence, predict the ranks of long ones.

    Compared are points of learning curves and ends of trainings, of the networks that studies have
    in common, and proxies, which need no training: costs and scores of initial weights. Nothing is
    trained. Fewer than some thirty networks say little.

    Example:
        workbench fidelity no-lvar-vs-mdrn-s_smoke_embedded --figure fidelity.svg
        workbench fidelity no-lvar-vs-mdrn-s_smoke_embedded --proxies
    """
    # numpy, which --help does not need
    from workbench.cli.console import note, print_json
    from workbench.cli.fidelity_table import print_fidelity
    from workbench.cli.terminal import emit
    from workbench.experiments.fidelity import check_figure, draw_fidelity, study_fidelity
    from workbench.reporting.fidelity_texts import to_dict

    if figure is not None:
        check_figure(figure)
    spec = proxy_spec(data, wanted=proxies)
    table = study_fidelity(studies, store, dataset=dataset, target=target, proxies=spec, emit=emit)
    if as_json:
        print_json(to_dict(table))
    else:
        print_fidelity(table)
    if figure is not None:
        draw_fidelity(table, figure)
        note(f"figure written to {figure}")
