"""Names of studies that were given none: what is requested, so that no question replaces another.

`no-lvar-vs-mdrn-s_smoke_embedded`; six letters of a hash follow only where the name does not say
everything, such as with options `--set` or `--data`.
"""

import json
from collections.abc import Sequence

from workbench.config.evidence import HASH_LETTERS
from workbench.config.trial import TrialConfig
from workbench.experiments.study_spec import StudySpec
from workbench.experiments.trial_spec import TrialSpec
from workbench.system.digests import sha256
from workbench.system.text import as_file_name

_SUBJECT_LETTERS = 48
"""Of the names of the variants; further ones are counted."""
_DATA_LETTERS = 24


def requested_name(
    spec: StudySpec, variants: Sequence[str], trials: Sequence[TrialConfig], order: Sequence[str]
) -> str:
    """Return the name of a study: at most about 120 letters, valid as that of a file.

    Args:
        spec: What is requested.
        variants: Names of its variants.
        trials: Of its base, or of both ends of its path.
        order: Of the components of its path.
    """
    changes = _changes(spec, variants)
    subject, is_cut = _joined(changes)
    networks = spec.networks()
    if spec.path is not None:
        subject = ("shapley-" if spec.shapley else "") + "-to-".join(networks)
    else:
        subject = f"{subject}-vs-{networks[0]}"
    data = "+".join(source.name for source in trials[0].data.training)
    trained = [] if trials[0].is_lesion else [spec.trial.recipe, data[:_DATA_LETTERS]]
    # Names of variants and data sets may hold a slash, names of files may not.
    name = as_file_name("_".join([subject, *_ways(spec), *_evidence(trials[0]), *trained]))
    says_all = spec.trial == TrialSpec(spec.trial.recipe)
    if says_all and not (is_cut or spec.order or spec.factors):
        return name
    content = [[trial.plain() for trial in trials], changes, list(order), _factors(spec)]
    return f"{name}-{_digest(content)}"


def former_name(spec: StudySpec, trials: Sequence[TrialConfig], order: Sequence[str]) -> str:
    """Return the name that version 0.1 gave: that of the base, whatever was compared with it.

    Args:
        spec: What is requested.
        trials: Of its base, or of both ends of its path.
        order: Of the components of its path.
    """
    extra: list[object] = [list(order)] if spec.path is not None else [*_design(spec)]
    if spec.path is None and spec.retune:
        extra.append("retuned")
    content: list[object] = [*(trial.plain() for trial in trials), *extra]
    data = as_file_name("+".join(source.name for source in trials[0].data.training))
    digest = _digest(content if extra else content[0])
    return f"{'-to-'.join(spec.networks())}_{spec.trial.recipe}_{data}_{digest}"


def _changes(spec: StudySpec, variants: Sequence[str]) -> list[str]:
    names = ["all"] if "all" in spec.variants else list(variants)
    for key, values in spec.factors.items():
        names.append("-".join([key.rpartition(".")[2], *map(str, values)]).replace(" ", ""))
    return names


def _joined(names: Sequence[str]) -> tuple[str, bool]:
    """Return names with `+` between, and whether some of them are only counted."""
    text = ""
    for index, name in enumerate(names):
        longer = f"{text}+{name}" if text else name
        if len(longer) > _SUBJECT_LETTERS:
            rest = len(names) - index
            return (f"{text}+{rest}-more" if text else f"{name[:_SUBJECT_LETTERS]}"), True
        text = longer
    return text, False


def _ways(spec: StudySpec) -> list[str]:
    match = ["matched"] if spec.match else []
    return [*_design(spec), *match, *(["retuned"] if spec.retune else [])]


def _evidence(trial: TrialConfig) -> list[str]:
    """Return the kind of evidence with the hash of the weights; nothing without weights."""
    start = trial.pretrained
    return [f"{trial.evidence}-{start.hash[:HASH_LETTERS]}"] if start else []


def _design(spec: StudySpec) -> list[str]:
    design = spec.design
    return [] if design in (None, "leave-one-out", "one-factor") else [design]


def _factors(spec: StudySpec) -> dict[str, list[object]]:
    return {key: list(values) for key, values in spec.factors.items()}


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return sha256(text)[:6]
