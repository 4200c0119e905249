"""What has changed from one declaration of a study to another beside the plan itself. No torch."""

from workbench.experiments.declaration import Declaration
from workbench.trial.images import changed_images


def change_text(before: Declaration, now: Declaration) -> str:
    """Say why trials that both declare have other keys; empty if they have the same."""
    names = changed_images(before.images, now.images)
    if names:
        return f"images changed: {', '.join(names)}"
    old, new = _trials(before), _trials(now)
    if all(old[trial] == new[trial] for trial in old.keys() & new.keys()):
        return ""
    if before.images and now.images:
        return "the workbench's code changed, so trials run again under other keys"
    return "the images or the workbench's code changed, so trials run again under other keys"


def _trials(declared: Declaration) -> dict[tuple[str, str, int], str]:
    """Return the key of each trial by arm, config and seed."""
    return {
        (arm.name, arm.config.model_dump_json(), seed): key
        for arm in declared.arms
        for seed, key in zip(declared.seeds, declared.keys[arm.name], strict=False)
    }
