"""A card asks once more before something that others will see: who, what, on what grounds, reversible or not."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from client.views.bits import Line
from widgets.status import titled
from widgets.toned import Lines


class Card(Lines):
    """Facts under a title; the keys are the screen's business."""

    DEFAULT_CSS = """
    Card { height: auto; width: 1fr; }
    """
    PART = "The card"

    def __init__(self, title: Line, end: Line, body: Sequence[Line], answer: Line, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = title
        self._end = end
        self._body = tuple(body)
        self._answer = answer
        self._lay()

    def answer(self, line: Line) -> None:
        """Show how it is answered, and what was typed so far."""
        self._answer = line
        self._lay()

    def tell(self, body: Sequence[Line]) -> None:
        """Show other facts: more is known of what is asked."""
        self._body = tuple(body)
        self._lay()

    def paint_line(self, y: int) -> Strip:
        # The title is fitted to the width as it is painted: a card may be laid out before it has one.
        width = self.size.width
        return self.strip_of(titled(self._title, self._end, width), width) if y == 0 else super().paint_line(y)

    def _lay(self) -> None:
        self.show((self._title, *(((" ", "text"), *line) for line in (*self._body, self._answer))))
