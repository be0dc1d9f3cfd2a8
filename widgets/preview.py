"""The preview below the queue: a title in a rule, and the facts that matter most in the lines there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from casework.caseid import shown as shown_id
from casework.model import Common
from client.views.bits import DOT, Line
from client.views.facts import Fact, best
from client.views.row import summary_of
from widgets.paint import cut, words
from widgets.status import line_width, titled
from widgets.toned import Lines

LABEL: Final = 9
"""Cells of the label column, with the space after it."""
NARROW: Final = 50
"""Below this width the title has the summary's first words and not the state."""


def case_title(case: Common, width: int) -> Line:
    """`── C-7F3A-9K2M · TTL · summary ─── v14 ─`, in `width` cells."""
    state = f"{case.state.lower()} \u00b7 " if width >= NARROW else ""
    end: Line = ((f"{state}v{case.version}", "quiet"),)
    kind = case.case_type if case.sub_type is None else f"{case.case_type} {case.sub_type}"
    head: Line = ((shown_id(case.case_id), "strong"), DOT, (kind, "text"), DOT)
    room = width - line_width(head) - line_width(end) - 8
    summary = summary_of(case)
    said = cut(words(summary), max(0, room))
    return titled((*head, (said, "quiet" if isinstance(summary, str) else "text")), end, width)


def fact_line(fact: Fact) -> Line:
    """A fact with its label in the label's column."""
    return ((" ", "text"), (fact.label.ljust(LABEL), "quiet"), *fact.line)


class Preview(Lines):
    """The selected case without opening it."""

    DEFAULT_CSS = """
    Preview { height: 9; width: 1fr; }
    """
    PART = "The preview"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._case: Common | None = None
        self._facts: tuple[Fact, ...] = ()

    def tell(self, case: Common | None, facts: Sequence[Fact]) -> None:
        """Show `case` with its facts; without a case, a bare rule."""
        self._case, self._facts = case, tuple(facts)
        self._lay()

    def on_resize(self) -> None:
        self._lay()

    def _lay(self) -> None:
        width, height = self.size.width, self.size.height
        if not width:
            return
        if self._case is None:
            self.show(((("\u2500" * width, "rule"),),))
            return
        kept = best(self._facts, height - 1)
        self.show((case_title(self._case, width), *(fact_line(fact) for fact in kept)))
