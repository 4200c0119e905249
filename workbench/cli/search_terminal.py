"""Shows the events of a search in the terminal."""

from workbench.cli.search_display import SearchDisplay
from workbench.cli.terminal import Terminal
from workbench.experiments.search_events import SearchEnded, SearchRecorded, SearchStarted


class SearchTerminal:
    """Shows events, each as it comes: those of the search itself, of its trials, and notes."""

    def __init__(self) -> None:
        self._terminal = Terminal()
        self._display: SearchDisplay | None = None

    def emit(self, event: object) -> None:
        """Show an event; one of an unknown kind is ignored."""
        match event:
            case SearchStarted(record, trials, at_once):
                self._display = SearchDisplay(record, trials, at_once)
                self._display.__enter__()
            case SearchEnded():
                if self._display:
                    self._display.__exit__(None, None, None)
                self._display = None
            case SearchRecorded(line) if self._display:
                self._display.note(line)
            case _:
                self._terminal.emit(event)
                if self._display:
                    self._display(event)
