"""What has changed from one declaration of a study to another beside the plan itself. No torch."""

from workbench.config.module import changed_modules
from workbench.experiments.declaration import Declaration
from workbench.trial.images import changed_images


def change_text(before: Declaration, now: Declaration) -> str:
    """Say why trials that both declare have other keys; empty if they have the same."""
    names, code = changed_images(before.images, now.images), _changed_code(before, now)
    changes = [f"images changed: {', '.join(names)}"] if names else []
    changes += [f"the code of {', '.join(code)} changed"] if code else []
    if changes:
        return "; ".join(changes)
    old, new = _trials(before), _trials(now)
    if all(old[trial] == new[trial] for trial in old.keys() & new.keys()):
        return ""
    if before.images and now.images:
        return "the workbench's code changed, so trials run again under other keys"
    return "the images or the workbench's code changed, so trials run again under other keys"


def _changed_code(before: Declaration, now: Declaration) -> list[str]:
    """Return the modules of one's own whose code is another one in the arms that both have."""
    old = {arm.name: arm.config.model for arm in before.arms}
    found = set[str]()
    for arm in now.arms:
        if arm.name in old:
            marks = (
                {own.path: own.mark for own in m.own_modules()}
                for m in (old[arm.name], arm.config.model)
            )
            found |= changed_modules(*marks).keys()
    return sorted(found)


def _trials(declared: Declaration) -> dict[tuple[str, str, int], str]:
    """Return the key of each trial by arm, config and seed."""
    return {
        (arm.name, arm.config.model_dump_json(), seed): key
        for arm in declared.arms
        for seed, key in zip(declared.seeds, declared.keys[arm.name], strict=False)
    }
