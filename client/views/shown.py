"""Which cases a view shows, in one order, kept up by the cases that changed.

One change costs a bisect, so a floor of a hundred thousand cases under load costs no more than a small one. What time
alone changes (a query on lateness) is asked again by a `Walk`, or at once by `rebuild` where the floor is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Final, TypeAlias

from sortedcontainers import SortedList

from casework.model import Row
from casework.tokens import OPEN_STATES
from client.keptrows import peeked, standing_in
from client.standing import Entry, Standing
from client.views.placed import Placed
from client.views.sorts import Place, queued_place

Wanted: TypeAlias = Callable[[Row, int], bool]
"""Whether the view shows a row at a time (ms UTC)."""
Worth: TypeAlias = Callable[[Standing], bool]
"""Whether what is at hand of a case leaves open that the view shows it."""
DISMANTLED: Final = 256
"""Entries that are let go of between two looks at the clock."""
Rows: TypeAlias = Mapping[str, Row]
Changes: TypeAlias = Mapping[str, Entry | None]
"""The cases whose place or membership is another one now, each with the entry it had before."""


class Shown(Placed):
    """The case ids of a view, in order: a sequence with a fast `index`."""

    def __init__(
        self, wanted: Wanted, place: Callable[[Row], Place] = queued_place, worth: Worth | None = None
    ) -> None:
        self.wanted = wanted
        self._worth = worth
        self._place = place
        self._entries: dict[str, Entry] = {}
        self._order: SortedList[Entry] = SortedList()

    def rebuild(self, rows: Rows, now: int) -> None:
        """Ask every case again, in one go."""
        asked = ((case_id, self._asked(rows, case_id, now)) for case_id in rows)
        self._entries = {case_id: entry for case_id, entry in asked if entry is not None}
        self._order = SortedList(self._entries.values())

    def update(
        self, rows: Rows, dirty: Iterable[str], now: int, changes: dict[str, Entry | None] | None = None
    ) -> bool:
        """Take in the cases that changed, came or went; whether any of them stands elsewhere now.

        `changes` is told which, as they are found: it holds what was done even if one case cannot be taken in.
        """
        changes = {} if changes is None else changes
        for case_id in dirty:
            new = self._asked(rows, case_id, now)
            old = self._entries.get(case_id)
            if new is old or new == old:
                continue
            changes.setdefault(case_id, old)
            if old is not None:
                self._order.remove(old)
                del self._entries[case_id]
            if new is not None:
                self._order.add(new)
                self._entries[case_id] = new
        return bool(changes)

    def dismantle(self, clock: Callable[[], float], until: float) -> bool:
        """Let go of a part of it, for a list that nobody looks at any more; whether something is left at `until`.

        To let a hundred thousand entries go at once takes as long as a few frames.
        """
        while self._order and clock() < until:
            for _ in range(min(DISMANTLED, len(self._order))):
                del self._entries[self._order.pop().case_id]
        return bool(self._order)

    def entry(self, case_id: str) -> Entry | None:
        """What places a case, or None if the view does not show it."""
        return self._entries.get(case_id)

    def entries(self) -> list[Entry]:
        """All of it as it stands now: about a millisecond for a hundred thousand."""
        return list(self._order)

    def after(self, entry: Entry | None, count: int) -> list[Entry]:
        """Up to `count` entries that come after `entry`, from the first on if there is none."""
        if entry is None:
            return list(islice(self._order, count))
        return list(islice(self._order.irange(entry, None, (False, True)), count))

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._entries

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """Where `value` stands. Raises `ValueError` if the view does not show it."""
        entry = self._entries.get(value)
        if entry is None:
            raise ValueError("the view does not show this case")
        return int(self._order.index(entry))

    def _asked(self, rows: Rows, case_id: str, now: int) -> Entry | None:
        """What places a case, if the view shows it now."""
        if self._worth is not None:
            at_hand = standing_in(rows, case_id)
            if at_hand is None or not self._worth(at_hand):
                return None
        row = peeked(rows, case_id)
        return None if row is None or not self.wanted(row, now) else Entry(self._place(row), case_id)


class Queued(Shown):
    """The queue: open cases that are not snoozed, in its own order. It is asked of every case at each start, so it
    looks at what is at hand of them and not at their rows, and keeps nothing of its own about one.
    """

    def __init__(self) -> None:
        super().__init__(queued)

    def _asked(self, rows: Rows, case_id: str, now: int) -> Entry | None:
        found = standing_in(rows, case_id)
        return found if found is not None and found.open and not found.snoozed else None


def queued(row: Row, now: int) -> bool:
    """The saved view `all`, without the language."""
    return row.state in OPEN_STATES and row.flags.snoozed_until is None
