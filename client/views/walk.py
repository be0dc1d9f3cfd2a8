"""Every case of the floor asked once whether a view wants it, a slice of time after the other.

A hundred thousand cases take longer than a key press may wait. What changes meanwhile is asked by `Shown.update`, so
the walk need not be stopped for it: when it has ended, the view is what asking all at once would have made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from client.standing import Entry
from client.views.shown import Rows, Shown

CHUNK: Final = 64
"""Cases that are looked up at once; the time is asked after each of them."""


class Walk:
    """Fills `target`. `first` are asked first (what is selected, what is in sight), then the queue in its order."""

    def __init__(self, target: Shown, rows: Rows, queue: Shown, first: Iterable[str] = ()) -> None:
        self._target = target
        self._queue = queue
        self._todo = self._ids(rows, queue, tuple(first))
        self.seen = 0
        """How many cases were asked so far."""
        self.ended = False

    def step(
        self, rows: Rows, now: int, clock: Callable[[], float], until: float, changes: dict[str, Entry | None]
    ) -> None:
        """Go on until `clock()` (ms) reaches `until`, by at least one case; `changes` is told who stands elsewhere."""
        for case_id in self._todo:
            if case_id:
                self._target.update(rows, (case_id,), now, changes)
            if clock() >= until:
                return
        self.ended = True

    def _ids(self, rows: Rows, queue: Shown, first: tuple[str, ...]) -> Iterator[str]:
        """The ids to ask; an empty one gives the time a chance to be asked."""
        yield from first
        last: Entry | None = None
        # A case that moves from ahead to behind has changed, and what changes is asked anyway.
        while chunk := queue.after(last, CHUNK):
            for entry in chunk:
                self.seen += 1
                yield entry.case_id
            last = chunk[-1]
        # Snoozed and ended cases stand in no queue.
        for at, case_id in enumerate(list(rows)):
            if case_id not in queue:
                self.seen += 1
                yield case_id
            elif at % CHUNK == 0:
                yield ""
