"""The table of `workbench inspect`, for people."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from workbench.cli.console import OUT, billions, heading, millions, note, table

if TYPE_CHECKING:
    from workbench.experiments.challenge import ChallengeEntry

Row = dict[str, Any]
_TIMES = {"cpu": "CPU time", "cuda": "CUDA time"}
"""What is measured where."""

MOST_WITH_PARTS = 2
"""Networks whose parts, three shares each, stand side by side in 80 columns with room to read."""


def print_networks(rows: Sequence[Row], *, parts: bool) -> None:
    """Print what each network costs, a column for each, then the shares of its parts.

    Args:
        rows: As `workbench inspect --json` gives them; at least one.
        parts: Also show the parts of more than `MOST_WITH_PARTS` networks.
    """
    with_parts = parts or len(rows) <= MOST_WITH_PARTS
    size = f"{rows[0]['lr_width_px']}x{rows[0]['lr_height_px']} LR px"
    kind = _timed_on(rows[0])
    timed = f", {_TIMES[kind]} of {rows[0][f'{kind}_ms']['lr_size']}" if kind else ""
    OUT.print(heading("Cost of one image", f" of {size}{timed}; G: 1e9, M: 1e6"))
    made = table("quantity", *(row["name"] for row in rows))
    _add_counts(made, rows)
    if kind:
        _add_times(made, rows, kind)
    OUT.print(made)
    for row in rows if with_parts else ():
        _print_parts(row, len(rows))
    note(_meaning_of_counts(size, with_parts=with_parts))
    note(_meaning_of_flops(rows))
    if kind:
        note(_meaning_of_times(rows, kind))


def print_challenge(entries: Sequence["ChallengeEntry"]) -> None:
    """Print the score of each network, a column for each, and what was measured.

    Args:
        entries: Of `experiments.challenge`, the baseline last.
    """
    rules, baseline = entries[0].rules, entries[-1]
    OUT.print()
    OUT.print(heading(f"NTIRE {rules.year} efficient SR", ", lower is better"))
    made = table("quantity", *(entry.network for entry in entries))
    made.add_row("score", *(f"{entry.score.total:.3f}" for entry in entries))
    quartiles = [(entry.score_lower_quartile, entry.score_upper_quartile) for entry in entries]
    made.add_row("score quartiles", *(f"[{low:.3f}, {high:.3f}]" for low, high in quartiles))
    for part, weight in (
        ("runtime", rules.runtime_weight),
        ("flops", rules.flops_weight),
        ("parameters", rules.parameters_weight),
    ):
        label = f"{weight:g} x {'FLOPs' if part == 'flops' else part}"
        values = [weight * getattr(entry.score, part) for entry in entries]
        made.add_row(label, *(f"{value:.3f}" for value in values))
    OUT.print(made)
    note(
        f"measured here: the runtime of an image of {baseline.lr_size} LR px on "
        f"{baseline.device} ({baseline.hardware}), against a {rules.baseline} of the workbench's "
        f"own in the same rounds; "
        f"counted: parameters, and FLOPs by fvcore at {rules.lr_px}x{rules.lr_px} LR px"
    )
    valid, test = rules.least_psnr_db
    note(
        f"quoted from {rules.source}: the formula, and {rules.baseline}'s "
        f"{rules.flops / 1e9:g} G FLOPs and {rules.parameters / 1e6:g} M parameters; not checked: "
        f"the PSNR of {valid:.2f} and {test:.2f} dB that the challenge asks for"
    )


def _print_parts(row: Row, networks: int) -> None:
    """Print the share that each part has of a network's numbers."""
    OUT.print()
    of = f" of {row['name']}" if networks > 1 else ""
    OUT.print(heading("Parts", f"{of}, share in % of the whole network"))
    made = table("part", "parameters %", "multiply-adds %", "activations %")
    for name, part in row["parts"].items():
        counts = ("parameters", "multiply_adds", "activations")
        made.add_row(name, *(f"{100 * part[key] / max(1, row[key]):.1f}" for key in counts))
    OUT.print(made)


