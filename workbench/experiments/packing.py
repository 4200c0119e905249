"""The images of a plan: packed before its first trial, and checked for overlaps. No torch."""

from collections.abc import Hashable

from workbench.execution.plan import Plan
from workbench.experiments.run_context import RunContext
from workbench.store.ledger import Ledger
from workbench.store.notice import say_how_trials_count
from workbench.system.events import Emit, Note, counting, ignore
from workbench.trial.images import TrialImages, images_needed, open_images
from workbench.trial.overlap import Overlap, check_overlaps, check_same, find_overlaps


def pack(plan: Plan, context: RunContext, emit: Emit = ignore) -> None:
    """Pack the images of all arms.

    Args:
        plan: Its arms name the images.
        context: The store, and whether training on images that are scored is allowed.
        emit: Gets progress, and notes of what was converted on the way.

    Raises:
        DataError: If an image cannot be used, or is both trained on and scored and that is not
            allowed.
        StoreError: If the store cannot be written.
    """
    say_how_trials_count(context.store)
    ledger, remarks = Ledger(context.store), dict[str, None]()
    overlaps: dict[str, tuple[Overlap, ...]] = {}
    opened: dict[Hashable, TrialImages] = {}  # the folders are listed once for all networks
    with counting(emit, "packing images") as advance:
        for arm in plan.arms:
            # Pixels are checked when a trial is about to start, not for a table alone.
            needs = images_needed(arm.config)
            images = opened.get(needs) or open_images(arm.config, ledger, advance, check=False)
            opened[needs] = images
            trained = not arm.config.is_lesion
            overlaps[arm.name] = find_overlaps(arm.config, images) if trained else ()
            if not context.allow_overlap:
                check_overlaps(arm.config, overlaps[arm.name])
            for store in (*images.training.values(), images.validation, *images.benchmarks):
                remarks |= dict.fromkeys(f"{store.name}: {text}" for text in store.notes)
    check_same(overlaps)
    for remark in remarks:
        emit(Note(remark))
