"""`workbench fidelity`: the table, JSON, the figure, and what it refuses."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import workbench as wb
from tests.builders.curves import declare
from tests.builders.ranking import lesions, ranked
from tests.cli.conftest import Command
from workbench.proxies.kinds import ProxyValue
from workbench.results import TrialResult
from workbench.store.keys import model_hash

QUALITY = [0.1 * number for number in range(8)]
SHUFFLED = [0.3, 0.0, 0.1, 0.2, 0.5, 0.4, 0.7, 0.6]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store, where commands look for it, with a long, a short and a small study."""
    folder = tmp_path / "mlflow_runs"
    declare(folder, "long", ranked("long", QUALITY, early_db=SHUFFLED, steps=(400, 800, 1_200)))
    declare(folder, "short", ranked("short", SHUFFLED))
    declare(folder, "few", ranked("few", QUALITY[:3]))
    declare(folder, "cut", lesions(ranked("cut", SHUFFLED)))
    return folder


def test_the_table_says_what_was_compared_and_with_how_many_networks(
    command: Command, store: Path
) -> None:
    ended = command("fidelity", "long", "short")
    assert ended.code == 0, ended.err
    out = re.sub(" +", " ", ended.out)
    assert out.startswith("predicted: 1,200 steps of long; validation PSNR, 8 networks, 2 seeds\n")
    assert "\nfrom short: retrained, 400 steps\n" in out
    assert re.search(r"^400 end 8 0\.64 \[0\.\d\d, 0\.\d\d\] .* 0\.100 0\.000", out, re.MULTILINE)
    assert re.search(r"^400/1,200 curve 8 0\.64 ", out, re.MULTILINE)
    assert "from the number of parameters alone" in out
    assert "ceiling: under 2 other seeds the predicted level would rank itself with tau 1.00" in out
    assert max(map(len, ended.out.split("\nceiling")[0].splitlines())) <= 80
    assert "curve: a point of the learning curve, not the end of a shorter training" in ended.err


def test_few_networks_are_said_to_say_nothing(command: Command, store: Path) -> None:
    out = command("fidelity", "few").out
    assert (
        "says nothing: fewer than 5 networks: 100 of 400 steps; 200 of 400 steps; "
        "300 of 400 steps; parameters alone"
    ) in out
    drawn = command("fidelity", "few", "--figure", "x.svg")
    assert drawn.code == 2
    assert drawn.err.endswith(
        "error: there is nothing to draw: no two levels have 5 networks in common\n"
    )


def test_kinds_of_evidence_are_ranked_by_a_benchmark(command: Command, store: Path) -> None:
    out = re.sub(" +", " ", command("fidelity", "short", "cut").out)
    assert out.startswith("predicted: 400 steps of short; PSNR on Set5, 8 networks, 2 seeds\n")
    assert "\nfrom cut: lesion\n" in out
    assert re.search(r"^0 end 8 1\.00 ", out, re.MULTILINE)
    alone = command("fidelity", "cut").out
    assert alone.startswith("predicted: lesion; PSNR on Set5, 8 networks\n")
    assert "ceiling: none: a lesion has no seeds" in alone


def test_json_has_all_levels_and_all_pairs(command: Command, store: Path) -> None:
    plain = command("fidelity", "long", "short", "--json").json()
    levels = plain["levels"]
    assert len(plain["pairs"]) == len(levels) * (len(levels) - 1) // 2
    assert levels[plain["target"]]["name"] == "1,200 steps of long"
    assert levels[plain["target"]]["compared"] == "end"
    place = next(n for n, one in enumerate(levels) if one["name"] == "400 steps of short")
    pair = next(p for p in plain["pairs"] if (p["cheap"], p["dear"]) == (place, plain["target"]))
    assert pair["tau"] == pytest.approx(18 / 28)
    assert (pair["networks"], pair["same_trainings"]) == (8, False)
    assert pair["regret_at_1_db"] == pytest.approx(0.1, abs=1e-5)
    assert set(levels[0]["psnr_rgb_db"]) == {f"v{number:02}" for number in range(8)}


