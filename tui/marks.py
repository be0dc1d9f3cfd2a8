"""Marked cases: ids with the version that was last seen of each. No widgets.

A mark belongs to a case, not to a line: it stays where rows move, and goes with a case that leaves the floor. A range
is collected when the cursor moves and not while rows do, so nothing joins it that nobody saw join.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from tui.target import Target

MOST: Final = 1_000
"""Cases that can be marked at once: what the feed takes in one request."""


class TooMany(ValueError):
    """More cases than can be marked; `str()` says so."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"{count:,} cases are more than the {MOST:,} that can be marked: filter first.")


class Marks:
    """`read` gives a case as it is now, None once it left the floor."""

    def __init__(self, read: Callable[[str], Target | None]) -> None:
        self._read = read
        self._kept: dict[str, Target] = {}
        self._range: dict[str, Target] = {}
        self._anchor: str | None = None
        self._all: tuple[Target, ...] | None = ()
        self._awaited: set[str] = set()
        """Marks of an earlier run whose cases have not come yet."""

    @property
    def all(self) -> tuple[Target, ...]:
        """What is marked, each with the version that was last seen."""
        if self._all is None:
            self._all = tuple((self._kept | self._range).values())
        return self._all

    @property
    def ids(self) -> tuple[str, ...]:
        """The marked cases, in the order of marking."""
        return tuple(target.case_id for target in self.all if target.case_id is not None)

    @property
    def ranging(self) -> bool:
        """Whether a range follows the cursor."""
        return self._anchor is not None

    def __len__(self) -> int:
        return len(self.all)

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._kept or case_id in self._range

    @property
    def lasting(self) -> tuple[str, ...]:
        """What is to be marked again after a hang-up."""
        return (*self.ids, *sorted(self._awaited))

    def split(self, view: Collection[str]) -> tuple[tuple[Target, ...], int]:
        """The marked cases that `view` shows, and how many it does not."""
        shown = tuple(target for target in self.all if target.case_id in view)
        return shown, len(self.all) - len(shown)

    # --- marking

    def toggle(self, case_id: str) -> None:
        """Mark a case, or take its mark away. Raises `TooMany`."""
        self.end_range()
        if self._kept.pop(case_id, None) is None:
            self.add((case_id,))
        self._all = None

    def add(self, case_ids: Iterable[str]) -> None:
        """Mark cases. Raises `TooMany`, and then marks none."""
        wanted = dict.fromkeys([*self._kept, *case_ids])
        if len(wanted) > MOST:
            raise TooMany(len(wanted))
        self._kept |= self._seen(case_id for case_id in wanted if case_id not in self._kept)
        self._all = None

    def restore(self, case_ids: Iterable[str]) -> None:
        """Mark what was marked before, as soon as each of it is there."""
        self.clear()
        wanted = list(case_ids)[:MOST]
        self.add(wanted)
        self._awaited = {case_id for case_id in wanted if case_id not in self._kept}

    def clear(self) -> bool:
        """Take all marks away; whether there were any."""
        there = bool(len(self)) or self.ranging
        self._kept, self._range, self._anchor, self._all = {}, {}, None, ()
        self._awaited.clear()
        return there

    # --- a range

    def begin_range(self, case_id: str) -> None:
        """From this case on, up to wherever the cursor goes."""
        self.end_range()
        self._anchor = case_id
        self._range = self._seen((case_id,))
        self._all = None

    def end_range(self) -> None:
        """The range stands as it is, as marks."""
        self._kept |= self._range
        self._range, self._anchor = {}, None

    def extend(self, case_id: str, ids: Sequence[str], index_of: Callable[[str], int | None]) -> None:
        """The cursor went to a case: the range is what stands from its first case to this one, now.

        Raises `TooMany`; the range stays as it was.
        """
        if self._anchor is None:
            return
        start, end = index_of(self._anchor), index_of(case_id)
        if end is None:
            return
        if start is None:  # the first case left the view: the range goes on from here
            self.begin_range(case_id)
            return
        low, high = min(start, end), max(start, end)
        if high - low + 1 + len(self._kept) > MOST:
            raise TooMany(high - low + 1 + len(self._kept))
        self._range = self._seen(ids[low : high + 1])
        self._all = None

    # --- keeping up

    def update(self, dirty: Collection[str]) -> None:
        """These cases changed: what is marked of them has another version, or left the floor."""
        if self._awaited and (come := self._seen(self._awaited.intersection(dirty))):
            self._kept |= come
            self._awaited -= come.keys()
            self._all = None
        for marks in (self._kept, self._range):
            for case_id in [each for each in marks if each in dirty]:
                seen = self._read(case_id)
                if seen is None:
                    del marks[case_id]
                else:
                    marks[case_id] = seen
                self._all = None

    def _seen(self, case_ids: Iterable[str]) -> dict[str, Target]:
        found = ((case_id, self._read(case_id)) for case_id in case_ids)
        return {case_id: target for case_id, target in found if target is not None}
