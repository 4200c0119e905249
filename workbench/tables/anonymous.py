"""What of a trial is published: a table goes to other people, so nothing of one machine is in it.

Left out are folders of images (the name of the set stands in their place), uncommitted changes of
the source code, and what the process used. Hardware, versions and dates stay.
"""

from workbench.config.data import ImageSource
from workbench.config.trial import TrialConfig
from workbench.provenance import Environment
from workbench.results import TrialResult

EMBEDDED = "embedded:"
"""How the folders of photographs begin that are the same everywhere."""
LEFT_OUT = "left out of the table"
"""In place of uncommitted changes, so that it stays known that there were some."""


def published(result: TrialResult) -> TrialResult:
    """Return a trial without folders, uncommitted changes and usage of the process."""
    environment = result.environment
    changes = LEFT_OUT if environment.git_dirty_diff else None
    return result.model_copy(
        update={
            "config": _config(result.config),
            "environment": Environment(**dict(environment) | {"git_dirty_diff": changes}),
            "usage": (),
        }
    )


def _config(config: TrialConfig) -> TrialConfig:
    data, evaluation = config.data, config.evaluation
    return config.model_copy(
        update={
            "data": data.model_copy(
                update={
                    "training": tuple(map(_source, data.training)),
                    "validation": _source(data.validation),
                }
            ),
            "evaluation": evaluation.model_copy(
                update={"benchmarks": tuple(map(_source, evaluation.benchmarks))}
            ),
        }
    )


def _source(source: ImageSource) -> ImageSource:
    """Return a set of images with its name for a folder, unless it ships with the workbench."""
    if source.folder.startswith(EMBEDDED):
        return source
    return ImageSource(name=source.name, folder=source.name)
