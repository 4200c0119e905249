"""The page of what has a name: presets, recipes, variants and search spaces."""

from collections.abc import Iterator, Sequence

from tools.docs_site.pages import Page, prose
from workbench.ablation.cost_table import known_cost
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.training import TrainingConfig
from workbench.experiments.spaces import list_spaces
from workbench.experiments.variants import list_variants
from workbench.results import Cost

PATH = "shipped.md"
_INTRODUCTION = """\
# Presets, recipes, variants, spaces

What the workbench ships under a name. Costs are those of one image of 256 x 256 LR px."""
_COSTS = ("parameters", "multiply-adds G", "activations M")


def shipped_page() -> Page:
    """Return the page; a file that is added to the repository is on it."""
    presets = [(f"`{name}`", *_cost(known_cost(config))) for name, config in PRESETS.items()]
    recipes = [row for name, recipe in RECIPES.items() for row in _stages(name, recipe)]
    variants = [
        (f"`{one.name}`", *_cost(one.cost), prose(one.question)) for one in list_variants()[1:]
    ]
    spaces = [
        (f"`{one.name}`", _count(one.combinations), prose(one.space.question))
        for one in list_spaces()
    ]
    lines = [_INTRODUCTION]
    lines += ["", "## Presets", "", "Networks: `--base`, `--preset`, `wb.preset`.", ""]
    lines += _table(("preset", *_COSTS), presets)
    lines += ["", "## Recipes", "", "Trainings: `--recipe`; `--steps` scales them.", ""]
    lines += _table(("recipe", "steps", "batch", "HR patch px", "loss", "learning rate"), recipes)
    lines += ["", "## Variants", "", "Changes of MDRN-S: `--variant`, `wb.variant`.", ""]
    lines += _table(("variant", *_COSTS, "question"), variants)
    lines += ["", "## Search spaces", "", "`workbench search SPACE`; `A+B` joins two of them.", ""]
    lines += _table(("space", "combinations", "question"), spaces)
    return Page(PATH, "Presets, recipes, variants, spaces", "\n".join(lines) + "\n")


def _count(combinations: int | None) -> str:
    return "no end to them" if combinations is None else f"{combinations:,}"


def _cost(cost: Cost | None) -> tuple[str, str, str]:
    assert cost is not None, "`make costs` counts every shipped network"
    giga, mega = cost.multiply_adds / 1e9, cost.activations / 1e6
    return f"{cost.parameters:,}", f"{giga:.4f}", f"{mega:.2f}"


def _stages(name: str, recipe: TrainingConfig) -> Iterator[tuple[str, ...]]:
    for number, stage in enumerate(recipe.stages):
        yield (
            f"`{name}`" if number == 0 else "",
            f"{stage.steps:,}",
            str(stage.batch_size),
            str(stage.hr_patch_px),
            stage.loss,
            f"{stage.learning_rate:g}",
        )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table whose columns of numbers are aligned to the right."""
    last = rows[-1]
    numbers = [cell.replace(",", "").replace(".", "").isdigit() for cell in last]
    rule = ["---:" if is_number else "---" for is_number in numbers]
    return ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]
