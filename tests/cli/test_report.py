"""`workbench report`: a study again, from the ledger, without torch."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.declarations import declare_again
from tests.cli.conftest import Command, study_command


def test_a_study_is_reported_in_every_format(
    command: Command, photos: Path, finished: Path, tmp_path: Path
) -> None:
    printed = command(*study_command(photos)).out  # nothing is left to train
    again = command("report")
    assert again.out == printed
    # The ledger knows it; the images are not needed.
    trained_on = "TRAINED ON 4 of these images and 4 validation images"
    assert trained_on in " ".join(printed.split())
    assert "study mine, declared " in again.err
    plain = command("report", "mine", "--format", "json").json()
    assert [arm["name"] for arm in plain["arms"]] == ["tiny", "no-lvar"]
    for form, start in (("csv", "kind,variant,against,dataset"), ("latex", r"\begin{table}")):
        ended = command("report", "mine", "--format", form, "--out", f"x.{form}")
        assert (ended.code, ended.out) == (0, "")
        assert (tmp_path / f"x.{form}").read_text().startswith(start)
        assert trained_on in (tmp_path / f"x.{form}").read_text()
    assert "<svg" in command("report", "--format", "svg").out
    assert command("report", "--format", "markdown").out.startswith("**Photos**")

    assert command("report", "--format", "html", "--out", "page.html").code == 0
    html = (tmp_path / "page.html").read_text()
    assert "default-src 'none'" in html
    assert html.count("<figure") == html.count("<figcaption>")
    # Forest plot, costs, learning curves, differences over training.
    assert html.count('<figure role="group"') == 4
    headings = re.findall(r"<h([123])[^>]*>(.+?)</h\1>", html)
    assert [re.sub("<[^>]+>", "", heading) for _, heading in headings] == [
        *("Does local variance (L-var) help at all?", "Answers", "Photos"),
        *("Quality and cost: Photos", "Image by image: Photos", "Image crops", "Crops: Photos"),
        *("Learning curves", "Differences over training", "Reproduce"),
    ]
    assert not re.search(r'<(script|link|img)[^>]+(src|href)="(?!data:)', html)
    assert trained_on in html
    assert "spatial_attention:" in html

    code = "import sys; sys.argv[1:] = ['report']; from workbench.cli.main import main\n"
    code += "try:\n    main()\nfinally:\n    print('torch' in sys.modules, file=sys.stderr)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert run.returncode == 0
    assert run.stderr.splitlines()[-1] == "False"


def test_each_declaration_of_a_study_is_reported(command: Command, finished: Path) -> None:
    declare_again(finished, "mine", margin_db=0.5)
    for number, margin_db in (("1", 0.02), ("2", 0.5)):
        ended = command("report", "mine", "--declaration", number, "--format", "json")
        assert ended.code == 0, ended.err
        assert f"study mine, declaration {number} of 2, declared " in ended.err
        assert ended.json()["margin_db"] == margin_db
        said = " ".join(ended.err.split())
        change = "(2 plans were declared in this study): margin 0.5 dB in place of 0.02 dB"
        assert (change in said) == (number == "2")
        known = "4 of 4 trials were finished before this family was declared"
        assert (known in said) == (number == "2")
    assert "study mine, declaration 2 of 2, declared " in command("report", "mine").err
    missing = command("report", "mine", "--declaration", "3")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == "error: study 'mine' has no declaration 3; valid: 1..2\n"


def test_trials_that_are_missing_are_counted(command: Command, finished: Path) -> None:
    study = json.loads((finished / "studies" / "mine.json").read_text())
    key = study["declarations"][0]["keys"]["no-lvar"][1]
    (finished / "trials" / key / "result.json").unlink()
    ended = command("report", "mine")
    assert "1 trial of it is not finished" in ended.err
    assert "not testable" in ended.out


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ([], "mlflow_runs holds no study; `workbench ablate` makes one"),
        (["x"], "unknown study 'x' in mlflow_runs; there are none"),
        (["--format", "pdf"], "'pdf' is not one of"),
        (["--format", "png"], "--format png needs --out FILE"),
        (["--format", "parquet"], "--format parquet needs --out FILE"),
        (["--out", "x.txt"], "--out needs a --format other than table"),
        (["--over-training", "--out", "x.txt"], "--out needs a --format other than table"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(command: Command, argv: list[str], reason: str) -> None:
    ended = command("report", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
