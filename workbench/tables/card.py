"""The data card of a table, README.md: what it holds, how it was made, what it does not show."""

import time
from collections.abc import Iterable, Sequence

from workbench.config.training import StageConfig
from workbench.config.trial import TrialConfig
from workbench.results import TrialState
from workbench.system.text import counted, markdown
from workbench.tables.card_columns import column_lines
from workbench.tables.header import benchmarks_of, environments_of
from workbench.tables.limits import limit_lines
from workbench.tables.table import TrialTable

FILE = "README.md"
_HASH_LETTERS = 16
"""Of the content hash of a set of images."""


def card(table: TrialTable) -> str:
    """Return the data card of a table with at least one trial, Markdown."""
    parts = (
        _head(table),
        ["## Load it", "", *_loading()],
        ["## How the networks were trained", "", *_training(table)],
        ["## Images", "", *_images(table)],
        ["## Hardware, software, dates", "", *_environments(table)],
        ["## What it does not show", "", *(f"- {line}" for line in limit_lines(table))],
        ["## Files and columns", "", *column_lines(table)],
    )
    return "\n".join(line for part in parts for line in (*part, ""))


def _head(table: TrialTable) -> list[str]:
    seeds = sorted({result.config.seed for result in table.results})
    diverged = sum(result.state is TrialState.DIVERGED for result in table.results)
    more = f" {counted(diverged, 'trial')} diverged and has no scores." if diverged else ""
    space = f" Search space: {markdown(table.space_name)}." if table.space_name else ""
    return [
        f"# {markdown(table.name)}",
        "",
        f"{counted(len(table.networks), 'network')} for super-resolution x"
        f"{table.results[0].config.model.scale}, trained from {counted(len(seeds), 'seed')} "
        f"({', '.join(map(str, seeds))}): {counted(len(table.results), 'trial')} with learning "
        f"curves, scores of each image, costs and times.{more}{space}",
        "",
        f"From {_listed(table.studies, 'the study', 'the studies')}. MDRN Workbench writes this "
        "file anew whenever the table grows.",
    ]


def _loading() -> list[str]:
    return [
        "```python",
        "import workbench as wb",
        "",
        'table = wb.table("this folder")',
        "table.to_frame()  # a row a trial",
        "```",
        "",
        "Without the workbench: `pandas.read_parquet` reads each file; `key` joins them.",
    ]


def _training(table: TrialTable) -> list[str]:
    config = table.results[0].config
    recipe = config.training
    lines = [] if config.evidence == "retrained" else [f"- evidence: {config.evidence}"]
    lines += [f"- stage {n}: {_stage(one)}" for n, one in enumerate(recipe.stages, start=1)]
    ema = f"moving average of the weights with decay {recipe.ema_decay:g}, which is scored"
    return [
        *lines,
        f"- Adam, betas {recipe.adam_betas[0]:g} and {recipe.adam_betas[1]:g}; {ema}",
        f"- {recipe.precision}, {recipe.device}, {counted(recipe.threads, 'thread')}; scored on "
        f"the validation images every {recipe.validate_every:,} steps",
        "- equal seeds have equal crops in equal order, and equal initial weights of the modules "
        "that networks have in common",
    ]


def _stage(stage: StageConfig) -> str:
    halved = ", ".join(f"{step:,}" for step in stage.milestones)
    rate = f"learning rate {stage.learning_rate:g}" + (f", halved at {halved}" if halved else "")
    return (
        f"{stage.steps:,} steps, batches of {stage.batch_size} HR patches of {stage.hr_patch_px} x "
        f"{stage.hr_patch_px} px, {stage.loss} loss, {rate}"
    )


def _images(table: TrialTable) -> list[str]:
    config = table.results[0].config
    rows = [("training", source.name, config.data.degradation) for source in config.data.training]
    rows.append(("validation", config.data.validation.name, config.data.degradation))
    lines = ["| use | images | LR | content hash |", "|---|---|---|---|"]
    lines += [_images_row(table, *row) for row in (*rows, *_benchmark_rows(table, config))]
    return [*lines, "", _licence(table), "", *_protocols(table)]


def _benchmark_rows(table: TrialTable, config: TrialConfig) -> list[tuple[str, str, str]]:
    origins = {one.dataset: one.protocol.lr_origin for one in benchmarks_of(table.results)}
    return [
        ("benchmark", source.name, origins.get(source.name, config.evaluation.degradation))
        for source in config.evaluation.benchmarks
    ]


def _images_row(table: TrialTable, use: str, name: str, origin: str) -> str:
    digest = table.images.get(f"{use} {name}", "")[:_HASH_LETTERS]
    return f"| {use} | {markdown(name)} | {markdown(origin)} | {digest or 'not known'} |"


def _licence(table: TrialTable) -> str:
    stated = markdown(table.licence) if table.licence else "not stated"
    return (
        f"Licence of the images, as stated by the author of the table: {stated}. The table holds "
        "scores and no image."
    )


def _protocols(table: TrialTable) -> list[str]:
    lines = []
    for one in benchmarks_of(table.results):
        bicubic = f"; bicubic {one.bicubic.psnr_rgb_db:.3f} dB in RGB" if one.bicubic else ""
        lines.append(f"- {markdown(one.dataset)}: {markdown(one.protocol.describe())}{bicubic}")
    return lines


def _environments(table: TrialTable) -> list[str]:
    first = min(result.started_s for result in table.results)
    last = max(result.finished_s for result in table.results)
    hours = sum(result.training_s + result.evaluation_s for result in table.results) / 3600
    lines = [f"- {text}" for text in dict.fromkeys(_environment_texts(table))]
    return [
        *lines,
        f"- trained from {_day(first)} to {_day(last)} (UTC), {hours:,.1f} hours of training and "
        "scoring in all",
    ]


def _environment_texts(table: TrialTable) -> Iterable[str]:
    for one in environments_of(table.results):
        torch = one.packages.get("torch", "of an unknown version")
        ours = one.packages.get("mdrn-workbench", "of an unknown version")
        changed = " with uncommitted changes" if one.git_dirty_diff else ""
        commit = f", commit {one.git_commit[:12]}{changed}" if one.git_commit else ""
        version = one.results_version or "of 0.1.0"
        yield (
            f"{markdown(one.hardware)}; Python {one.python}, PyTorch {torch}, MDRN Workbench {ours}"
            f"{commit}, results version {version}"
        )


def _day(unix_s: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(unix_s))


def _listed(names: Sequence[str], one: str, several: str) -> str:
    shown = ", ".join(map(markdown, names)) or "no study that is named"
    return f"{one if len(names) == 1 else several} {shown}" if names else shown
