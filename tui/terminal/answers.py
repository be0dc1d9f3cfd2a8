"""Questions to the terminal and their answers: how wide our shapes are, and how long the line is.

Every question asks for the cursor's place, which all terminals answer and whose answer Textual knows from keys. An
answer that a slow line tore in two would arrive as key presses all the same: `TornAnswer` knows those. No I/O.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

WHERE: Final = "\x1b[6n"
"""The question: where is the cursor?"""
SHAPES: Final = "\u25a0\u25b2\u25cf\u25cb\u00b7\u258c\u2500\u2026"
"""What some terminals, set up for East Asian text, draw two cells wide."""
PROBE: Final = f"\x1b[H{SHAPES}{WHERE}\x1b[H\x1b[2K"
"""Written before the first frame, which paints over it."""
PATIENCE_MS: Final = 5_000
"""An answer that has not come by then is not waited for any more."""
SILENT: Final = 3
"""After so many questions without an answer the terminal is left alone."""
TORN_MS: Final = 2_000
"""How long after a torn answer's first part the rest may come."""

Question = str
WIDTH: Final[Question] = "width"
TRIP: Final[Question] = "trip"


@dataclass(slots=True)
class Answers:
    """Which questions are open, in the order they were asked, and what is known by now. Times are monotonic ms."""

    wide: bool | None = None
    """Whether our shapes take two cells; None as long as nobody said."""
    round_trip_ms: float | None = None
    """Of the last answer."""
    _open: deque[tuple[Question, float]] = field(default_factory=deque)
    _unanswered: int = 0

    def asked(self, question: Question, now: float) -> None:
        """A question goes out."""
        self._open.append((question, now))

    def may_ask(self, now: float) -> bool:
        """Whether another question makes sense: none is open, and the terminal answers at all."""
        self._give_up(now)
        return not self._open and self._unanswered < SILENT

    def waiting(self, now: float) -> bool:
        """Whether an answer may still come in."""
        self._give_up(now)
        return bool(self._open)

    def answered(self, column: int, now: float) -> Question | None:
        """The cursor is in `column`, from 0 on; the question that this answers, None if nobody asked."""
        self._give_up(now)
        if not self._open:
            return None
        question, at = self._open.popleft()
        self._unanswered = 0
        self.round_trip_ms = now - at
        if question == WIDTH:
            self.wide = column > len(SHAPES)
        return question

    def _give_up(self, now: float) -> None:
        while self._open and now - self._open[0][1] > PATIENCE_MS:
            self._open.popleft()
            self._unanswered += 1


@dataclass(slots=True)
class TornAnswer:
    """Tells the keys that a torn answer falls apart into, while one is awaited: they mean nothing and are dropped.

    `ESC [ 24 ; 9 R` arrives as alt+[ or as Esc and [, then as digits and a letter. Esc by itself is let through: it
    only ever goes back. Answers to Textual's own questions look alike.
    """

    _since: float | None = None
    _escaped: float | None = None

    def belongs(self, key: str, now: float, *, awaited: bool) -> bool:
        """Whether `key` (Textual's name) is a part of one."""
        if self._since is not None and now - self._since <= TORN_MS:
            if key.isdigit() or key in _INSIDE:
                return True
            self._since = None
            return key in _LAST
        self._since = None
        bracket = key == "left_square_bracket" and self._escaped is not None and now - self._escaped <= TORN_MS
        self._escaped = now if key == "escape" else None
        if awaited and (bracket or key == "alt+left_square_bracket"):
            self._since = now
            return True
        return False


_INSIDE: Final = frozenset({"semicolon", "question_mark", "dollar_sign"})
_LAST: Final = frozenset({"R", "y", "c", "u", "n"})
