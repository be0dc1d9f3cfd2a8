"""The floor in numbers: open, unowned, late, snoozed, and every open S0. Kept up by the cases that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from heapq import merge

from sortedcontainers import SortedList

from casework import order
from casework.model import Row
from client.keptrows import standing_in
from client.standing import Standing, before


class Tally:
    """Counts over all rows of the mirror, whatever a view hides.

    The queue has the cases of one band and kind of clock together, by deadline: of those few stretches the order of
    all deadlines is made when somebody asks, and no second list is kept.
    """

    def __init__(self) -> None:
        self._open: dict[str, Standing] = {}
        self._running: SortedList[Standing] = SortedList()
        """The open cases with a running clock, in queue order."""
        self._unowned: set[str] = set()
        self._s0: set[str] = set()
        self._s1: set[str] = set()
        self._mine: set[str] = set()
        self._snoozed = 0
        self._me = ""

    @property
    def me(self) -> str:
        """Whose cases `mine` are."""
        return self._me

    @me.setter
    def me(self, me: str) -> None:
        if me != self._me:
            self._me = me
            self._mine = {
                case_id for case_id, held in self._open.items() if held.owner is not None and held.owner == me
            }

    def update(self, rows: Mapping[str, Row], dirty: Iterable[str]) -> None:
        """Take in the cases that changed, came or went."""
        for case_id in dirty:
            new = standing_in(rows, case_id)
            if new is not None and not new.open:
                new = None
            old = self._open.get(case_id)
            if new is old or new == old:
                continue
            if old is not None:
                self._uncount(case_id)
            if new is not None:
                self._count(new)

    def _count(self, new: Standing) -> None:
        case_id = new.case_id
        self._open[case_id] = new
        if new.owner is None:
            self._unowned.add(case_id)
        elif new.owner == self._me:
            self._mine.add(case_id)
        if new.severity == "S0":
            self._s0.add(case_id)
        elif new.severity == "S1":
            self._s1.add(case_id)
        self._snoozed += new.snoozed
        if new.due_at is not None:
            self._running.add(new)

    def _uncount(self, case_id: str) -> None:
        old = self._open.pop(case_id)
        for group in (self._unowned, self._mine, self._s0, self._s1):
            group.discard(case_id)
        self._snoozed -= old.snoozed
        if old.due_at is not None:
            self._running.remove(old)

    @property
    def open(self) -> int:
        return len(self._open)

    @property
    def unowned(self) -> int:
        return len(self._unowned)

    @property
    def snoozed(self) -> int:
        return self._snoozed

    def is_s0(self, case_id: str) -> bool:
        """Whether that is an open S0."""
        return case_id in self._s0

    @property
    def s0(self) -> frozenset[str]:
        """Every open S0, by id."""
        return frozenset(self._s0)

    @property
    def s1(self) -> frozenset[str]:
        """Every open S1, by id."""
        return frozenset(self._s1)

    @property
    def mine(self) -> frozenset[str]:
        """The open cases of `me`."""
        return frozenset(self._mine)

    @property
    def urgent_of_mine(self) -> int:
        """How many open S0 and S1 `me` owns."""
        return sum(self._open[case_id].severity in ("S0", "S1") for case_id in self._mine)

    @property
    def unowned_ids(self) -> Set[str]:
        """The open cases that nobody has, as a live view."""
        return self._unowned

    def foremost(self, count: int) -> list[str]:
        """The first cases of the queue whose clock runs, up to `count`; what is snoozed only if it is an S0."""
        ahead = self._running.islice(0, 4 * count)
        return [each.case_id for each in ahead if not each.snoozed or each.severity == "S0"][:count]

    # --- by deadline

    def by_deadline(self, case_id: str | None, *, forward: bool) -> Iterator[str]:
        """Open cases with a running clock in the order of their deadlines, from the one after `case_id` on.

        Backwards if not `forward`; after the last comes the first. Without a known `case_id`: from the most overdue on.
        """
        here = None if case_id is None else self._open.get(case_id)
        due_at = None if here is None else here.due_at
        if here is None or due_at is None:
            yield from (each.case_id for each in self._deadlines(reverse=False))
            return
        # Those that are due together stand as in the queue.
        mark = (due_at, here.place)
        for after in (True, False):
            for each in self._deadlines(due_at, reverse=not forward, rest=not after):
                place = (each.due_at or 0, each.place)
                if ((place > mark) if forward else (place < mark)) == after:
                    yield each.case_id

    def late(self, now: int) -> int:
        """How many cases' next clock is past."""
        return sum(self._at(urgency, now) - start for urgency, start, _ in self._stretches())

    def due_between(self, start: int, end: int) -> list[str]:
        """The cases whose next clock is due from `start` on and before `end`."""
        found: list[str] = []
        for urgency, _, _ in self._stretches():
            found += [each.case_id for each in self._running[self._at(urgency, start) : self._at(urgency, end)]]
        return found

    def next_late(self, now: int) -> tuple[int, str] | None:
        """(due_at, case id) of the next case to be late, or None."""
        soonest = [self._running[at] for urgency, _, end in self._stretches() if (at := self._at(urgency, now)) < end]
        return min(((each.due_at or 0, each.case_id) for each in soonest), default=None)

    def _stretches(self) -> Iterator[tuple[int, int, int]]:
        """(urgency, start, end) of the cases that stand by their deadlines."""
        start, count = 0, len(self._running)
        while start < count:
            urgency = order.urgency(self._running[start].place)
            end = int(self._running.bisect_left(before(order.first_place(urgency + 1))))
            yield urgency, start, end
            start = end

    def _at(self, urgency: int, due_at: int) -> int:
        """The place in the list from which on cases of an urgency are due at `due_at` or later."""
        return int(self._running.bisect_left(before(order.first_place(urgency, due_at))))

    def _deadlines(self, due_at: int | None = None, *, reverse: bool, rest: bool = False) -> Iterator[Standing]:
        """All running ones by deadline, backwards if `reverse`; with `due_at`, those from it on, or the `rest`."""
        parts: list[Iterator[Standing]] = []
        for urgency, start, end in self._stretches():
            if due_at is not None:
                # Those that are due at that moment belong to both: whoever asks tells them apart.
                first, last = self._at(urgency, due_at), self._at(urgency, due_at + 1)
                if reverse != rest:
                    end = last
                else:
                    start = first
            parts.append(self._running.islice(start, end, reverse))
        return merge(*parts, key=lambda each: (each.due_at, each.place), reverse=reverse)
