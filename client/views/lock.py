"""The order of a view held still: rows keep their places while the view beneath goes on.

A case that leaves the view keeps its line, one that moves keeps it too, and one that comes is counted and not shown.
"""

from __future__ import annotations

from bisect import bisect_left

from client.standing import Entry
from client.views.placed import Placed
from client.views.shown import Changes, Shown


class Lock(Placed):
    """The cases that `shown` showed when it was locked, in the order of that time. Tell it of every change."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._order = shown.entries()
        self._before: dict[str, Entry | None] = {}
        """What placed a case at the time of the lock, for those that stand elsewhere by now; None: nothing did."""
        self._new: set[str] = set()

    @property
    def new(self) -> int:
        """How many cases came into the view since, and are there still."""
        return len(self._new)

    def note(self, changes: Changes) -> None:
        """The view beneath changed."""
        for case_id, old in changes.items():
            before = self._before.setdefault(case_id, old)
            if before is None and case_id in self._shown:
                self._new.add(case_id)
            else:
                self._new.discard(case_id)

    def _entry(self, case_id: str) -> Entry | None:
        if case_id in self._before:
            return self._before[case_id]
        return self._shown.entry(case_id)

    def __contains__(self, case_id: object) -> bool:
        return isinstance(case_id, str) and self._entry(case_id) is not None

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """Where `value` stands. Raises `ValueError` if it was not there at the time of the lock."""
        entry = self._entry(value)
        if entry is None:
            raise ValueError("the case was not in view when the order was locked")
        return bisect_left(self._order, entry)
