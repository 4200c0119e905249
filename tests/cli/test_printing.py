"""Names of any kind are printed as they are: no markup, no control codes, any encoding."""

import ast
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.progress import TextColumn
from rich.text import Text

from tests.builders.comparisons import COST, ENVIRONMENT, diverged, scored
from tests.builders.searches import Fake, run, settings
from workbench.analysis.comparison import Comparison, compare
from workbench.analysis.networks import tabulate
from workbench.cli import comparison_table, console, evaluate_table, path_table, search_table
from workbench.cli.console import OUT, heading, note, table
from workbench.reporting.exports import FORMATS, export
from workbench.reporting.prints import effects
from workbench.results import TrialResult, WeightsRecord
from workbench.search.record import RungResult
from workbench.statistics.effects import Effect

PACKAGE = Path(console.__file__).parent.parent
MARKUP = re.compile(r"\[/?(bold|dim|italic|red|green|yellow|blue|cyan|magenta)\b[^\]]*\]|\[/\]")
SET, ARM, BASE = "[/b]", "[red]x", "[bold]:smile: <script>"


def results(name: str, db: float) -> list[TrialResult]:
    return [scored(f"{name}{s}", s, {SET: [db + s, db + 2 + s]}) for s in (1, 2, 3)]


@pytest.fixture
def comparison() -> Comparison:
    arms = {BASE: results("b", 30.0), ARM: results("v", 31.0), "[x]": [diverged("nan", 1)]}
    effect = Effect("[/i]e", {BASE: -1.0, ARM: 1.0}, "[/]?")
    return compare(arms, {ARM: "[/b]?"}, effects=[effect])


def test_no_text_of_the_package_is_markup() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if MARKUP.search(node.value):
                    found.append(f"{path.name}:{node.lineno}: {node.value[:40]!r}")
            elif isinstance(node, ast.Call):
                found += _that_reads_markup(node, path.name)
    assert found == []


def _that_reads_markup(call: ast.Call, file: str) -> list[str]:
    """Name a call that makes rich interpret markup, or a console of its own."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    given = {k.arg: getattr(k.value, "value", None) for k in call.keywords}
    bad = (
        (name == "Console" and file != "console.py")
        or name in ("from_markup", "render_markup", "Prompt", "Confirm")
        or (name == "TextColumn" and given.get("markup") is not False)
        or given.get("markup") is True
    )
    return [f"{file}:{call.lineno}: {name}"] if bad else []


def test_a_comparison_shows_names_as_they_are(
    comparison: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison_table.print_comparison(comparison)
    path_table.print_path(
        compare({BASE: results("b", 30.0), ARM: results("v", 31.0), "t": results("v", 31.0)}, {}),
        ["[/x]"],
        "[/total]",
    )
    printed = capsys.readouterr()
    for name in (SET, ARM, BASE, "[x]", "[/i]e", "+[/x]", "[/total]"):
        assert name in printed.out.replace("\n", ""), name
    assert f"\n{SET}: 2 images, x4" in printed.out


def test_networks_show_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        WeightsRecord(
            name=name,
            file=name,
            origin="[/origin]",
            weights_hash="",
            cost=COST,
            scores=results("w", 30.0)[0].scores,
            environment=ENVIRONMENT,
            finished_s=0.0,
        )
        for name in ("[/n1]", "[red]n2")
    ]
    for count in (1, 2):
        networks = tabulate([(r, "rgb") for r in records[:count]], "rgb")
        evaluate_table.print_scores(networks, per_image=True, as_json=False)
    printed = capsys.readouterr()
    for name in (SET, "[/n1]", "[red]n2", "[/origin]", f"{SET}/0"):
        assert name in printed.out + printed.err, name


def test_a_search_shows_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    state = run(settings(), 2, Fake())
    ended = RungResult(
        batch=0, rung=0, values={}, failures={state.trained[1].name: "[/out] of memory"}
    )
    state.record = state.record.with_events([ended])
    search_table.print_search(state)
    assert "[/out]" in capsys.readouterr().out


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_documents_show_names_as_they_are(comparison: Comparison, form: str) -> None:
    content = export(comparison, next(known for known in FORMATS if known == form))
    if form == "csv":
        assert ARM in content.decode()
    elif form == "markdown":
        text = content.decode()
        assert r"\[red\]x" in text
        assert "<script>" not in text
        assert len({line.replace(r"\|", "").count("|") for line in text.splitlines()[2:6]}) == 1
    elif form == "latex":
        # A row that begins with [ would be an argument of the \\ above it.
        assert not re.search(r"^\[", content.decode(), re.MULTILINE)
        assert "\n{}[red]x & " in content.decode()


def test_latex_specials_are_escaped() -> None:
    name = r"\x{y}%$#&_~^"
    text = export(compare({name: results("b", 30.0)}, {}), "latex").decode()
    escaped = r"\textbackslash{}x\{y\}\%\$\#\&\_\textasciitilde{}\textasciicircum{}"
    assert escaped in text
    assert text.count("{") == text.count("}")


def test_csv_cells_are_no_formulas() -> None:
    text = export(compare({"=cmd|' /C calc'!A0": results("b", 30.0)}, {}), "csv").decode()
    assert "'=cmd|' /C calc'!A0" in text
    assert not re.search(r"(^|,)\"?[=@+]", text, re.MULTILINE)


def test_figures_take_dollar_signs_for_dollar_signs() -> None:
    arms = {r"$\foo$": results("b", 30.0), r"$\frac$": results("v", 31.0)}
    assert rb"$\frac$" in effects(compare(arms, {}), "svg")


@pytest.mark.parametrize(
    "show",
    [
        lambda text: OUT.print(text),
        lambda text: OUT.print(Text(text, style="red")),
        lambda text: OUT.print(heading(text, ": rest")),
        lambda text: OUT.print(_row(text)),
        lambda text: OUT.print(TextColumn("{task}", markup=False).render(text)),
        note,
    ],
)
def test_no_control_character_of_a_name_reaches_the_terminal(
    show: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    show("a\x1b[2J\u202eb\udcffc")
    printed = "".join(capsys.readouterr())
    assert r"a\x1b[2J\u202eb\udcffc" in printed
    assert "\x1b" not in printed


def _row(text: str) -> object:
    made = table(text, "number")
    made.add_row(text, text)
    return made


def test_tables_are_straight_where_characters_are_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    made = table("variant", "PSNR")
    made.add_row("é → b", "27.0 ± 0.2")
    made.add_row("x", "7.0 ± 0.2")
    OUT.print(made)
    stream.seek(0)
    assert [line.rstrip() for line in stream.read().splitlines()] == [
        "variant         PSNR",
        "e -> b   27.0 +- 0.2",
        "x         7.0 +- 0.2",
    ]
