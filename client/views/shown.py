"""Which cases a view shows, in the order of the queue, kept up by the cases that changed.

One change costs a bisect, so a floor of a hundred thousand cases under load costs no more than a small one. What time
alone changes (a query on lateness) is asked again by `rebuild`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, overload

from sortedcontainers import SortedList

from casework.model import Row
from casework.order import key

Wanted: TypeAlias = Callable[[Row, int], bool]
"""Whether the view shows a row at a time (ms UTC)."""
Rows: TypeAlias = Mapping[str, Row]
Entry: TypeAlias = tuple[tuple[int, ...], str]


class Shown(Sequence[str]):
    """The case ids of a view, in queue order: a sequence with a fast `index`."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._entries: dict[str, Entry] = {}
        self._order: SortedList[Entry] = SortedList()

    def rebuild(self, rows: Rows, now: int) -> None:
        """Ask every case again."""
        wanted = self.wanted
        self._entries = {case_id: (key(row), case_id) for case_id, row in rows.items() if wanted(row, now)}
        self._order = SortedList(self._entries.values())

    def update(self, rows: Rows, dirty: Iterable[str], now: int) -> bool:
        """Take in the cases that changed, came or went; whether the order or the membership is another one now."""
        moved = False
        for case_id in dirty:
            row = rows.get(case_id)
            new = (key(row), case_id) if row is not None and self.wanted(row, now) else None
            old = self._entries.get(case_id)
            if new == old:
                continue
            moved = True
            if old is not None:
                self._order.remove(old)
                del self._entries[case_id]
            if new is not None:
                self._order.add(new)
                self._entries[case_id] = new
        return moved

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [entry[1] for entry in self._order[at]]
        return self._order[at][1]

    def __iter__(self) -> Iterator[str]:
        return (entry[1] for entry in self._order)

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._entries

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """Where `value` stands. Raises `ValueError` if the view does not show it."""
        entry = self._entries.get(value)
        if entry is None:
            raise ValueError("the view does not show this case")
        return int(self._order.index(entry))