def _add_counts(made: Table, rows: Sequence[Row]) -> None:
    made.add_row("network", *(row["network"] for row in rows))
    made.add_row("scale", *(f"x{row['scale']}" for row in rows))
    made.add_row("parameters", *(f"{row['parameters']:,}" for row in rows))
    made.add_row("multiply-adds G", *(billions(row["multiply_adds"]) for row in rows))
    if any(row["challenge_flops"] != row["multiply_adds"] for row in rows):
        made.add_row("FLOPs to 2023 G", *(_exact(row["challenge_flops"]) for row in rows))
    if any(row["fvcore_flops"] is not None for row in rows):
        made.add_row("FLOPs fvcore G", *(_exact(row["fvcore_flops"]) for row in rows))
    made.add_row("activations M", *(millions(row["activations"]) for row in rows))
    made.add_row("convolutions", *(str(row["convolutions"]) for row in rows))
    made.add_row("smallest LR px", *(str(row["smallest_lr_px"]) for row in rows))


def _add_times(made: Table, rows: Sequence[Row], kind: str) -> None:
    times = [row[f"{kind}_ms"] for row in rows]
    made.add_row(f"{kind.upper()} ms median", *(ms_text(time["median"]) for time in times))
    made.add_row(f"{kind.upper()} ms quartiles", *(_interval(time, ms_text) for time in times))
    if len(rows) > 1:
        ratios = [row[f"{kind}_ratio_to"] for row in rows]
        made.add_row(
            f"ratio to {ratios[0]['network']}", *(_ratio(ratio["median"]) for ratio in ratios)
        )
        made.add_row("ratio quartiles", *(_interval(ratio, _ratio) for ratio in ratios))


def _meaning_of_counts(size: str, *, with_parts: bool) -> str:
    text = f"counts at {size} (--lr-size); activations: values in the outputs of all convolutions"
    return text if with_parts else f"{text}; parts of more than {MOST_WITH_PARTS} networks: --parts"


def _meaning_of_flops(rows: Sequence[Row]) -> str:
    """Say what each count leaves out."""
    older = any(row["challenge_flops"] != row["multiply_adds"] for row in rows)
    parts = ["multiply-adds: all convolutions and matrix products, nothing else"]
    if older:
        parts.append(
            "FLOPs to 2023: the NTIRE challenge's first counter, which leaves out most matrix "
            "products and adds ReLUs"
        )
    if any(row["fvcore_flops"] is not None for row in rows):
        parts.append(
            "FLOPs fvcore: the challenge's since 2024, which leaves out activations and most "
            "pooling and adds interpolation"
        )
    else:
        parts.append("fvcore counts up to 512x512 LR px")
    return "; ".join(parts)


def _timed_on(row: Row) -> str:
    """Return `cpu` or `cuda`; nothing if no time was measured."""
    return next((kind for kind in _TIMES if f"{kind}_ms" in row), "")


def _meaning_of_times(rows: Sequence[Row], kind: str) -> str:
    time = rows[0][f"{kind}_ms"]
    threads = "1 thread" if time["threads"] == 1 else f"{time['threads']} threads"
    rounds = "1 round" if time["rounds"] == 1 else f"{time['rounds']} rounds"
    text = f"{_TIMES[kind]} of one image of {time['lr_size']} LR px, {threads}, {rounds}"
    return f"{text}, interleaved; ratios round by round" if len(rows) > 1 else text


def _exact(count: int | None) -> str:
    if count is None:
        return "-"
    return f"{count / 1e9:.9f}".rstrip("0")


def ms_text(milliseconds: float) -> str:
    """Format three digits or the whole milliseconds: the others are noise."""
    decimals = 0 if milliseconds >= 100 else 1 if milliseconds >= 10 else 2
    return f"{milliseconds:.{decimals}f}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}"


def _interval(measured: Row, text: Callable[[float], str]) -> str:
    return f"[{text(measured['lower_quartile'])}, {text(measured['upper_quartile'])}]"
