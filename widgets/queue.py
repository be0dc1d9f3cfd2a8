"""The queue: virtual lines, a cursor that belongs to a case and not to a line, and repaints of what differs only.

No DataTable (it repaints itself whole for one cell, and its cursor stays on the index) and no scroll bars: a virtual
size makes Textual lay out the whole screen each time the number of cases changes. The window over the list is one
number here, `top`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Final

from msgspec import Struct
from textual.geometry import Offset, Region
from textual.strip import Strip

from client.views.bits import Line, dotted, text
from client.views.row import QueueRow
from widgets.columns import Columns
from widgets.status import line_width
from widgets.toned import Toned

STRIPS_MOST: Final = 256
URGENT_LOOK: Final = 100
"""How far from the top S0 are looked for: the order puts them first."""


class Settled(Struct, frozen=True):
    """What an update of the list did to the selection."""

    lost: str | None = None
    """The selected case that the view no longer shows; the cursor is on the case that took its line."""


class Placed(Struct, frozen=True):
    """A row as it stands on a line."""

    row: QueueRow
    selected: bool
    marked: bool = False


class Queue(Toned):
    """Shows `ids` in their order. Its owner calls `show` when the list changed and `repaint` when time passed."""

    DEFAULT_CSS = """
    Queue { height: 1fr; width: 1fr; }
    """
    PART = "The queue"
    LINE = "This row"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ids: Sequence[str] = ()
        self._row_of: Callable[[str], QueueRow | None] = lambda case_id: None
        self._index_of: Callable[[str], int | None] = lambda case_id: None
        self._marked: Container[str] = ()
        self._is_s0: Callable[[str], bool] = lambda case_id: False
        self._strips: dict[Placed, Strip] = {}
        """Rows as they were drawn in this width: they move up and down more often than they change."""
        self.away = False
        """Whether keys are about a case that is not in the list: no row is shown as selected."""
        self._cursor: str | None = None
        self._waiting: str | None = None
        """The case that was selected when the list became empty."""
        self._at = 0
        """The cursor's place in the list when it was last known."""
        self._top = 0
        self._line = 0
        """The screen line that the person put the cursor on."""
        self._above = 0
        """How many more cases stand above the cursor than when the person last moved it."""
        self._painted: list[Placed | Line | None] = []
        self.empty_words: tuple[str, ...] = ()
        """Said in place of rows when there are none."""

    @property
    def cursor(self) -> str | None:
        """The selected case, or None."""
        return self._cursor

    @property
    def cursor_line(self) -> int | None:
        """The widget's line that the selected case stands on, or None if it is not on the screen."""
        if self._cursor is None or not self._top <= self._at < self._top + self.page:
            return None
        return 1 + self._at - self._top

    @property
    def rows(self) -> range:
        """The widget's lines below the titles."""
        return range(1, self.size.height)

    def case_on(self, line: int) -> str | None:
        """The case on a line of the widget."""
        at = self._top + line - 1
        return self._ids[at] if 1 <= line <= self.page and at < len(self._ids) else None

    @property
    def page(self) -> int:
        """How many cases the widget can show: its lines but the titles and the line of what is hidden."""
        return max(1, self.size.height - 2)

    @property
    def window(self) -> tuple[int, int]:
        """The place of the first case on the screen, and how many fit."""
        return self._top, self.page

    def source(
        self,
        ids: Sequence[str],
        row_of: Callable[[str], QueueRow | None],
        index_of: Callable[[str], int | None],
        marked: Container[str] = (),
        is_s0: Callable[[str], bool] = lambda case_id: False,
    ) -> None:
        """Where the list comes from: ids in order, the row of an id, the place of an id; which are marked, which S0."""
        self._ids, self._row_of, self._index_of, self._marked = ids, row_of, index_of, marked
        self._is_s0 = is_s0

    # --- what the floor does

    def show(self) -> Settled:
        """The list changed: `settle`, and paint what differs."""
        settled = self.settle()
        self.repaint()
        return settled

    def settle(self) -> Settled:
        """The list changed. The selected case stays selected and on its line as far as that is possible.

        Nothing is painted yet; `repaint_selected` comes first, for keys are about that row.
        """
        lost: str | None = None
        if self._cursor is None and self._waiting is not None and self._ids:
            # The list was empty for a while, as during a new snapshot: the same case is taken up again.
            self._cursor, self._waiting = self._waiting, None
        if self._cursor is not None:
            at = self._index_of(self._cursor)
            if at is None:
                lost = self._cursor
                at = min(self._at, len(self._ids) - 1)
                self._cursor = self._ids[at] if at >= 0 else None
                self._waiting = lost if at < 0 else None
                self._above = 0
            else:
                self._above += at - self._at
            self._at = max(0, at)
            self._top = self._at - self._kept_line
        self._clamp()
        return Settled(lost=lost)

    def repaint_selected(self) -> None:
        """Paint the selected row, where it stood and where it stands."""
        self.repaint(self._marked_lines(self.cursor_line))

    def _marked_lines(self, *more: int | None) -> list[int]:
        """The lines painted as selected, and `more` of the rows."""
        height = self.size.height
        stood = {y for y, each in enumerate(self._painted) if isinstance(each, Placed) and each.selected}
        return sorted(stood | {y for y in more if y is not None and 0 < y < height})

    def repaint(self, lines: Iterable[int] | None = None) -> None:
        """Paint the lines (all of them, or these in order) whose row or selection differs from what stands there."""
        height = self.size.height
        if len(self._painted) != height:
            self._painted = [None] * height
            self.refresh()
            lines = None
        width = self.size.width
        for y in range(1, height) if lines is None else lines:
            if y >= height:
                break
            wanted = self._line_at(y)
            if wanted != self._painted[y]:
                self._painted[y] = wanted
                self.refresh(Region(0, y, width, 1))

    # --- what the person does

    def select(self, case_id: str | None) -> bool:
        """Put the cursor on a case; False if the view does not show it."""
        at = None if case_id is None else self._index_of(case_id)
        if case_id is not None and at is None:
            return False
        return self._select(case_id, at, self._top)

    def _select(self, case_id: str | None, at: int | None, top: int) -> bool:
        """`top`: where the window was."""
        self._cursor = case_id
        self._waiting = None
        self._at = at or 0
        self._above = 0
        self._clamp()
        if case_id is not None:
            self._reveal()
        # Most moves change two rows, and the line of what is hidden.
        moved = self._marked_lines(self.cursor_line, self.size.height - 1)
        self.repaint(moved if self._top == top else None)
        return True

    def move(self, lines: int) -> None:
        """Move the cursor by `lines`; without a cursor, start at the first line of the window."""
        if not self._ids:
            return
        at = self._top if self._cursor is None else self._at + lines
        self.select(self._ids[max(0, min(at, len(self._ids) - 1))])

    def first(self) -> None:
        """Put the cursor on the first case and the window at the top."""
        top, self._top = self._top, 0
        self._select(self._ids[0] if self._ids else None, 0, top)

    def last(self) -> None:
        """Put the cursor on the last case."""
        if self._ids:
            self.select(self._ids[len(self._ids) - 1])

    def place_cursor(self) -> None:
        """The terminal's own cursor follows the selection, for whoever reads by it."""
        line = self.cursor_line
        if line is not None and self.is_attached:
            self.app.cursor_position = self.region.offset + Offset(0, line)

    # --- painting

    def on_resize(self) -> None:
        if self._cursor is not None:
            self._top = self._at - self._kept_line
        self._clamp()
        self._painted = []
        self._strips.clear()
        self.repaint()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def paint_line(self, y: int) -> Strip:
        width = self.size.width
        columns = Columns.of(width)
        if y == 0:
            return self.strip_of(columns.header(), width)
        # What `repaint` found, and who presses a key now is told of: asked again, it may be newer than that.
        wanted = self._painted[y] if y < len(self._painted) else None
        if wanted is None:
            wanted = self._line_at(y)
        if isinstance(wanted, Placed):
            strip = self._strips.get(wanted)
            if strip is None:
                line = columns.line(wanted.row, selected=wanted.selected, marked=wanted.marked)
                strip = self.strip_of(line, width, selected=wanted.selected)
                if len(self._strips) >= STRIPS_MOST:
                    self._strips.clear()
                self._strips[wanted] = strip
            return strip
        return self.strip_of(wanted, width)

    def _line_at(self, y: int) -> Placed | Line:
        """What belongs on line `y` below the titles: a row, what is hidden, or our words about an empty list."""
        if y > self.page:
            hidden = self._hidden()
            if line_width(hidden) > self.size.width - 2:
                hidden = self._hidden(brief=True)
            return ((" " * max(0, self.size.width - 1 - line_width(hidden)), "text"), *hidden)
        at = self._top + y - 1
        if at >= len(self._ids):
            return text(f"  {self.empty_words[y - 2]}", "quiet") if 2 <= y < 2 + len(self.empty_words) else ()
        case_id = self._ids[at]
        row = self._row_of(case_id)
        return () if row is None else Placed(row, case_id == self._cursor and not self.away, case_id in self._marked)

    def _hidden(self, *, brief: bool = False) -> Line:
        """What is above and below the window; an S0 among them is named. `brief`: for few cells."""
        below = len(self._ids) - self._top - self.page
        parts: list[Line] = []
        if below > 0:
            parts.append(text(f"{below} below" if brief else f"{below} more below", "quiet"))
        if self._above > 0:
            parts.append(text(f"\u2191 {self._above} moved" if brief else f"\u2191 {self._above} moved above", "quiet"))
        elif self._top > 0:
            parts.append(text(f"{self._top} above" if brief else f"{self._top} more above", "quiet"))
        urgent = sum(1 for case_id in self._ids[: min(self._top, URGENT_LOOK)] if self._is_s0(case_id))
        if urgent:
            parts.append(text(f"\u25a0{urgent} S0 above", "s0"))
        return dotted(*parts)

    @property
    def _kept_line(self) -> int:
        """The line that the person chose, as far as there is room; a screen that grows again has it back."""
        return min(self._line, self.page - 1)

    def _clamp(self) -> None:
        self._top = max(0, min(self._top, len(self._ids) - self.page))

    def _reveal(self) -> None:
        """Bring the cursor's line into the window, and remember it as the line that the person chose."""
        if self._at < self._top:
            self._top = self._at
        elif self._at >= self._top + self.page:
            self._top = self._at - self.page + 1
        self._line = self._at - self._top
