"""What `workbench report` does: read a study, compare it again, write it down. No torch."""

import sys
import time
from pathlib import Path

from workbench.ablation.declaration import Declaration, Study, read_study, studies
from workbench.cli.comparison_table import print_comparison
from workbench.cli.console import json_text, note
from workbench.errors import ConfigError
from workbench.files import write_atomically
from workbench.ledger import Ledger
from workbench.reporting.comparison import Comparison, Rules, as_plain, compare
from workbench.reporting.exports import FORMATS, export
from workbench.reporting.figures import Results
from workbench.reporting.page import Header, page


def write_report(name: str | None, form: str, out: Path | None, store: Path) -> None:
    """Compare a study's trials and write the comparison.

    Args:
        name: Of the study; None is the one that was declared last.
        form: `table`, `json`, `html` or one of `FORMATS`.
        out: File; None prints.
        store: The store.

    Raises:
        WorkbenchError: If there is no such study, or none of its base's trials is finished.
    """
    names = studies(store)
    if name is None and not names:
        raise ConfigError(f"{store} holds no study; `workbench ablate` makes one")
    study = read_study(store, name or names[0])
    declared = study.declarations[-1]
    ledger = Ledger(store)
    results = {
        arm.name: [r for key in declared.keys[arm.name] if (r := ledger.result(key))]
        for arm in declared.arms
    }
    comparison = compare(
        results,
        {arm.name: arm.question for arm in declared.arms},
        {arm.name: arm.against for arm in declared.arms if arm.against},
        Rules(declared.alpha, declared.margin_db),
    )
    remarks = _remarks(study, declared, results)
    if form == "table":
        print_comparison(comparison)
    else:
        text = _render(form, study, comparison, results, remarks)
        if out is None:
            sys.stdout.write(text)
        else:
            write_atomically(out, text.encode())
    note(f"study {study.study}, declared {_declared(declared)}")
    for remark in remarks:
        note(remark)


def _render(
    form: str, study: Study, comparison: Comparison, results: Results, remarks: tuple[str, ...]
) -> str:
    declared = study.declarations[-1]
    if form == "json":
        return json_text({"study": study.study, "declared": declared.hash} | as_plain(comparison))
    if form == "html":
        configs = {arm.name: arm.config for arm in declared.arms}
        header = Header(study.study, _declared(declared), remarks, configs)
        return page(header, comparison, results)
    return export(comparison, next(known for known in FORMATS if known == form))


def _declared(declared: Declaration) -> str:
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(declared.declared_s))
    return f"{day} as {declared.hash[:12]}"


def _remarks(study: Study, declared: Declaration, results: Results) -> tuple[str, ...]:
    """Return what a reader must know of the family and of what is missing."""
    remarks = []
    earlier = len(study.declarations) - 1
    if earlier:
        plans = "another plan was" if earlier == 1 else f"{earlier} other plans were"
        remarks.append(
            f"{plans} declared in this study before; what they compared is not in this family"
        )
    missing = sum(len(declared.seeds) - len(rows) for rows in results.values())
    if missing:
        trials = "1 trial of it is" if missing == 1 else f"{missing} trials of it are"
        remarks.append(f"{trials} not finished")
    return tuple(remarks)
