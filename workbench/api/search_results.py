"""A search as tables and as a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.pages import HEIGHT_PX, inline, show_inline
from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.errors import ConfigError, nearest
from workbench.experiments.search_overview import SearchOverview
from workbench.search.proposals import Proposal
from workbench.search.state import SearchState
from workbench.system.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd


class SearchResults:
    """What a search has found. In a notebook it shows its report."""

    def __init__(self, state: SearchState) -> None:
        self._overview = SearchOverview(state)

    @property
    def name(self) -> str:
        """Of the search."""
        return self._overview.state.record.name

    @property
    def question(self) -> str:
        """What its space asks."""
        return self._overview.state.record.settings.space.question

    @property
    def best(self) -> str | None:
        """Name of the best network; None while nothing is scored.

        With several objectives it is the first of the front.
        """
        return next(iter(self._overview.front), None)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row a network.

        Columns: name (`t0000` is the canonical network), the objectives (means over the seeds;
        empty without a score), on_front, ending (why there is no score), parameters, multiply_adds,
        and the fields that the search has set, such as `model.channels`.
        """
        import pandas as pd

        rows = [self._row(proposal) for proposal in self._overview.state.trained]
        head = ["name", *(objective.name for objective in self._overview.objectives)]
        head += ["on_front", "ending", "parameters", "multiply_adds"]
        fields = dict.fromkeys(key for row in rows for key in row if key not in head)
        return pd.DataFrame(rows, columns=[*dict.fromkeys(head), *fields])

    def front(self) -> "pd.DataFrame":
        """Return the rows of the networks within the limits that no other one beats."""
        frame = self.to_frame()
        return frame[frame["on_front"]].reset_index(drop=True)

    def config(self, name: str | None = None) -> ModelConfig | ModuleConfig:
        """Return the network of a trial, which `wb.build` and `wb.count` take.

        Args:
            name: Such as `t0007`; the best one if None.

        Raises:
            ConfigError: For an unknown name, with the nearest one; without a name while nothing is
                scored.
        """
        name = name or self.best
        if name is None:
            raise ConfigError(f"search {self.name!r} has no network with a score yet")
        known = {proposal.name: proposal for proposal in self._overview.state.trained}
        if name not in known:
            raise ConfigError(f"search {self.name!r} has no trial {name!r}; {nearest(name, known)}")
        return self._overview.state.config(known[name]).model

    def to_html(self) -> str:
        """Return the report as one HTML page that needs no other file.

        Raises:
            WorkbenchError: While the canonical network has no score.
        """
        from workbench.reporting.search_page import search_page
        from workbench.search.analysis import analyse_search

        return search_page(analyse_search(self._overview.state, self._overview.objectives))

    def save(self, path: str | Path) -> Path:
        """Write the report as one HTML page.

        Returns:
            The file.

        Raises:
            StoreError: If it cannot be written.
        """
        file = Path(path)
        write_atomically(file, self.to_html().encode())
        return file

    def show(self, height_px: int = HEIGHT_PX) -> None:
        """Show the report in the notebook.

        Args:
            height_px: Of the frame, in which the page scrolls.

        Raises:
            ConfigError: Outside of notebooks, where `save` writes the page.
        """
        show_inline(self.to_html(), height_px)

    def __repr__(self) -> str:
        count = len(self._overview.state.trained)
        return f"<search {self.name}: {count} networks, {len(self._overview.front)} on the front>"

    def _repr_html_(self) -> str:
        return inline(self.to_html())

    def _row(self, proposal: Proposal) -> dict[str, Any]:
        overview, cost = self._overview, proposal.cost
        objectives = [objective.name for objective in overview.objectives]
        values = overview.values.get(proposal.name, ())
        row: dict[str, Any] = {"name": proposal.name}
        row |= {"on_front": proposal.name in overview.front, "ending": overview.ending(proposal)}
        if cost is not None:
            row |= {"parameters": cost.parameters, "multiply_adds": cost.multiply_adds}
        return row | dict(zip(objectives, values, strict=False)) | proposal.overrides
