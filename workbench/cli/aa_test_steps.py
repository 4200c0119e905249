"""What `workbench aa-test` computes and prints."""

from typing import Any

import numpy as np

from workbench.analysis.comparison import compare, complete
from workbench.cli.ablate_steps import Place, train
from workbench.cli.comparison_table import print_warning
from workbench.cli.console import OUT, note, print_json, table
from workbench.cli.display import bars
from workbench.errors import WorkbenchError
from workbench.execution.plan import Plan
from workbench.reporting.baseline import warning
from workbench.reporting.wording import overlap_texts
from workbench.statistics.audit import VERDICTS, Audit, Rate, audit, audit_retrained
from workbench.statistics.decision_rule import ALPHA, DecisionRule
from workbench.statistics.simulation import Truth
from workbench.statistics.verdicts import Verdict
from workbench.system.numbers import sd_text

EFFECTS_DB = (0.0, 0.02, 0.05)
HEAVY = 2.5
"""Degrees of freedom of a t distribution whose tails are about those of the public scores."""


def simulated(
    seeds: int,
    images: int,
    repeats: int,
    spreads_db: tuple[float, float],
    margin_db: float,
    *,
    as_json: bool,
) -> None:
    """Audit every effect with normal and with heavy tails, and print the rates.

    Args:
        seeds: Of each study.
        images: Of the data set.
        repeats: Studies for each row.
        spreads_db: Retraining sd of one network, and sd of differences over images.
        margin_db: Of equivalence.
        as_json: Print JSON.
    """
    retraining_sd, image_sd = spreads_db
    # A difference of two networks has twice the variance of one.
    truths = [
        Truth(effect=effect, seed_sd=retraining_sd * 2**0.5, image_sd=image_sd, tails=tails)
        for tails in (None, HEAVY)
        for effect in EFFECTS_DB
    ]
    audits = []
    with bars() as progress:
        task = progress.add_task("judging studies", total=repeats * len(truths), remark="")
        for truth in truths:

            def advance(_done: int) -> None:
                progress.advance(task)

            audits.append(
                audit(truth, seeds, images, repeats, margin_db=margin_db, progress=advance)
            )
    if as_json:
        print_json({"seeds": seeds, "images": images, "audits": [_plain(a) for a in audits]})
        return
    _print(audits, seeds, images, margin_db)


def retrained(plan: Plan, place: Place, judging: tuple[int, float], *, as_json: bool) -> None:
    """Train one network under many seeds and judge it against itself.

    Args:
        plan: One arm; twice as many seeds as a study has.
        place: Where it is run.
        judging: Number of splits, and the margin in dB.
        as_json: Print JSON.

    Raises:
        WorkbenchError: If a trial gave no score.
    """
    splits, margin_db = judging
    results = train(plan, place, DecisionRule(margin_db=margin_db))[plan.base.name]
    done = complete(results)
    if len(done) < len(plan.seeds):
        missing = [seed for seed in plan.seeds if seed not in done]
        raise WorkbenchError(f"an audit needs every trial, but seeds {missing} have no score")
    rows = {}
    for scored in results[0].scores:
        sets = [one for result in results if (one := result.score(scored.dataset))]
        scores = np.array([[image.psnr_rgb_db for image in one.images] for one in sets])
        rows[scored.dataset] = audit_retrained(scores, splits, margin_db=margin_db)
    network = compare({plan.base.name: results}, {})
    said = {
        "overlap": overlap_texts(results),
        "below_bicubic": [text for name in rows if (text := warning(network, name))],
    }
    _print_retrained(plan, rows, said, judging, as_json=as_json)


def _print_retrained(
    plan: Plan,
    rows: dict[str, tuple[dict[Verdict, Rate], float]],
    said: dict[str, list[str]],
    judging: tuple[int, float],
    *,
    as_json: bool,
) -> None:
    splits, margin_db = judging
    seeds = len(plan.seeds) // 2
    if as_json:
        print_json(
            {
                "study": plan.study,
                "seeds": seeds,
                "splits": splits,
                **said,
                "datasets": {
                    name: {"retraining_sd_db": sd, **{v: r.share for v, r in rates.items()}}
                    for name, (rates, sd) in rows.items()
                },
            }
        )
        return
    made = table("data set", "retraining sd dB", *VERDICTS)
    for name, (rates, sd) in rows.items():
        made.add_row(name, sd_text(sd), *(f"{100 * rates[v].share:.1f} %" for v in VERDICTS))
    OUT.print(made)
    for text in said["below_bicubic"]:
        print_warning(text)
    for text in said["overlap"]:
        OUT.print(text, soft_wrap=True)
    note(
        f"{plan.base.name} against itself: {2 * seeds} seeds, split {splits:,} times into two "
        f"studies of {seeds}; better and worse are false\n"
        f"the splits share their runs, so these shares have no interval; margin {margin_db:g} dB"
    )


def _print(audits: list[Audit], seeds: int, images: int, margin_db: float) -> None:
    made = table("true effect dB", "tails", *VERDICTS, left=2)
    for one in audits:
        tails = "normal" if one.truth.tails is None else "heavy"
        made.add_row(
            f"{one.truth.effect:g}", tails, *(f"{100 * one.rates[v].share:.1f} %" for v in VERDICTS)
        )
    OUT.print(made)
    first = audits[0]
    repeats = first.rates["better"].repeats
    for one in audits:
        tails = "normal" if one.truth.tails is None else "heavy"
        if one.truth.effect == 0:
            OUT.print(f"false positives, {tails} tails: {_text(one.false_positives)}")
        else:
            found = _text(one.rates["better"])
            OUT.print(f"power at {one.truth.effect:g} dB, {tails} tails: {found}")
    note(
        f"{repeats:,} studies a row, {seeds} seeds x {images} images, error rate {ALPHA:g}, "
        f"margin {margin_db:g} dB\n"
        f"retraining sd {first.truth.seed_sd / 2**0.5:g} dB, image sd {first.truth.image_sd:g} dB, "
        f"rest {first.truth.noise_sd:g} dB\n"
        "interval: 95 %, over new studies"
    )


def _text(rate: Rate) -> str:
    low, high = rate.interval
    return f"{100 * rate.share:.2f} % [{100 * low:.2f}, {100 * high:.2f}]"


def _plain(one: Audit) -> dict[str, Any]:
    truth = one.truth
    return {
        "effect_db": truth.effect,
        "seed_sd_db": truth.seed_sd,
        "image_sd_db": truth.image_sd,
        "noise_sd_db": truth.noise_sd,
        "tails": truth.tails,
        "repeats": one.false_positives.repeats,
        "rates": {
            verdict: {"share": rate.share, "low": rate.interval[0], "high": rate.interval[1]}
            for verdict, rate in one.rates.items()
        },
    }
