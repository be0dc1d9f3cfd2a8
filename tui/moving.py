"""Where `b`, `B`, `u`, `J` and `K` go: what is late or due soonest, what nobody has, the case beside the open one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

from tui.floor import WorkFloor
from tui.target import Target

FEW: Final = 1_000
"""Up to so many, looking each one up costs less than walking the list."""


def first_in_view(candidates: Iterable[str], view: Collection[str]) -> str | None:
    """The first of `candidates` that the view shows."""
    return next((case_id for case_id in candidates if case_id in view), None)


def next_unowned(
    ids: Sequence[str], unowned: Collection[str], at: int | None, index_of: Callable[[str], int | None]
) -> str | None:
    """The next case below place `at` that nobody has, from the top again after the last; None if there is none."""
    start = -1 if at is None else at
    if len(unowned) <= FEW:
        places = sorted(place for place in map(index_of, unowned) if place is not None)
        below = [place for place in places if place > start]
        return ids[(below or places)[0]] if places else None
    count = len(ids)
    around = (ids[(start + step) % count] for step in range(1, count + 1))
    return next((case_id for case_id in around if case_id in unowned), None)


class Selecting(Protocol):
    """What moving needs of the screen."""

    def target(self) -> Target: ...
    def select(self, case_id: str) -> None: ...
    def say(self, sentence: str, tone: str = "text") -> None: ...
    def open_pane(self, *, timeline: bool = False, runbook: bool = False) -> None: ...
    def pane_is_open(self) -> bool: ...


class Moving:
    """The moves that look for a case."""

    def __init__(self, model: WorkFloor, screen: Selecting) -> None:
        self._model = model
        self._screen = screen

    def next_late(self) -> None:
        self._to_deadline(forward=True)

    def previous_late(self) -> None:
        self._to_deadline(forward=False)

    def next_unowned(self) -> None:
        cursor = self._screen.target().case_id
        at = None if cursor is None else self._model.index(cursor)
        found = next_unowned(self._model.ids, self._model.tally.unowned_ids, at, self._model.index)
        self._select(found, "Nobody waits for an owner in this view.")

    def next_case(self) -> None:
        self._step(1)

    def previous_case(self) -> None:
        self._step(-1)

    def _to_deadline(self, *, forward: bool) -> None:
        cursor = self._screen.target().case_id
        found = first_in_view(self._model.tally.by_deadline(cursor, forward=forward), self._model.ids)
        self._select(found, "No clock runs in this view.")

    def _select(self, found: str | None, otherwise: str) -> None:
        if found is None:
            self._screen.say(otherwise, "quiet")
        else:
            self._screen.select(found)

    def _step(self, by: int) -> None:
        target = self._screen.target()
        at = None if target.case_id is None else self._model.index(target.case_id)
        ids = self._model.ids
        if at is None or not 0 <= at + by < len(ids):
            return
        self._screen.select(ids[at + by])
        if self._screen.pane_is_open():
            self._screen.open_pane()
