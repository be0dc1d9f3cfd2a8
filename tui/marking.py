"""What the keys of marks do: mark and advance, a range with a count, all that is shown. Nothing here changes a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from casework.untrusted import Untrusted
from tui.floor import WorkFloor
from tui.marks import TooMany
from tui.target import Target

LONGEST: Final = 4
"""Digits of a count."""


class Marked(Protocol):
    """What the screen does for it."""

    def target(self) -> Target: ...
    def move(self, lines: int) -> None: ...
    def pane_is_open(self) -> bool: ...
    def marks_changed(self) -> None: ...
    def say(self, sentence: str | Untrusted, tone: str = "text") -> None: ...


class Marking:
    """Marks of one floor. While a range is open digits are a count for the move that follows, and nothing else."""

    def __init__(self, model: WorkFloor, screen: Marked) -> None:
        self._model = model
        self._screen = screen
        self._count = ""

    def acts(self) -> dict[str, Callable[[], None]]:
        """What each act does, by its name."""
        return {"mark": self._mark, "range": self._range, "mark_all": self._all}

    @property
    def count(self) -> str:
        """The count that was typed so far."""
        return self._count

    def digit(self, key: str) -> bool:
        """Take a digit of a count; False if this key is none now."""
        if not self._model.marks.ranging or len(key) != 1 or not key.isascii() or not key.isdigit():
            return False
        if key != "0" or self._count:
            self._count = (self._count + key)[:LONGEST]
        return True

    def times(self) -> int:
        """How often the move that follows is made; the count has served."""
        count, self._count = self._count, ""
        return int(count or 1)

    def moved(self) -> None:
        """The cursor may be elsewhere: an open range follows it."""
        self._count = ""
        marks, case_id = self._model.marks, self._screen.target().case_id
        if marks.ranging and case_id is not None:
            self._try(lambda: marks.extend(case_id, self._model.ids, self._model.index))

    def clear(self) -> bool:
        """Take all marks away; whether there were any."""
        self._count = ""
        cleared = self._model.marks.clear()
        if cleared:
            self._screen.marks_changed()
        return cleared

    def _mark(self) -> None:
        case_id = self._screen.target().case_id
        if case_id is None:
            self._screen.say("No case is selected: press j.", "quiet")
            return
        self._try(lambda: self._model.marks.toggle(case_id))
        if not self._screen.pane_is_open():
            self._screen.move(1)

    def _range(self) -> None:
        case_id = self._screen.target().case_id
        if self._model.marks.ranging:
            self._model.marks.end_range()
            self._screen.marks_changed()
        elif case_id is None:
            self._screen.say("No case is selected: press j.", "quiet")
        else:
            self._try(lambda: self._model.marks.begin_range(case_id))

    def _all(self) -> None:
        if not self._model.whole:
            self._screen.say("Not every case is searched yet: mark all of them when it is.", "soon")
            return
        self._model.marks.end_range()
        self._try(lambda: self._model.marks.add(list(self._model.ids[: len(self._model.ids)])))

    def _try(self, mark: Callable[[], None]) -> None:
        try:
            mark()
        except TooMany as fault:
            self._screen.say(str(fault), "soon")
        self._screen.marks_changed()
