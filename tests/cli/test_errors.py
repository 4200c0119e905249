"""What the user gets wrong is one line on stderr that says what to do, and nothing is trained."""

import os
import signal
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.refusals import refusal
from tests.cli.conftest import Command, Ended
from workbench.__main__ import start
from workbench.config.module import ModuleConfig
from workbench.models.source_import import own_class


@pytest.fixture(autouse=True)
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*_: object, **__: object) -> None:
        raise AssertionError("this command must fail before anything is trained")

    monkeypatch.setattr("workbench.experiments.running.run_plan", train)


NO_LVAR = ["ablate", "--variant", "no-lvar"]
RAY = [*NO_LVAR, "--engine", "ray", "--address"]
EVALUATE = ["evaluate", "--data", "images", "--weights"]
UPSCALE = ["upscale", "--weights", "text.pth"]

REFUSED: list[tuple[list[str], str]] = [
    (
        ["ablate"],
        "--variant, --factor or --path is needed; `workbench variants` lists the variants",
    ),
    (["ablate", "--variant", "no-lvra"], "unknown variant 'no-lvra'; did you mean 'no-lvar'?"),
    (["ablate", "--variant", "all", "--variant", "esaa"], "'esaa'; did you mean 'esa'?"),
    (["ablate", "--varient", "no-lvar"], "No such option: --varient"),
    ([*NO_LVAR, "--base", "mdrn-z"], "unknown preset 'mdrn-z'; did you mean 'mdrn-s'?"),
    ([*NO_LVAR, "--recipe", "shrot"], "unknown recipe 'shrot'; did you mean 'short'?"),
    ([*NO_LVAR, "--recipe", "factsheet"], "give it with --data DIV2K=FOLDER"),
    ([*NO_LVAR, "--gpus", "1"], "--address, --cpus and --gpus need --engine ray"),
    ([*RAY, "127.0.0.1:1"], "--address 127.0.0.1:1: no server answers ("),
    ([*RAY, "ray://here:10001"], "--address must be HOST:PORT of a Ray cluster's head, got 'ray"),
    ([*RAY, "here:many"], "--address must be HOST:PORT of a Ray cluster's head, got 'here:many'"),
    (
        ["search", "mdrn-size", "--engine", "ray", "--address", "127.0.0.1:1"],
        "--address 127.0.0.1:1: no server answers (",
    ),
    ([*NO_LVAR, "--set", "seed"], "--set must be KEY=VALUE, got 'seed'"),
    ([*NO_LVAR, "--set", "=3"], "--set must be KEY=VALUE, got '=3'"),
    ([*NO_LVAR, "--set", "model.chanels=3"], "did you mean 'model.channels'?"),
    (
        [*NO_LVAR, "--set", "model.channels=abc"],
        "--set model.channels: should be a valid integer, got 'abc'",
    ),
    ([*NO_LVAR, "--set", "model.channels=20", "--set", "model.channels=24"], "is given twice"),
    ([*NO_LVAR, "--set", "model.channels=[1"], "--set model.channels: '[1' is not a YAML value"),
    ([*NO_LVAR, "--set", "training.threads=0"], "--set training.threads: should be greater than"),
    ([*NO_LVAR, "--seeds", "0"], "--seeds must be a count in 1..1,000"),
    ([*NO_LVAR, "--seeds", "x"], "--seeds must be a count such as 3 or a list such as 1,5,9"),
    ([*NO_LVAR, "--seeds", "-1"], "--seeds must be a count such as 3 or a list such as 1,5,9"),
    ([*NO_LVAR, "--seeds", "1,2,1"], "--seeds must not repeat a seed, got [1, 2, 1]"),
    ([*NO_LVAR, "--data", "nowhere"], "image folder {cwd}/nowhere does not exist"),
    ([*NO_LVAR, "--data", "empty"], "image folder {cwd}/empty holds no images"),
    ([*NO_LVAR, "--data", "text.pth"], "image folder {cwd}/text.pth is a file, not a folder"),
    ([*NO_LVAR, "--data", "X="], "--data must be FOLDER or NAME=FOLDER, got 'X='"),
    ([*NO_LVAR, "--data", "truncated"], "{cwd}/truncated: photo0.png: cannot be read: "),
    ([*NO_LVAR, "--data", "texts"], "{cwd}/texts: a.png: not a PNG, JPEG, WebP, BMP or TIFF image"),
    ([*NO_LVAR, "--data", "images"], "photo0.png: 64x64 px, but at least 96x96 px are needed"),
    ([*NO_LVAR, "--validation", "nowhere"], "image folder {cwd}/nowhere does not exist"),
    ([*NO_LVAR, "--benchmark", "truncated"], "{cwd}/truncated: photo0.png: cannot be read: "),
    ([*NO_LVAR, "--data", "embedded:trainin"], "did you mean 'embedded:training'?"),
    (
        [*NO_LVAR, "--benchmark", "A=images", "--benchmark", "A=texts"],
        "evaluation.benchmarks: names must differ, got 'A' twice; write NAME=FOLDER",
    ),
    ([*NO_LVAR, "--workers", "0"], "Invalid value for '--workers': "),
    ([*NO_LVAR, "--workers", "two"], "Invalid value for '--workers': "),
    ([*NO_LVAR, "--lanes", "0"], "Invalid value for '--lanes': "),
    ([*NO_LVAR, "--lanes", "2", "--workers", "3"], "--lanes 2 and --workers 3 exclude each other"),
    (["train", "tiny", "--devices", "0,1"], "--devices: one network trains on one GPU, got 2"),
    ([*NO_LVAR, "--devices", "0,0"], "--devices names each GPU once, got '0,0'"),
    ([*NO_LVAR, "--devices", "0"], "--devices 0 needs --set training.device=cuda, got 'cpu'"),
    (
        [*NO_LVAR, "--set", "model.spatial_attention=esa"],
        "no-lvar.yaml:4: the question needs model.spatial_attention.kind mdsa, here it is esa",
    ),
    (
        [*NO_LVAR, "--set", "model.spatial_attention=null"],
        "no-lvar.yaml:4: the question needs model.spatial_attention.kind mdsa, here it is none",
    ),
    (
        ["ablate", "--variant", "channels-20", "--set", "model.channels=20"],
        "variant 'channels-20' changes nothing on mdrn-s, so there is nothing to compare",
    ),
    ([*EVALUATE, "nowhere.pth"], "nowhere.pth: no such weights file"),
    ([*EVALUATE, "text.pth"], "text.pth: not a weights file: neither safetensors nor"),
    ([*EVALUATE, "text.pth", "--data", "A=images", "--data", "A=texts"], "got 'A' twice"),
    ([*EVALUATE, "text.pth", "--degradation", "cubic"], "'bicubic', 'bicubic-uint8'"),
    ([*EVALUATE, "text.pth", "--tile", "0"], "Invalid value for '--tile': "),
    (["evaluate", "--weights", "text.pth"], "Missing option '--data'"),
    ([*UPSCALE, "nowhere.png", "out.png"], "nowhere.png: no such image or folder"),
    ([*UPSCALE, "images/photo0.png", "out.jpg"], "OUT must end in .png, got 'out.jpg'"),
    ([*UPSCALE, "images", "images"], "OUT would overwrite an image of IN"),
    ([*UPSCALE, "images", "text.pth"], "IN is a folder, so OUT must be a folder, not a file"),
    ([*UPSCALE, "empty", "out"], "image folder empty holds no images"),
    (["convert", "text.pth", "out.onnx"], "OUT must end in .safetensors or .pth, got 'out.onnx'"),
    (["convert", "text.pth", "text.pth"], "OUT must not be IN, got text.pth"),
    (["convert", "nowhere.pth", "out.safetensors"], "nowhere.pth: no such weights file"),
    (["inspect", "--lr-size", "abc"], "--lr-size must be WIDTHxHEIGHT in px, such as 256x256"),
    (["inspect", "--lr-size", "0x9"], "--lr-size must be WIDTHxHEIGHT in px, such as 256x256"),
    (["inspect", "--lr-size", "8x8"], "8 x 8 px; this network needs at least 15 x 15 LR px"),
    (["inspect", "--preset", "mdrm"], "unknown preset 'mdrm'; did you mean 'mdrn'?"),
    (["inspect", "--weights", "text.pth"], "text.pth: not a weights file"),
    (["schema", "varaint"], "unknown kind of file 'varaint'; did you mean 'variant'?"),
    (["ablatte"], "No such command 'ablatte'"),
]


