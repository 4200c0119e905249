"""Which scheduler a search has, by its settings."""

from workbench.search.record import Settings
from workbench.search.schedulers.asha import AshaScheduler
from workbench.search.schedulers.halving import HalvingScheduler
from workbench.search.schedulers.pbt import PbtScheduler
from workbench.search.schedulers.scheduler import Scheduler, SearchContext

SCHEDULERS: dict[str, type[Scheduler]] = {
    "halving": HalvingScheduler,
    "asha": AshaScheduler,
    "pbt": PbtScheduler,
}
"""Every scheduler by its name; settings name it indirectly."""


def scheduler_name(settings: Settings) -> str:
    """Return the name of the scheduler of a search."""
    if settings.sampler == "pbt":
        return "pbt"
    return "asha" if settings.asynchronous else "halving"


def make_scheduler(context: SearchContext) -> Scheduler:
    """Return the scheduler of a search."""
    return SCHEDULERS[scheduler_name(context.state.record.settings)](context)
