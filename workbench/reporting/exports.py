"""A comparison as CSV, Parquet, Markdown or LaTeX. No torch."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from workbench.analysis.comparison import ArmRow, Comparison, EffectRow
from workbench.analysis.judging import Difference
from workbench.reporting.baseline import BICUBIC
from workbench.reporting.export_texts import to_latex, to_markdown
from workbench.reporting.json_data import difference_to_dict
from workbench.results import SCORE_NAMES
from workbench.system.text import csv_cell

Format = Literal["csv", "parquet", "markdown", "latex"]

DELTA = (
    *("mean", "low", "high", "verdict", "p", "p_holm", "p_equivalence_holm", "p_sign_flip"),
    "tested",
    *("seed_sd", "image_sd", "median", "win_rate", "further_seeds"),
)
COSTS = ("parameters", "multiply_adds", "activations", "convolutions")


def export(comparison: Comparison, form: Format) -> bytes:
    """Return a comparison as the content of a file of one format."""
    return FORMATS[form](comparison)


def frame(comparison: Comparison) -> Any:
    """Return a `pandas.DataFrame` with a row for each arm or effect and data set, units in names.

    An effect over several arms has no scores of its own; its costs are what it adds. Bicubic is a
    row of each data set, of the kind `baseline`; nothing that costs count is in it. The last
    column, `question`, is the study's, the same in every row.
    """
    import pandas as pd

    rows = [
        *(
            _arm_figures(comparison, row, dataset)
            for dataset in comparison.protocols
            for row in comparison.rows
            if dataset in row.datasets
        ),
        *(
            _effect_figures(comparison, row, dataset)
            for dataset in comparison.protocols
            for row in comparison.effects
            if dataset in row.datasets
        ),
        *(_bicubic_figures(comparison, dataset) for dataset in comparison.bicubic),
    ]
    found = pd.DataFrame(rows).assign(question=comparison.question)
    # Empty cells of a whole number's column would turn the others into 3.0.
    whole = [*COSTS[2:], "seeds", "steps", "images", "delta_psnr_rgb_db_further_seeds"]
    return found.astype(dict.fromkeys(whole, "Int64"))


def to_csv(comparison: Comparison) -> bytes:
    """Return one line for each arm or effect and data set, with every figure."""
    return _csv(frame(comparison))


def to_parquet(comparison: Comparison) -> bytes:
    """Return the same table as Parquet, with its types."""
    return _parquet(frame(comparison))


def rows_as(rows: Sequence[Mapping[str, Any]], form: Literal["csv", "parquet"]) -> bytes:
    """Return rows of one kind, at least one, as the content of a file."""
    import pandas as pd

    found = pd.DataFrame(rows)
    return _csv(found) if form == "csv" else _parquet(found)


def _csv(found: Any) -> bytes:
    for column in found.select_dtypes(exclude="number"):
        found[column] = found[column].map(lambda v: csv_cell(v) if isinstance(v, str) else v)
    text: str = found.to_csv(index=False, lineterminator="\n")
    return text.encode()


def _parquet(found: Any) -> bytes:
    content = io.BytesIO()
    found.to_parquet(content, index=False)
    return content.getvalue()


FORMATS: dict[Format, Callable[[Comparison], bytes]] = {
    "csv": to_csv,
    "parquet": to_parquet,
    "markdown": to_markdown,
    "latex": to_latex,
}


def _arm_figures(comparison: Comparison, row: ArmRow, dataset: str) -> dict[str, Any]:
    score = row.datasets[dataset]
    spreads = {
        name: figure
        for metric in SCORE_NAMES
        for name, figure in (
            (metric, score.scores[metric].mean),
            (f"{metric}_seed_sd", score.scores[metric].seed_sd),
        )
    }
    return {
        "kind": "arm",
        "variant": row.name,
        "against": row.against,
        "dataset": dataset,
        "protocol": comparison.protocols[dataset].describe(),
        **_evidence(comparison),
        "seeds": len(row.seeds),
        "images": len(score.difference.images) if score.difference else None,
        **{name: getattr(row.cost, name) for name in COSTS},
        **spreads,
        **_delta(score.difference),
    }


def _effect_figures(comparison: Comparison, row: EffectRow, dataset: str) -> dict[str, Any]:
    difference = row.datasets[dataset]
    return {
        "kind": "effect",
        "variant": row.name,
        "against": "",
        "dataset": dataset,
        "protocol": comparison.protocols[dataset].describe(),
        **_evidence(comparison),
        "seeds": len(difference.seeds),
        "images": len(difference.images),
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        **_delta(difference),
    }


def _bicubic_figures(comparison: Comparison, dataset: str) -> dict[str, Any]:
    return {
        "kind": "baseline",
        "variant": BICUBIC,
        "against": "",
        "dataset": dataset,
        "protocol": comparison.protocols[dataset].describe(),
        **_evidence(comparison),
        **dict.fromkeys(COSTS, 0),
        **comparison.bicubic[dataset].plain(),
        **_delta(None),
    }


def _evidence(comparison: Comparison) -> dict[str, Any]:
    steps = comparison.steps
    return {
        "evidence": comparison.evidence,
        "steps": steps[0] if len(steps) == 1 else None,
        "pretrained": comparison.pretrained,
    }


def _delta(difference: Difference | None) -> dict[str, Any]:
    plain = difference_to_dict(difference) if difference else {}
    return {f"delta_psnr_rgb_db_{name}": plain.get(name) for name in DELTA}