def test_the_figure_has_tau_by_length_and_the_matrix(
    command: Command, store: Path, tmp_path: Path
) -> None:
    assert command("fidelity", "long", "short", "--figure", "x.svg").code == 0
    texts = re.findall(r">([^<>\n]+)</text>", (tmp_path / "x.svg").read_text())
    for text in (
        "steps, % of the predicted training",
        "short: retrained, 400 steps",
        "400 of 1,200 steps of long",
        "Kendall's tau between levels; in brackets: 0 is in the interval",
        "0.64",
    ):
        assert text in texts


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["lon"], "unknown study 'lon' in mlflow_runs; did you mean 'long'?"),
        (["tables/gone"], "tables/gone: no table of trials: there is no such folder"),
        (["long", "--target", "lon"], "--target 'lon' is not among the studies; did you mean"),
        (["long", "--dataset", "Set6"], "unknown data set 'Set6'; did you mean 'Set5'?"),
        (["long", "--figure", "x.pdf"], "--figure must end in .png or .svg, got 'x.pdf'"),
        (["mine"], "'mine' is a search; `workbench search report mine` has the rank correlations"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    command: Command, store: Path, argv: list[str], reason: str
) -> None:
    (store / "searches").mkdir()
    (store / "searches" / "mine.jsonl").touch()
    ended = command("fidelity", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err


def test_python_has_a_row_for_each_pair(store: Path, tmp_path: Path) -> None:
    found = wb.fidelity("long", "short", store=store)
    frame = found.to_frame()
    end = frame[frame["is_target"] & (frame["cheap"] == "400 steps of short")]
    assert end["tau"].item() == pytest.approx(18 / 28)
    assert end["compared"].item() == "end"
    assert len(found.to_dict()["pairs"]) == len(frame)
    assert found.save(tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    assert "1,200 steps of long" in repr(found)
    assert wb.fidelity("few", store=store).to_frame()["says_nothing"].all()
    with pytest.raises(wb.WorkbenchError, match="needs the name of at least one study"):
        wb.fidelity(store=store)


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SNIP follow the quality, and the initial loss rise with it."""

    def measure(trials: Iterable[TrialResult], **_how: object) -> tuple[ProxyValue, ...]:
        return tuple(
            ProxyValue(
                network=model_hash(one.config.model),
                seed=one.config.seed,
                proxy=proxy,
                value=float(one.config.model.plain()["channels"]),
                seconds=0.25,
            )
            for one in trials
            for proxy in ("snip", "initial_loss")
        )

    monkeypatch.setattr("workbench.experiments.fidelity.measure_proxies", measure)


def test_proxies_are_rows_beside_the_points_of_curves(
    command: Command, store: Path, proxies: None
) -> None:
    ended = command("fidelity", "long", "--proxies", "--figure", "x.svg")
    assert ended.code == 0, ended.err
    out = re.sub(" +", " ", ended.out)
    assert "\nfrom proxies, without training\n" in out
    assert re.search(r"^SNIP 8 1\.00 \[0\.\d\d,1\.00\]\* .* 0\.000 0\.000 0\.5$", out, re.MULTILINE)
    assert re.search(r"^parameters 8 1\.00 .* -$", out, re.MULTILINE)
    assert "\nproxies that rank the networks: parameters, channels and SNIP\n" in out
    assert "\nin the opposite direction: initial loss\n" in out
    assert (
        "\nno rank correlation shown: multiply-adds, activations, convolutions and blocks\n" in out
    )
    assert "the number of parameters alone" not in out
    assert max(map(len, ended.out.split("\nproxies that")[0].splitlines())) <= 80
    assert "8 proxies looked at; *: differs from 0 after Holm's correction over 4" in ended.err
    texts = re.findall(r">([^<>\n]+)</text>", Path("x.svg").read_text())
    assert "What predicts the ranks at 1,200 steps" in texts
    assert "SNIP" in texts


def test_python_has_a_row_for_each_proxy(store: Path, proxies: None) -> None:
    frame = wb.fidelity("long", store=store, proxies=True, progress=False).proxies()
    row = frame[frame["proxy"] == "initial_loss"]
    assert row["tau"].item() == pytest.approx(-1)
    assert not row["higher_is_better"].item()
    assert row["p_tau_holm"].item() < 0.01
    assert row["seconds_per_network"].item() == pytest.approx(0.5)
    assert wb.fidelity("long", store=store).proxies().empty
    with pytest.raises(wb.WorkbenchError, match="data needs proxies=True"):
        wb.fidelity("long", store=store, data=["photos"])


def test_proxies_that_cannot_be_computed_are_one_line(command: Command, store: Path) -> None:
    for argv, reason in (
        (["long", "--data", "photos"], "--data needs --proxies"),
        (["long", "--proxies", "--data", "nowhere"], "nowhere"),
        (["cut", "--proxies"], "and no finished trial was trained from scratch"),
    ):
        ended = command("fidelity", *argv)
        assert (ended.code, ended.out) == (2, "")
        assert reason in ended.err.splitlines()[-1]
