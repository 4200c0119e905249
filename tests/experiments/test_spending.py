"""A study that is declared again with more seeds does not spend its error rate twice."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.comparisons import scored
from workbench.ablation.variant import find_variants
from workbench.config.trial import TrialConfig
from workbench.execution.plan import Plan, make_plan
from workbench.experiments.declaration import Declaration, read_study
from workbench.experiments.declaring import declare
from workbench.reporting.verdict_texts import spent_text
from workbench.statistics.decision_rule import DecisionRule, FormerLook
from workbench.statistics.sequential import schedule
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.digests import seal_json
from workbench.system.files import write_atomically


def plan(trial: TrialConfig, seeds: int, *names: str, looks: Sequence[int] = ()) -> Plan:
    made = make_plan("s", "tiny", trial, find_variants(list(names)), range(1, seeds + 1))
    return replace(made, looks=tuple(looks))


def declared(made: Plan, store: Path) -> Declaration:
    keys = {(arm.name, seed): f"{arm.name}{seed}" for arm, seed in made.trials()}
    return declare(made, DecisionRule(), keys, store).now


def finish(store: Path, seeds: int, *names: str) -> None:
    for name in names:
        for seed in range(1, seeds + 1):
            Ledger(store).record(scored(f"{name}{seed}", seed, {"Set5": [30.0]}))


def test_seeds_that_were_judged_have_spent_the_error_rate(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    declared(plan(tiny_trial, 3, "no-lvar"), tmp_path)
    finish(tmp_path, 3, "tiny", "no-lvar")
    more = declared(plan(tiny_trial, 6, "no-lvar", "relu"), tmp_path)
    assert more.rule.former == (FormerLook((1, 2, 3), 0.05, frozenset({"no-lvar"})),)
    assert [look.alpha for look in schedule(more.rule, "no-lvar")] == [0.05, 0.0]
    assert [look.alpha for look in schedule(more.rule, "relu")] == [0.05]
    assert (
        "have spent 0.05 of its error rate 0.05 (0.05 at 3 seeds): more seeds narrow"
        in spent_text(more.rule)
    )
    # The same plan again is the same declaration, and has spent what it had spent.
    assert declared(plan(tiny_trial, 6, "no-lvar", "relu"), tmp_path) == more
    assert read_study(tmp_path, "s").declarations[-1].former == more.former


def test_a_sequential_study_that_is_extended_keeps_what_is_left(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    first = declared(plan(tiny_trial, 6, "no-lvar", looks=(3, 6)), tmp_path)
    finish(tmp_path, 3, "tiny", "no-lvar")
    longer = declared(plan(tiny_trial, 12, "no-lvar", looks=(3, 6, 12)), tmp_path)
    before = schedule(first.rule, "no-lvar")[0].alpha
    rates = [look.alpha for look in schedule(longer.rule, "no-lvar")]
    assert rates[0] == before
    assert sum(rates) == pytest.approx(0.05)
    assert len(rates) == 3


def test_what_nobody_has_judged_has_spent_nothing(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    declared(plan(tiny_trial, 1, "no-lvar"), tmp_path)  # one seed is not testable
    finish(tmp_path, 1, "tiny", "no-lvar")
    assert declared(plan(tiny_trial, 3, "no-lvar"), tmp_path).former == ()
    finish(tmp_path, 2, "tiny")  # the variant's trials are not finished
    assert declared(plan(tiny_trial, 6, "no-lvar"), tmp_path).former == ()


def test_looks_of_an_old_study_share_the_error_rate_as_it_declared_them(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    """Version 0.3.0 wrote no spending function down: it was O'Brien and Fleming's."""
    made = plan(tiny_trial, 6, "no-lvar", looks=(3, 6))
    new = declared(made, tmp_path)
    assert new.rule.spending == "power"
    old = {k: v for k, v in new.plain().items() if k not in ("spending", "former", "error_rate")}
    study = seal_json({"study": "s", "declarations": [old]})
    write_atomically(Store(tmp_path).study("s"), study, store=tmp_path)
    again = declared(made, tmp_path)
    assert (again.hash, again.rule.spending) == (new.hash, "obrien-fleming")
    assert len(read_study(tmp_path, "s").declarations) == 1
