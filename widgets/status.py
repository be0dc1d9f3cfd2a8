"""The status lines: who and the counts, then a thin rule that ends in the feed's age and the time."""

from __future__ import annotations

from rich.cells import cell_len
from textual.strip import Strip

from client.views.bits import Line
from client.views.floor import Floor, first_line, second_line
from widgets.paint import words
from widgets.toned import Lines


def line_width(line: Line) -> int:
    """How many cells a line takes."""
    return sum(cell_len(words(text)) for text, _ in line)


def ruled(line: Line, width: int, *, tail: int = 1) -> Line:
    """A thin rule up to `line`, which ends `tail` cells before the edge."""
    rest = width - line_width(line) - tail - 1
    return (("\u2500" * max(0, rest), "rule"), (" ", "text"), *line, (" " * tail, "text"))


def titled(title: Line, end: Line, width: int) -> Line:
    """A rule with a title in its left part and a word in its right part."""
    rest = width - line_width(title) - line_width(end) - (7 if end else 4)
    if rest < 0 and end:
        return titled(title, (), width)
    tail: Line = ((" ", "text"), *end, (" \u2500", "rule")) if end else ()
    return (("\u2500\u2500 ", "rule"), *title, (" ", "text"), ("\u2500" * max(0, rest), "rule"), *tail)


class Status(Lines):
    """Two lines; on a narrow screen the counts come first and the names go."""

    DEFAULT_CSS = """
    Status { height: 2; width: 1fr; }
    """
    PART = "The status line"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._floor = Floor()

    def tell(self, floor: Floor) -> None:
        """Show `floor`."""
        self._floor = floor
        self._lay()

    def on_resize(self) -> None:
        self._lay()

    def _lay(self) -> None:
        width = self.size.width
        if not width:
            return
        left, right = first_line(self._floor)
        gap = width - 2 - line_width(left) - line_width(right)
        if gap < 2:
            # The counts are what counts; the names give way.
            room = width - 3 - line_width(right)
            left = self._short(left, room)
            gap = max(1, width - 2 - line_width(left) - line_width(right))
        first: Line = ((" ", "text"), *left, (" " * gap, "text"), *right, (" ", "text"))
        self.show((first, ruled(second_line(self._floor, width - 4), width)))

    def _short(self, line: Line, room: int) -> Line:
        strip: Strip = self.strip_of(line, max(0, room))
        return ((strip.text.rstrip(), "text"),)
