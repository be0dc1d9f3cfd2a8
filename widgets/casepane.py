"""The case pane: the sections of a case in two columns, or in one, or one of them under tabs where height runs out.

One section is looked at: keys move in it, and it gets its lines first. Text from outside stands behind a bar at its
left that nothing of ours uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from textual.geometry import Region
from textual.strip import Strip

from casework.model import Common
from client.views.bits import Bit, Line
from client.views.blocks import Choice, Section, SectionName
from widgets.allotment import allot
from widgets.blocklines import Laid, heading, laid
from widgets.preview import case_title
from widgets.status import line_width
from widgets.toned import Toned

COLUMNS_FROM: Final = 88
"""Cells from which on there are two columns."""
RIGHT: Final[tuple[SectionName, ...]] = ("runbook", "timeline")
"""What stands in the right column; the rest stands at the left as long as it fits there."""
GLIMPSES: Final[dict[SectionName, int]] = {"case": 12, "runbook": 12, "timeline": 12}
"""Lines of a section that others do not take from it."""
GAP: Final = 2

Cell: TypeAlias = tuple[Line, int, bool]
"""A piece of a screen line: its text, its cells, and whether the cursor stands on it."""


class CasePane(Toned):
    """One case. `tell` gives it new sections and keeps the place."""

    DEFAULT_CSS = """
    CasePane { height: 1fr; width: 1fr; }
    """
    PART = "The case pane"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._case: Common | None = None
        self._sections: tuple[Section, ...] = ()
        self._without: tuple[str, ...] = ()
        self._due: Line = ()
        self._focus: SectionName = "case"
        self._tops: dict[SectionName, int] = {}
        self._picked: dict[SectionName, str] = {}
        """Where a person moved the cursor; without an entry it stands where the section says."""
        self._rows: tuple[tuple[Cell, ...], ...] = ()
        self._rooms: dict[SectionName, int] = {}
        self._bodies: dict[tuple[SectionName, int], tuple[object, list[Laid]]] = {}

    # --- what is shown

    @property
    def case_id(self) -> str | None:
        """The case that is shown."""
        return None if self._case is None else self._case.case_id

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown, line by line."""
        return tuple(tuple(bit for line, _, _ in row for bit in line) for row in self._rows)

    @property
    def focused(self) -> SectionName:
        """The section that keys move in."""
        return self._focus if self._find(self._focus) is not None else "case"

    @property
    def columns(self) -> bool:
        """Whether there is room for two columns."""
        return self.size.width >= COLUMNS_FROM

    @property
    def room(self) -> int:
        """Lines of the section that is looked at."""
        return max(1, self._rooms.get(self.focused, self.size.height - 3))

    @property
    def chosen(self) -> str | None:
        """The choice that the cursor stands on; None where there is nothing to choose."""
        section = self._find(self.focused)
        return None if section is None else self._chosen(section)

    def tell(
        self, case: Common | None, sections: Sequence[Section], without: Sequence[str] = (), *, due: Line = ()
    ) -> None:
        """Show `case` as `sections`; another case starts at its top. `due` stands beside the tabs."""
        if case is None or case.case_id != self.case_id:
            self._tops.clear()
            self._picked.clear()
            self._bodies.clear()
        self._case, self._sections, self._without, self._due = case, tuple(sections), tuple(without), due
        self._lay()

    def look_at(self, name: SectionName) -> None:
        """Look at the section `name`; a case without it shows itself until it has one."""
        self._focus = name
        self._lay()

    def turn(self, by: int) -> None:
        """Look at the section `by` places further, around the end."""
        names = [section.name for section in self._sections]
        if names:
            self.look_at(names[(names.index(self.focused) + by) % len(names)])

    def move(self, by: int) -> None:
        """Move the cursor, or the text where there is nothing to choose."""
        section = self._find(self.focused)
        if section is None:
            return
        names = _choices(section)
        if names:
            at = names.index(self._chosen(section) or names[0])
            self._picked[section.name] = names[max(0, min(len(names) - 1, at + by))]
        else:
            self._tops[section.name] = max(0, self._tops.get(section.name, 0) + by)
        self._lay()

    def follow(self) -> None:
        """Let the cursor stand where the section says, not where a person left it."""
        self._picked.pop(self.focused, None)

    def on_resize(self) -> None:
        self._lay()

    def paint_line(self, y: int) -> Strip:
        if y >= len(self._rows):
            return super().paint_line(y)
        width = self.size.width
        strips = [self.strip_of(line, cells, selected=selected) for line, cells, selected in self._rows[y]]
        return Strip.join(strips).adjust_cell_length(width)

    # --- laying out

    def _find(self, name: SectionName) -> Section | None:
        return next((section for section in self._sections if section.name == name), None)

    def _chosen(self, section: Section) -> str | None:
        names = _choices(section)
        if not names:
            return None
        picked = self._picked.get(section.name)
        return picked if picked in names else section.chosen if section.chosen in names else names[0]

    def _lay(self) -> None:
        width, height = self.size.width, self.size.height
        if not width or not height:
            return
        if self._case is None:
            rule: Line = (("\u2500" * width, "rule"),)
            said: list[Line] = [((f"  {words}", "quiet"),) for words in self._without]
            self._show([((line, width, False),) for line in (rule, *said)])
            return
        title: Line = case_title(self._case, width)
        self._rooms.clear()
        self._show([((title, width, False),), *self._body(width, height - 1)])

    def _body(self, width: int, height: int) -> list[tuple[Cell, ...]]:
        """The lines below the title: everything if it fits, else what is looked at and a line of tabs."""
        columns = self._columns(width, height - 1)
        needs = [self._need(column, cells) for column, cells in columns]
        if max(needs) <= height:
            return _beside([self._column(column, cells, height) for column, cells in columns], width, height)
        looked = self._find(self.focused)
        if len(columns) == 1 and looked is not None:
            drawn = [self._window(looked, width, height - 1)]
        else:
            drawn = [self._column(column, cells, height - 1) for column, cells in columns]
        return [((self._tabs(width), width, False),), *_beside(drawn, width, height - 1)]

    def _columns(self, width: int, height: int) -> list[tuple[list[Section], int]]:
        if width < COLUMNS_FROM:
            return [(list(self._sections), width)]
        half = (width - GAP) // 2
        left = [section for section in self._sections if section.name not in RIGHT]
        right = [section for section in self._sections if section.name in RIGHT]
        moved: list[Section] = []
        while len(left) > 1 and self._need(left, half) > height:
            moved.insert(0, left.pop())
        right[1:1] = moved
        return [(left, half), (right, width - GAP - half)] if right else [(left, width)]

    def _need(self, column: Sequence[Section], width: int) -> int:
        """Lines of a whole column; the case has no title of its own, a blank stands between sections."""
        titled = column and column[0].name != "case"
        return sum(self._wants(section, width) for section in column) - (1 if titled else 0)

    def _wants(self, section: Section, width: int) -> int:
        return len(self._laid(section, width)) + (0 if section.name == "case" else 2)

    def _laid(self, section: Section, width: int) -> list[Laid]:
        held = self._bodies.get((section.name, width))
        if held is None or held[0] is not section.blocks:
            held = (section.blocks, laid(section.blocks, width - 2))
            self._bodies[section.name, width] = held
        return held[1]

    def _column(self, column: Sequence[Section], width: int, height: int) -> list[Cell]:
        """The sections of a column below each other, those that do not fit with their first lines."""
        order = sorted(range(len(column)), key=lambda at: (column[at].name != self.focused, at))
        needs = [self._wants(section, width) for section in column]
        given = allot(needs, [GLIMPSES.get(section.name, 5) for section in column], height, order)
        cells: list[Cell] = []
        for section, lines in zip(column, given, strict=True):
            if not lines:
                continue
            if section.name != "case":
                tone = "strong" if section.name == self.focused else "quiet"
                if cells:
                    cells.append(((), width, False))
                else:
                    lines += 1
                head = heading(section.title, section.count, width - 2, tone=tone)  # type: ignore[arg-type]
                cells.append((((" ", "text"), *head), width, False))
                lines -= 2
            cells += self._window(section, width, lines)
        return cells

    def _window(self, section: Section, width: int, height: int) -> list[Cell]:
        """`height` lines of a section: around the cursor, or from where it was scrolled to; the last says what is
        below."""
        body = self._laid(section, width)
        self._rooms[section.name] = height
        if height <= 0:
            return []
        focused = section.name == self.focused
        chosen = self._chosen(section)
        fits = len(body) <= height
        room = height if fits else height - 1
        top = 0 if fits else max(0, min(self._tops.get(section.name, 0), len(body) - room))
        if chosen is not None and not fits:
            at = next((place for place, line in enumerate(body) if line.choice == chosen), 0)
            # From the top as long as what follows is in sight as well.
            top = 0 if at < room * 2 // 3 else min(at - room // 2, len(body) - room)
        self._tops[section.name] = top
        cells: list[Cell] = []
        for line in body[top : top + room]:
            here = focused and chosen is not None and line.choice == chosen
            cells.append((((" ", "text"), *line.line), width, here))
        if not fits:
            below = len(body) - top - room
            said = f"{below} more lines" if below else "the end"
            cells.append((((said.rjust(width - 2), "quiet"),), width, False))
        return cells

    def _tabs(self, width: int) -> Line:
        """The titles of the sections, the one that is looked at strong; where they do not all fit, it and its place."""
        bits: list[Bit] = [(" ", "text")]
        for section in self._sections:
            looked = section.name == self.focused
            bits.append((f"{section.title}", "key" if looked else "quiet"))
            if section.count:
                bits.append((f" {section.count}", "text" if looked else "quiet"))
            bits.append(("  ", "text"))
        if line_width(tuple(bits)) <= width:
            gap = width - line_width(tuple(bits)) - line_width(self._due) - 1
            # The clock of the case stands there too where there is room: it runs on whatever is looked at.
            return tuple(bits[:-1]) if gap < 0 else (*bits, (" " * gap, "text"), *self._due)
        names = [section.name for section in self._sections]
        at = names.index(self.focused)
        section = self._sections[at]
        following = self._sections[(at + 1) % len(names)].title
        return (
            (f" {section.title}", "key"),
            (f" {section.count}" if section.count else "", "text"),
            (f"  {at + 1} of {len(names)} \u00b7 Tab {following}", "quiet"),
        )

    def _show(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        old, self._rows = self._rows, tuple(rows)
        width = self.size.width
        for y in range(max(len(old), len(self._rows))):
            if (old[y] if y < len(old) else ()) != (self._rows[y] if y < len(self._rows) else ()):
                self.refresh(Region(0, y, width, 1))


def _choices(section: Section) -> list[str]:
    return [block.name for block in section.blocks if isinstance(block, Choice)]


def _beside(columns: Sequence[Sequence[Cell]], width: int, height: int) -> list[tuple[Cell, ...]]:
    """Columns as screen lines."""
    rows: list[tuple[Cell, ...]] = []
    for y in range(height):
        row: list[Cell] = []
        for at, column in enumerate(columns):
            if at:
                row.append(((), GAP, False))
            if y < len(column):
                row.append(column[y])
            elif column:
                row.append(((), column[0][1], False))
        rows.append(tuple(row) if row else (((), width, False),))
    return rows
