"""`workbench variants`: every variant with its question and cost."""

from typing import TYPE_CHECKING, Any

from workbench.cli.options import JsonOption, PresetOption
from workbench.experiments.defaults import DEFAULT_BASE

if TYPE_CHECKING:
    from workbench.experiments.variants import ListedVariant


def variants(base: PresetOption = DEFAULT_BASE, as_json: JsonOption = False) -> None:
    """List all variants with the question each answers and what it costs.

    Example:
        workbench variants --base mdrn-s
    """
    from workbench.cli.console import OUT, note, print_json, table
    from workbench.cli.terminal import emit
    from workbench.experiments.variants import list_variants

    rows = list_variants(base, emit)
    if as_json:
        print_json([_json(row) for row in rows])
        return
    made = table("variant", "parameters", "multiply-\nadds G", "activa-\ntions M", "question")
    made.columns[-1].justify = "left"
    for row in rows:
        made.add_row(row.name, *_cost_cells(row), _remark(row))
    OUT.print(made)
    note("at 256x256 LR px; use them with `workbench ablate --variant NAME`")


def _json(row: "ListedVariant") -> dict[str, Any]:
    named = {"name": row.name, "question": row.question}
    return named | ({"refused": row.refused} if row.cost is None else row.cost.plain())


def _remark(row: "ListedVariant") -> str:
    """Return the question, or why it means nothing on this baseline, without the file's place."""
    return f"refused: {row.refused.partition(': ')[2]}" if row.refused else row.question


def _cost_cells(row: "ListedVariant") -> list[str]:
    from workbench.cli.console import billions, millions

    if row.cost is None:
        return ["-", "-", "-"]
    cost = row.cost
    return [f"{cost.parameters:,}", billions(cost.multiply_adds), millions(cost.activations)]
