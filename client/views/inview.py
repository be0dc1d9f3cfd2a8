"""What a person looks at: the queue, or a view of it in some order, or that held still.

The queue itself (open, not snoozed, in its own order) is kept up whatever is looked at, so that going back to it
costs nothing. Another view is filled by a walk over all cases in slices; until that has ended, `searching` says how
far it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

from msgspec import Struct

from client.standing import Entry
from client.views.lock import Lock
from client.views.shown import Queued, Rows, Shown, Wanted, Worth
from client.views.sorts import QUEUE, SORTS
from client.views.walk import Walk


class Progress(Struct, frozen=True):
    """How far a search is: cases asked and cases in all."""

    seen: int
    total: int


class InView(Sequence[str]):
    """The case ids in view, in order. One object for good: what it shows changes, who holds it need not."""

    def __init__(self) -> None:
        self._queue = Queued()
        self._chosen: Shown | None = None
        self._walk: Walk | None = None
        self._whole = True
        """Whether the chosen view was walked through once."""
        self._lock: Lock | None = None
        self._left: list[Shown] = []
        """Lists that nobody looks at any more."""

    @property
    def _shown(self) -> Shown:
        return self._queue if self._chosen is None else self._chosen

    @property
    def _list(self) -> Shown | Lock:
        return self._shown if self._lock is None else self._lock

    # --- what is looked at

    def choose(
        self,
        wanted: Wanted | None,
        sort: str,
        rows: Rows,
        first: Iterable[str] = (),
        worth: Worth | None = None,
    ) -> None:
        """Look at the cases that are `wanted` (None: the queue) in an order; a lock is gone. `step` fills it."""
        self._lock = None
        self._walk = None
        if self._chosen is not None:
            self._left.append(self._chosen)
        if wanted is None and sort == QUEUE:
            self._chosen = None
            self._whole = True
            return
        self._chosen = Shown(self._queue.wanted if wanted is None else wanted, SORTS[sort].place, worth)
        self._whole = False
        self._walk = Walk(self._chosen, rows, self._queue, first)

    def again(self, rows: Rows, first: Iterable[str] = ()) -> None:
        """Ask every case again, for what time alone changes. The list stays whole meanwhile."""
        if self._walk is None and self._chosen is not None:
            self._walk = Walk(self._chosen, rows, self._queue, first)

    def update(self, rows: Rows, dirty: Iterable[str], now: int) -> None:
        """Take in the cases that changed, came or went."""
        changes: dict[str, Entry | None] = {}
        try:
            self._shown.update(rows, dirty, now, changes)
        finally:
            if self._lock is not None:
                self._lock.note(changes)
        if self._chosen is not None:
            self._queue.update(rows, dirty, now)

    def step(self, rows: Rows, now: int, clock: Callable[[], float], until: float) -> bool:
        """Go on with a walk until `clock()` reaches `until`; whether that changed what is in view."""
        while self._left and clock() < until:
            if not self._left[-1].dismantle(clock, until):
                self._left.pop()
        walk = self._walk
        if walk is None:
            return False
        changes: dict[str, Entry | None] = {}
        try:
            walk.step(rows, now, clock, until, changes)
        finally:
            if self._lock is not None:
                self._lock.note(changes)
        if walk.ended:
            self._walk = None
            self._whole = True
        return bool(changes)

    @property
    def walking(self) -> bool:
        """Whether every case is being asked."""
        return self._walk is not None

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do, be it only to tidy up."""
        return self._walk is not None or bool(self._left)

    def searching(self, rows: Rows) -> Progress | None:
        """How far the search is, while not every case has been asked once; else None."""
        if self._whole or self._walk is None:
            return None
        total = len(rows)
        return Progress(min(self._walk.seen, total), total)

    # --- the lock

    def lock(self) -> None:
        """Let every row keep its place from now on."""
        self._lock = Lock(self._shown)

    def unlock(self) -> None:
        """Show the order as it is again."""
        self._lock = None

    @property
    def locked(self) -> bool:
        return self._lock is not None

    @property
    def new(self) -> int:
        """How many cases came since the lock."""
        return 0 if self._lock is None else self._lock.new

    # --- a sequence

    def __len__(self) -> int:
        return len(self._list)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        return self._list[at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._list)

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._list

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """Where `value` stands. Raises `ValueError` if it is not in view."""
        return self._list.index(value)
