"""The rows of the mirror, in little memory: a hundred thousand decoded ones take half a gigabyte.

Decoded are those that were read or changed lately; the others are packed, and a row that is asked for costs some ten
microseconds. What lists ask of every case (`Standing`) is always at hand, and so is the order of the queue.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, KeysView, Mapping
from itertools import islice
from typing import Final, TypeVar, overload

from sortedcontainers import SortedList

from casework.model import Row
from client.packing import Packing
from client.standing import Standing, standing

T = TypeVar("T")

RECENT: Final = 1_024
"""Rows that stay decoded: what is on the screen, and what changes all the time."""
_LEARNED_FROM: Final = 16


class KeptRows(Mapping[str, Row]):
    """Rows by case id; a mapping for reading, kept up with `put` and `drop`.

    `queue` has the standings in queue order. Rows of two of these that share a `packing` can be taken over.
    """

    def __init__(self, packing: Packing | None = None, *, recent: int = RECENT) -> None:
        self.queue: SortedList[Standing] = SortedList()
        self.packing = packing or Packing()
        self._standings: dict[str, Standing] = {}
        self._packed: dict[str, bytes] = {}
        self._recent: OrderedDict[str, Row] = OrderedDict()
        """Decoded rows, the one not used for longest first; those that are not in `_packed` have no other form."""
        self._most_recent = recent

    # --- reading

    def __getitem__(self, case_id: str) -> Row:
        row = self._recent.get(case_id)
        if row is not None:
            self._recent.move_to_end(case_id)
            return row
        row = self._recent[case_id] = self.packing.unpack(self._packed[case_id])
        self._limit()
        return row

    @overload
    def get(self, key: str, default: None = None, /) -> Row | None: ...
    @overload
    def get(self, key: str, default: Row | T, /) -> Row | T: ...
    def get(self, key: str, default: Row | T | None = None, /) -> Row | T | None:
        """Its own, since that of a mapping asks by raising; events ask for a row two thousand times a second."""
        return self[key] if key in self._standings else default

    def peek(self, case_id: str) -> Row | None:
        """The row of a case for one look: whoever walks through all of them drives nothing out that is used."""
        row = self._recent.get(case_id)
        if row is None and (packed := self._packed.get(case_id)) is not None:
            row = self.packing.unpack(packed)
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(self._standings)

    def __len__(self) -> int:
        return len(self._standings)

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._standings

    def keys(self) -> KeysView[str]:
        return self._standings.keys()

    def standing(self, case_id: str) -> Standing | None:
        """What is always at hand of a case, or None if it is not here."""
        return self._standings.get(case_id)

    # --- keeping up

    def put(self, row: Row) -> None:
        """Keep `row`, in place of an older one of the case. Raises `ValueError` if it has no place in the queue."""
        case_id = row.case_id
        new = standing(row)
        old = self._standings.get(case_id)
        if new != old:
            if old is not None:
                self.queue.remove(old)
            self.queue.add(new)
            self._standings[case_id] = new
        self._packed.pop(case_id, None)
        self._recent[case_id] = row
        self._recent.move_to_end(case_id)
        self._limit()

    def take_over(self, case_id: str, other: KeptRows) -> None:
        """Keep a case as `other`, which shares the packing, has it. The case must not be here yet."""
        kept = other._standings[case_id]
        self.queue.add(kept)
        self._standings[case_id] = kept
        packed = other._packed.get(case_id)
        if packed is not None:
            self._packed[case_id] = packed
        else:
            self._recent[case_id] = other._recent[case_id]
            self._limit()

    def drop(self, case_id: str) -> None:
        """Forget a case. Raises `KeyError` if it is not here."""
        self.queue.remove(self._standings.pop(case_id))
        self._packed.pop(case_id, None)
        self._recent.pop(case_id, None)

    def _limit(self) -> None:
        while len(self._recent) > self._most_recent:
            case_id, row = self._recent.popitem(last=False)
            if case_id not in self._packed:
                self._packed[case_id] = self._pack(row)

    def _pack(self, row: Row) -> bytes:
        packing = self.packing
        if not packing.learned:
            # Neighbors in the queue resemble each other: take some from all over.
            packing.learn([row, *islice(self._recent.values(), None, None, self._most_recent // _LEARNED_FROM + 1)])
        return packing.pack(row)


def standing_in(rows: Mapping[str, Row], case_id: str) -> Standing | None:
    """The standing of a case among `rows`, without a look at the row where they keep it."""
    if isinstance(rows, KeptRows):
        return rows.standing(case_id)
    row = rows.get(case_id)
    return None if row is None else standing(row)


def peeked(rows: Mapping[str, Row], case_id: str) -> Row | None:
    """The row of a case among `rows`, for one look."""
    return rows.peek(case_id) if isinstance(rows, KeptRows) else rows.get(case_id)