@pytest.mark.parametrize(
    ("argv", "text"), REFUSED, ids=lambda v: v if isinstance(v, str) else " ".join(v)
)
def test_what_is_wrong_is_said_in_one_line(
    argv: list[str], text: str, photos: Path, tmp_path: Path, command: Command
) -> None:
    (tmp_path / "images").symlink_to(photos)
    for name in ("empty", "texts", "truncated"):
        (tmp_path / name).mkdir()
    (tmp_path / "text.pth").write_text("these are no weights")
    (tmp_path / "texts" / "a.png").write_text("this is no image")
    whole = (photos / "photo0.png").read_bytes()
    (tmp_path / "truncated" / "photo0.png").write_bytes(whole[: len(whole) // 2])
    assert text.format(cwd=tmp_path) in refusal(command(*argv))


VARIANTS: list[tuple[str, str]] = [
    ("question: Why?\noveride:\n  model.channels: 20\n", ":2: overide: unknown key; did you mean"),
    ("question: Why?\noverrides:\n  model.chanels: 20\n", ":3: unknown key 'model.chanels'; did"),
    ("question: Why?\noverrides:\n  seed: 2\n  model.channels: x\n", ":4: model.channels: should"),
    ("question: Why?\noverrides: {}\n", ":2: overrides: "),
    ("overrides:\n  model.channels: 20\n", ":1: question: is missing"),
    ("- question\n", ":1: a variant must be a mapping of keys, got a list"),
    ("", ":1: a variant must be a mapping of keys, got nothing"),
    ("question: Why?\nquestion: Why not?\n", ":2: "),
]


@pytest.mark.parametrize(("text", "expected"), VARIANTS)
def test_a_wrong_variant_file_is_named_with_its_line(
    text: str, expected: str, tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "ablations" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(text)
    ended = command("ablate", "--variant", "mine")
    notes, _, error = ended.err.rpartition("error: ")
    assert f"{path}{expected}" in refusal(Ended(ended.code, ended.out, f"error: {error}"))
    assert notes in ("", f"variant mine comes from {path}\n")


@pytest.mark.parametrize(
    ("name", "overrides", "text"),
    [
        ("mdrn-s", "model.channels: 20", "has the name of the base; rename its file"),
        ("mine", "seed: 2", "sets the seed, which is the same for all arms; use --seeds"),
        ("mine", "model.scale: 2", "changes how scores are made (evaluation or scale)"),
        ("mine", "evaluation.tile_lr_px: 64", "changes how scores are made (evaluation or scale)"),
    ],
)
def test_a_variant_that_cannot_be_compared_is_refused(
    name: str, overrides: str, text: str, tmp_path: Path, command: Command
) -> None:
    (tmp_path / "ablations").mkdir()
    path = tmp_path / "ablations" / f"{name}.yaml"
    path.write_text(f"question: Why?\noverrides:\n  {overrides}\n")
    ended = command("ablate", "--variant", name)
    assert ended.code == 2
    error = ended.err.replace("\n", " ").partition("error: ")[2]
    assert error.startswith(f"variant {name!r} {text}")
    assert str(path) in error


def test_a_wrong_search_space_is_named_with_its_line(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "search_spaces" / "mine.yaml"
    path.parent.mkdir()
    path.write_text("question: Why?\ndimensions:\n  model.chanels: {kind: choice, values: [20]}\n")
    problem = f"{path}:3: unknown key 'model.chanels'"
    assert problem in refusal(command("spaces", "show", "mine"))
    listed = command("spaces")  # the others are listed all the same
    assert listed.code == 0
    assert f"warning: left out: {problem}" in listed.err
    assert "mdrn-full" in listed.out
    assert "mine" not in listed.out


def test_a_variant_that_cannot_be_read_does_not_spoil_the_others(
    tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "ablations" / "mine.yaml"
    path.parent.mkdir()
    path.write_text("question: [\n")
    assert f"{path}:2: " in refusal(command("inspect", "--variant", "all", "--rounds", "0"))
    listed = command("variants")
    assert listed.code == 0
    assert f"warning: left out: {path}:2: " in listed.err
    assert "no-lvar" in listed.out
    assert "mine" not in listed.out


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def send_sigusr1() -> None:
    os.kill(os.getpid(), signal.SIGUSR1)


def test_ctrl_c_is_one_line_and_code_130(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.experiments.variants.list_variants", interrupt)
    ended = command("variants")
    assert (ended.code, ended.out) == (130, "")
    assert ended.err == "stopped\n"


@pytest.mark.parametrize(
    ("happens", "code", "said"),
    [
        (interrupt, 130, "stopped; rerun the same command to resume\n"),
        (send_sigusr1, 0, "stopped by SIGUSR1; rerun the same command to resume\n"),
    ],
)
def test_a_signal_while_the_program_loads_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    happens: Callable[[], None],
    code: int,
    said: str,
) -> None:
    class Loading(types.ModuleType):
        def __getattr__(self, name: str) -> None:
            happens()
            raise AssertionError("the signal was lost")

    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGUSR1)]
    monkeypatch.setattr("sys.argv", ["workbench", "train", "tiny"])
    monkeypatch.setitem(sys.modules, "workbench.cli.main", Loading("workbench.cli.main"))
    with pytest.raises(SystemExit, match=f"^{code}$"):
        start()
    assert capsys.readouterr().err == said
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGUSR1)] == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
@pytest.mark.parametrize(
    ("argv", "place", "code", "said"),
    [
        (["variants"], "experiments.variants.list_variants", 130, "stopped by {}\n"),
        (NO_LVAR, "cli.ablate._run", 0, "stopped by {}; rerun the same command to resume\n"),
    ],
    ids=["variants", "ablate"],
)
def test_other_signals_are_named_and_a_command_that_trains_has_not_failed(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    place: str,
    code: int,
    said: str,
    number: signal.Signals,
) -> None:
    def terminate(*_: object, **__: object) -> None:
        os.kill(os.getpid(), number)
        raise AssertionError("it goes on")

    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGUSR1)]
    monkeypatch.setattr(f"workbench.{place}", terminate)
    ended = command(*argv)
    assert (ended.code, ended.out, ended.err) == (code, "", said.format(number.name))
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGUSR1)] == before


def test_without_arguments_it_prints_its_help(command: Command) -> None:
    ended = command()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == command("--help").out
    assert "ablate" in ended.out


def test_a_bug_is_not_hidden(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("workbench.experiments.variants.list_variants", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        command("variants")


@pytest.mark.parametrize("kind", ["OSError", "LookupError", "SystemExit"])
def test_what_code_of_ones_own_raises_is_one_line_wherever_it_is(
    kind: str, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "my_end.py").write_text(f"def end():\n    raise {kind}('no entry')\n")

    def broken(*_: object, **__: object) -> None:
        own_class(ModuleConfig(path="my_end:end"))()

    monkeypatch.setattr("workbench.experiments.variants.list_variants", broken)
    ended = command("variants")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"error: code of your own: {kind}: no entry (my_end.py:2)\n"
