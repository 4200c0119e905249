"""What `workbench aa-test` prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.cli.comparison_table import print_warning
from workbench.cli.console import OUT, note, print_json, table
from workbench.experiments.audit import AuditOutcome, SimulationSpec
from workbench.reporting.baseline import warning
from workbench.reporting.wording import overlap_texts
from workbench.statistics.audit import VERDICTS, Audit, Rate
from workbench.statistics.decision_rule import ALPHA, Verdict
from workbench.statistics.grid import GridCell
from workbench.statistics.scenarios import Scenario
from workbench.system.numbers import sd_text


def print_simulation(
    audits: Sequence[Audit], uses: Sequence[Scenario], spec: SimulationSpec, *, as_json: bool
) -> None:
    """Print how often each verdict was given to studies with a known truth."""
    if as_json:
        found = [_audit_to_dict(one) for one in audits]
        uses_found = [_scenario_to_dict(one) for one in uses]
        print_json(
            {"seeds": spec.seeds, "images": spec.images, "audits": found, "scenarios": uses_found}
        )
        return
    made = table("true effect dB", "tails", *VERDICTS, left=2)
    for one in audits:
        made.add_row(f"{one.truth.effect:g}", _tails(one), *_shares(one.rates))
    OUT.print(made)
    for one in audits:
        if one.truth.effect == 0:
            rate = _rate_text(one.false_positives)
            OUT.print(f"false positives, {_tails(one)} tails: {rate}")
        else:
            rate = _rate_text(one.rates["better"])
            OUT.print(f"power at {one.truth.effect:g} dB, {_tails(one)} tails: {rate}")
    note(
        f"{spec.repeats:,} studies a row, {spec.seeds} seeds x {spec.images} images, error rate "
        f"{ALPHA:g}, margin {spec.margin_db:g} dB\n"
        f"retraining sd {spec.retraining_sd_db:g} dB, image sd {spec.image_sd_db:g} dB, "
        f"rest {audits[0].truth.noise_sd:g} dB\n"
        "interval: 95 %, over new studies"
    )
    print_scenarios(uses, spec.repeats)


def print_scenarios(found: Sequence[Scenario], repeats: int) -> None:
    """Print how often verdicts err, and find, in what users do with them."""
    made = table("studies", "what is counted", "rate", "interval", "meant", left=2)
    for one in found:
        low, high = one.rate.interval
        meant = "" if one.most is None else f"at most {100 * one.most:g} %"
        span = f"[{100 * low:.1f}, {100 * high:.1f}]"
        made.add_row(one.name, one.counts, f"{100 * one.rate.share:.1f} %", span, meant)
    OUT.print()
    OUT.print(made)
    note(f"{repeats:,} studies a row; seeds and images as in the names, other spreads made up")


def print_grid(cells: Sequence[GridCell], repeats: int, *, as_json: bool) -> None:
    """Print the worst error of each number of seeds and images."""
    if as_json:
        print_json({"repeats": repeats, "cells": [_cell_to_dict(one) for one in cells]})
        return
    made = table("seeds", "images", "worst error", "interval")
    for one in cells:
        low, high = one.worst.interval
        span = f"[{100 * low:.1f}, {100 * high:.1f}]"
        made.add_row(str(one.seeds), str(one.images), f"{100 * one.worst.share:.1f} %", span)
    OUT.print(made)
    note(
        f"error rate {ALPHA:g} without an effect, the worst of several mixes of spreads, normal "
        f"and heavy tails, {repeats:,} studies each\ninterval: 95 %, over new studies"
    )


def _cell_to_dict(one: GridCell) -> dict[str, Any]:
    low, high = one.worst.interval
    return {
        "seeds": one.seeds,
        "images": one.images,
        "worst": {"share": one.worst.share, "low": low, "high": high},
    }


def _scenario_to_dict(one: Scenario) -> dict[str, Any]:
    low, high = one.rate.interval
    rate = {"share": one.rate.share, "low": low, "high": high}
    return {"name": one.name, "counts": one.counts, "at_most": one.most, **rate}


def print_audit(outcome: AuditOutcome, margin_db: float, *, as_json: bool) -> None:
    """Print how often a network got each verdict against itself."""
    warnings = [text for name in outcome.datasets if (text := warning(outcome.comparison, name))]
    overlaps = overlap_texts(outcome.results)
    if as_json:
        print_json(_outcome_to_dict(outcome, warnings, overlaps))
        return
    made = table("data set", "retraining sd dB", *VERDICTS)
    for name, one in outcome.datasets.items():
        made.add_row(name, sd_text(one.retraining_sd_db), *_shares(one.rates))
    OUT.print(made)
    for text in warnings:
        print_warning(text)
    for text in overlaps:
        OUT.print(text, soft_wrap=True)
    seeds = outcome.seeds
    note(
        f"{outcome.plan.base.name} against itself: {2 * seeds} seeds, split {outcome.splits:,} "
        f"times into two studies of {seeds}; better and worse are false\n"
        f"the splits share their runs, so these shares have no interval; margin {margin_db:g} dB"
    )


def _outcome_to_dict(
    outcome: AuditOutcome, warnings: list[str], overlaps: list[str]
) -> dict[str, Any]:
    datasets = {
        name: {
            "retraining_sd_db": one.retraining_sd_db,
            **{verdict: rate.share for verdict, rate in one.rates.items()},
        }
        for name, one in outcome.datasets.items()
    }
    return {
        "study": outcome.plan.study,
        "seeds": outcome.seeds,
        "splits": outcome.splits,
        "overlap": overlaps,
        "below_bicubic": warnings,
        "datasets": datasets,
    }


def _audit_to_dict(one: Audit) -> dict[str, Any]:
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


def _tails(one: Audit) -> str:
    return "normal" if one.truth.tails is None else "heavy"


def _shares(rates: Mapping[Verdict, Rate]) -> list[str]:
    return [f"{100 * rates[verdict].share:.1f} %" for verdict in VERDICTS]


def _rate_text(rate: Rate) -> str:
    low, high = rate.interval
    return f"{100 * rate.share:.2f} % [{100 * low:.2f}, {100 * high:.2f}]"
