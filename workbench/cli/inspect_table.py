"""The table of `workbench inspect`, for people."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table

from workbench.cli.console import OUT, billions, heading, millions, note, table

Row = dict[str, Any]

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
    timed = f", CPU time of {rows[0]['cpu_ms']['lr_size']}" if "cpu_ms" in rows[0] else ""
    OUT.print(heading("Cost of one image", f" of {size}{timed}; G: 1e9, M: 1e6"))
    made = table("quantity", *(row["name"] for row in rows))
    _add_counts(made, rows)
    if "cpu_ms" in rows[0]:
        _add_times(made, rows)
    OUT.print(made)
    for row in rows if with_parts else ():
        _print_parts(row, len(rows))
    note(_meaning_of_counts(size, with_parts=with_parts))
    if "cpu_ms" in rows[0]:
        note(_meaning_of_times(rows))


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
        made.add_row("challenge FLOPs G", *(_exact(row["challenge_flops"]) for row in rows))
    made.add_row("activations M", *(millions(row["activations"]) for row in rows))
    made.add_row("convolutions", *(str(row["convolutions"]) for row in rows))
    made.add_row("smallest LR px", *(str(row["smallest_lr_px"]) for row in rows))


def _add_times(made: Table, rows: Sequence[Row]) -> None:
    times = [row["cpu_ms"] for row in rows]
    made.add_row("CPU ms median", *(ms_text(time["median"]) for time in times))
    made.add_row("CPU ms quartiles", *(_interval(time, ms_text) for time in times))
    if len(rows) > 1:
        ratios = [row["cpu_ratio_to"] for row in rows]
        made.add_row(
            f"ratio to {ratios[0]['network']}", *(_ratio(ratio["median"]) for ratio in ratios)
        )
        made.add_row("ratio quartiles", *(_interval(ratio, _ratio) for ratio in ratios))


def _meaning_of_counts(size: str, *, with_parts: bool) -> str:
    text = f"counts at {size} (--lr-size); activations: values in the outputs of all convolutions"
    return text if with_parts else f"{text}; parts of more than {MOST_WITH_PARTS} networks: --parts"


def _meaning_of_times(rows: Sequence[Row]) -> str:
    time = rows[0]["cpu_ms"]
    threads = "1 thread" if time["threads"] == 1 else f"{time['threads']} threads"
    rounds = "1 round" if time["rounds"] == 1 else f"{time['rounds']} rounds"
    text = f"CPU time of one image of {time['lr_size']} LR px, {threads}, {rounds}"
    return f"{text}, interleaved; ratios round by round" if len(rows) > 1 else text


def _exact(count: int) -> str:
    return f"{count / 1e9:.9f}".rstrip("0")


def ms_text(milliseconds: float) -> str:
    """Format three digits or the whole milliseconds: the others are noise."""
    decimals = 0 if milliseconds >= 100 else 1 if milliseconds >= 10 else 2
    return f"{milliseconds:.{decimals}f}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}"


def _interval(measured: Row, text: Callable[[float], str]) -> str:
    return f"[{text(measured['lower_quartile'])}, {text(measured['upper_quartile'])}]"
