"""MDRN Workbench: ablation and architecture search on MDRN for efficient super-resolution.

`import workbench as wb` gives the functions and classes of `__all__`; `docs/python.md` shows them
at work. Each is imported when it is first used, so that the import itself takes no time:

    import workbench as wb

    network = wb.load("mdrn-s.pth")
    large = wb.upscale(network, image)
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.api.ablation import ablate
    from workbench.api.costs import challenge_score, count, count_fvcore
    from workbench.api.exports import export_model, export_ntire
    from workbench.api.fidelity import FidelityResults, fidelity
    from workbench.api.modules import module
    from workbench.api.networks import (
        Network,
        build,
        load,
        preset,
        presets,
        upscale,
        variant,
        variants,
    )
    from workbench.api.planning import plan
    from workbench.api.scores import Scores, evaluate
    from workbench.api.search import open_search, search
    from workbench.api.search_results import SearchResults
    from workbench.api.simulation import SimulationResults, simulate
    from workbench.api.studies import StudyResults, studies, study
    from workbench.api.tables import NetworkTrials, Table, table, write_table
    from workbench.errors import WorkbenchError
    from workbench.experiments.power_plan import PowerPlan

__version__ = "0.7.0"

_HOMES = {
    "FidelityResults": "api.fidelity",
    "Network": "api.networks",
    "NetworkTrials": "api.tables",
    "PowerPlan": "experiments.power_plan",
    "Scores": "api.scores",
    "SearchResults": "api.search_results",
    "SimulationResults": "api.simulation",
    "StudyResults": "api.studies",
    "Table": "api.tables",
    "WorkbenchError": "errors",
    "ablate": "api.ablation",
    "build": "api.networks",
    "challenge_score": "api.costs",
    "count": "api.costs",
    "count_fvcore": "api.costs",
    "evaluate": "api.scores",
    "export_model": "api.exports",
    "export_ntire": "api.exports",
    "fidelity": "api.fidelity",
    "load": "api.networks",
    "module": "api.modules",
    "open_search": "api.search",
    "plan": "api.planning",
    "preset": "api.networks",
    "presets": "api.networks",
    "search": "api.search",
    "simulate": "api.simulation",
    "studies": "api.studies",
    "study": "api.studies",
    "table": "api.tables",
    "upscale": "api.networks",
    "variant": "api.networks",
    "variants": "api.networks",
    "write_table": "api.tables",
}
"""The module that each public name is imported from at its first use."""

__all__ = [
    "FidelityResults",
    "Network",
    "NetworkTrials",
    "PowerPlan",
    "Scores",
    "SearchResults",
    "SimulationResults",
    "StudyResults",
    "Table",
    "WorkbenchError",
    "__version__",
    "ablate",
    "build",
    "challenge_score",
    "count",
    "count_fvcore",
    "evaluate",
    "export_model",
    "export_ntire",
    "fidelity",
    "load",
    "module",
    "open_search",
    "plan",
    "preset",
    "presets",
    "search",
    "simulate",
    "studies",
    "study",
    "table",
    "upscale",
    "variant",
    "variants",
    "write_table",
]


class _CallablePackage(ModuleType):
    """The package `workbench.search`, which the API calls: it shares its name with `wb.search`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    @property
    def __wrapped__(self) -> Any:
        """The function, for signatures and help."""
        return importlib.import_module("workbench.api.search").search


class _Package(ModuleType):
    """This module: whenever `workbench.search` is imported, it becomes callable."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "search" and isinstance(value, ModuleType):
            value.__class__ = _CallablePackage
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562).

    Raises:
        AttributeError: For any other name.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "search":
        return importlib.import_module("workbench.search")
    value: object = getattr(importlib.import_module(f"workbench.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return what `dir(workbench)` and completion list."""
    return sorted({*globals(), *__all__})
