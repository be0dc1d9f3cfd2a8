"""Arrivals against clears over a floor that somebody works on: counted from when a wall is first looked at.

Whoever never looks at it pays nothing. The hour before that look is read from every case, a slice of time after the
other; what changes from then on is taken in with the changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from casework.model import Row
from client.keptrows import peeked
from client.views.bits import Line, text
from client.views.flow import Flow
from client.views.wall import flow_line


class Flowing:
    """Before `begin`, nothing is kept and nothing is said."""

    def __init__(self) -> None:
        self._flow: Flow | None = None
        self._todo: Iterator[str] = iter(())
        self._seen = self._total = 0
        self.whole = False
        """Whether every case was read: until then there is no number."""

    def begin(self, rows: Mapping[str, Row]) -> None:
        """Read what there is from now on, if that was not begun."""
        if self._flow is None:
            self._flow = Flow()
            self._todo, self._total = iter(tuple(rows)), len(rows)

    def note(self, rows: Mapping[str, Row], dirty: Collection[str], now: int) -> None:
        """Take in cases that changed."""
        if self._flow is not None:
            self._flow.update(rows, dirty, now)

    def step(self, rows: Mapping[str, Row], now: int, clock: Callable[[], float], until: float) -> None:
        """Go on reading until `clock()` (ms) reaches `until`, by at least one case."""
        if self._flow is None or self.whole:
            return
        for case_id in self._todo:
            self._seen += 1
            row = peeked(rows, case_id)
            if row is not None:
                self._flow.update({case_id: row}, (case_id,), now)
            if clock() >= until:
                return
        self.whole = True

    def line(self, now: int) -> Line:
        """Arrivals against clears of the hour before `now`, or how far counting them got."""
        if self._flow is None:
            return ()
        if not self.whole:
            return text(f"counting the last hour, {100 * self._seen // max(1, self._total)} %", "quiet")
        return flow_line(*self._flow.count(now))
