"""The page of the Python API: every public name of `workbench`, by the module that has it."""

from tools.docs_site.pages import Page
from workbench import _HOMES

PATH = "python-api.md"
_INTRODUCTION = """\
# Python API

Everything that `import workbench as wb` gives. [From Python](python.md) shows it at work."""
HEADINGS = {
    "api.networks": "Networks",
    "api.modules": "Networks",
    "api.costs": "Costs",
    "api.scores": "Scores",
    "api.ablation": "Studies",
    "api.studies": "Studies",
    "api.planning": "Planning",
    "experiments.power_plan": "Planning",
    "api.fidelity": "Fidelity of short trainings",
    "api.tables": "Tables of trials",
    "api.search": "Searches",
    "api.search_results": "Searches",
    "errors": "Errors",
}
"""Of a module's names; other modules have their own name as heading."""

TYPES = (
    "ablation.designs.Design",
    "api.images.ImageLike",
    "api.options.Setting",
    "api.progress.Progressing",
    "api.sources.Images",
    "config.model.ModelConfig",
    "config.module.ModuleConfig",
    "results.Cost",
    "statistics.decision_rule.ErrorRateScope",
)
"""Types that the signatures name."""


INHERITING = ("workbench.api.tables.NetworkTrials", "workbench.api.tables.Table")
"""Classes that have methods of a class without a section of its own."""


def api_page() -> Page:
    """Return the page, which mkdocstrings fills from the docstrings."""
    sections: dict[str, list[str]] = {heading: [] for heading in HEADINGS.values()}
    for name, module in sorted(_HOMES.items(), key=lambda one: one[0].lower()):
        heading = HEADINGS.get(module, module.rpartition(".")[2].replace("_", " ").capitalize())
        sections.setdefault(heading, []).append(f"workbench.{module}.{name}")
    lines = [_INTRODUCTION]
    for heading, names in sections.items():
        lines += ["", f"## {heading}"]
        for name in names:
            lines += _entry(name, f"wb.{name.rpartition('.')[2]}")
    lines += ["", "## Types", "", "Types that the signatures above name."]
    for name in TYPES:
        lines += _entry(f"workbench.{name}", name.rpartition(".")[2])
    return Page(PATH, "Python API", "\n".join(lines) + "\n")


def _entry(name: str, heading: str) -> list[str]:
    options = ["    options:", "      heading_level: 3", f"      heading: {heading}"]
    if name in INHERITING:
        options.append("      inherited_members: true")
    return ["", f"::: {name}", *options, f"      toc_label: {heading}"]
