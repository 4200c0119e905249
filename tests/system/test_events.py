"""Events of countable work come in order, and the end comes also after an error."""

import pytest

from workbench.errors import DataError
from workbench.system.events import Progressed, WorkEnded, WorkStarted, counting


def test_countable_work_starts_progresses_and_ends() -> None:
    events: list[object] = []
    with counting(events.append, "checking Set5") as advance:
        advance(1, 2, "baby")
    assert events == [WorkStarted("checking Set5"), Progressed(1, 2, "baby"), WorkEnded()]


def test_work_ends_also_when_it_fails() -> None:
    events: list[object] = []
    with pytest.raises(DataError, match="no image"), counting(events.append, "checking Set5"):
        raise DataError("no image")
    assert events[-1] == WorkEnded()
