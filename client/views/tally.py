"""The floor in numbers: open, unowned, late, snoozed, and every open S0. Kept up by the cases that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sortedcontainers import SortedList

from casework.model import Row
from casework.order import next_clock
from casework.tokens import OPEN_STATES


class Tally:
    """Counts over all rows of the mirror, whatever a view hides."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._unowned: set[str] = set()
        self._snoozed: set[str] = set()
        self._s0: set[str] = set()
        self._mine: set[str] = set()
        self.me = ""
        """Whose cases `mine` are; `rebuild` after it became somebody else."""
        self._due: dict[str, tuple[int, str]] = {}
        self._dues: SortedList[tuple[int, str]] = SortedList()

    def rebuild(self, rows: Mapping[str, Row]) -> None:
        """Count every row again, after a snapshot."""
        for group in (self._open, self._unowned, self._snoozed, self._s0, self._mine):
            group.clear()
        self._due.clear()
        self._dues = SortedList()
        self.update(rows, rows)

    def update(self, rows: Mapping[str, Row], dirty: Iterable[str]) -> None:
        """Take in the cases that changed, came or went."""
        for case_id in dirty:
            row = rows.get(case_id)
            working = row is not None and row.state in OPEN_STATES
            _keep(self._open, case_id, working)
            _keep(self._unowned, case_id, working and row is not None and row.owner is None)
            _keep(self._s0, case_id, working and row is not None and row.severity == "S0")
            _keep(self._snoozed, case_id, working and row is not None and row.flags.snoozed_until is not None)
            _keep(self._mine, case_id, working and row is not None and row.owner is not None and row.owner == self.me)
            clock = next_clock(row.clocks) if working and row is not None else None
            self._place(case_id, None if clock is None else (clock.due_at, case_id))

    def _place(self, case_id: str, new: tuple[int, str] | None) -> None:
        old = self._due.pop(case_id, None)
        if old != new and old is not None:
            self._dues.remove(old)
        if new is not None:
            self._due[case_id] = new
            if old != new:
                self._dues.add(new)

    @property
    def open(self) -> int:
        return len(self._open)

    @property
    def unowned(self) -> int:
        return len(self._unowned)

    @property
    def snoozed(self) -> int:
        return len(self._snoozed)

    @property
    def s0(self) -> frozenset[str]:
        """Every open S0, by id."""
        return frozenset(self._s0)

    @property
    def mine(self) -> frozenset[str]:
        """The open cases of `me`."""
        return frozenset(self._mine)

    @property
    def unowned_ids(self) -> frozenset[str]:
        """The open cases that nobody has."""
        return frozenset(self._unowned)

    def by_deadline(self, case_id: str | None, *, forward: bool) -> Iterator[str]:
        """Open cases with a running clock in the order of their deadlines, from the one after `case_id` on.

        Backwards if not `forward`; after the last comes the first. Without a known `case_id`: from the most overdue on.
        """
        count = len(self._dues)
        here = None if case_id is None else self._due.get(case_id)
        start = -1 if here is None else int(self._dues.index(here))
        step = 1 if forward or here is None else -1
        return (self._dues[(start + step * by) % count][1] for by in range(1, count + 1))

    def late(self, now: int) -> int:
        """How many cases' next clock is past."""
        return int(self._dues.bisect_left((now, "")))

    def due_between(self, start: int, end: int) -> list[str]:
        """The cases whose next clock is due from `start` on and before `end`."""
        return [case_id for _, case_id in self._dues.irange((start, ""), (end, ""), (True, False))]

    def next_late(self, now: int) -> tuple[int, str] | None:
        """(due_at, case id) of the next case to be late, or None."""
        at = int(self._dues.bisect_left((now, "")))
        return self._dues[at] if at < len(self._dues) else None


def _keep(group: set[str], case_id: str, belongs: bool) -> None:
    if belongs:
        group.add(case_id)
    else:
        group.discard(case_id)
