"""Planning a study from Python: how many seeds find an effect, and how long they take."""

from collections.abc import Sequence
from typing import Unpack

from workbench.api.ablation import python_names
from workbench.api.options import Options, check_options, run_context, trial_spec, with_options
from workbench.api.progress import shown
from workbench.experiments.defaults import DEFAULT_BASE
from workbench.experiments.power_plan import PowerPlan, PowerSpec
from workbench.experiments.study_spec import StudySpec
from workbench.statistics.decision_rule import ALPHA


@with_options(Options)
def plan(
    variants: str | Sequence[str],
    *,
    effect_db: float = 0.02,
    power: float = 0.8,
    base: str = DEFAULT_BASE,
    alpha: float = ALPHA,
    seed_sd_db: float | None = None,
    image_sd_db: float | None = None,
    rest_sd_db: float | None = None,
    **options: Unpack[Options],
) -> PowerPlan:
    """Say how many seeds a study needs to find an effect, and how long it takes here.

    It does what `workbench plan` does: studies are simulated with the spreads of finished trials of
    the same recipe and images, or with those that you state. Nothing is trained.

    Args:
        variants: Their names; `variants()` lists them. They share `alpha`.
        effect_db: True difference that the study is to find, dB, above 0.
        power: Share of such studies that find it, between 0 and 1.
        base: Baseline preset.
        alpha: Family-wise error rate, between 0 and 1.
        seed_sd_db: Standard deviation of a difference over seeds, dB; the store's if None.
        image_sd_db: The same over images.
        rest_sd_db: The same of what is left for one seed and image.
        **options: See `Options`.

    Returns:
        `seeds`, enough for every data set that can reach the power; `datasets`, what each of them
        needs; `running`, the trials and seconds of a study with that many seeds.

    Raises:
        WorkbenchError: In one line, for what you can fix, such as a store without spreads.

    Example:
        >>> wb.plan(["no-lvar"], recipe="short").seeds
    """
    from workbench.experiments.planning import plan_power

    with python_names():
        check_options(options, Options)
        named = (variants,) if isinstance(variants, str) else tuple(variants)
        spec = PowerSpec(named, effect_db, power, alpha, seed_sd_db, image_sd_db, rest_sd_db)
        allow_overlap = options.get("allow_overlap", False)
        study = StudySpec(base=base, trial=trial_spec(options), allow_overlap=allow_overlap)
        with shown(options.get("progress", True)) as emit:
            return plan_power(spec, study, run_context(options), emit)
