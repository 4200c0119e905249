"""All images of several sets are read before any network is run on them."""

from collections.abc import Iterable

from rich.progress import TaskID

from workbench.cli.console import note
from workbench.cli.display import bars
from workbench.data.packing import check_images
from workbench.data.pairs import FolderPairs
from workbench.errors import DataError
from workbench.evaluation.metrics import smallest_hr_px as score_size_px


def check_sets(sets: Iterable[FolderPairs], smallest_hr_px: int) -> None:
    """Decode every image of every set, so that all bad ones are known before any is scored.

    Args:
        sets: All of one scale.
        smallest_hr_px: Least height and width of HR that all networks accept.

    Raises:
        DataError: With the bad images of all sets.
    """
    problems = []
    with bars() as progress:
        for images in sets:
            task = progress.add_task(f"checking {images.name}", total=len(images), remark="")

            def advance(done: int, _total: int, what: str, task: TaskID = task) -> None:
                progress.update(task, completed=done, remark=what)

            least = max(smallest_hr_px, score_size_px(images.scale))
            try:
                check_images(images.files, images.scale, least, advance)
            except DataError as error:
                problems.append(str(error))
            progress.remove_task(task)
            if images.scale == 1 and images.files.lr is None:
                note(f"warning: {images.name} has no folder X1: the input is the HR image itself")
    if problems:
        raise DataError("; ".join(problems))
