"""The columns of the queue: how wide each is on a screen of some width, and one row painted into them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import Struct

from client.views.bits import Bit, Line, Tone
from client.views.row import NO_OWNER, SEVERITY_TONE, QueueRow
from widgets.paint import left, right, words

SHAPES: Final[dict[str, str]] = {"S0": "\u25a0", "S1": "\u25b2", "S2": "\u25cf", "S3": "\u25cb", "S4": "\u00b7"}
"""Severity as a shape; with `--ascii` the gate turns them into `! ^ * o .`."""

LEFT: Final = 6
TYPE: Final = 6
AGE: Final = 4
OWNER: Final = 6
OWNER_NARROW: Final = 4
NEXT: Final = 9
"""As wide as the longest milestone, `resources`."""
NEXT_SHORT: Final = 8
"""As wide as the others, where each cell is one of the summary's."""

MARK: Final = "+"
"""Before the severity of a marked case: a place of its own, since the selected case may be marked as well."""

ROOMY: Final = 100
WIDE: Final = 70
"""From this width on AGE is shown."""
STEPS: Final = 60
"""From this width on NEXT is shown: beside an open case as well."""
NARROW: Final = 50


def severity_mark(severity: str) -> str:
    """Shape and letter, `■S0`: never the color alone."""
    return SHAPES[severity] + severity


class Columns(Struct, frozen=True):
    """Widths in cells; a column of width 0 is not shown."""

    width: int
    owner: int
    next: int
    summary: int
    age: int

    @classmethod
    @lru_cache(maxsize=32)
    def of(cls, width: int) -> Columns:
        """The columns of a queue `width` cells wide."""
        owner = OWNER if width >= NARROW else OWNER_NARROW
        step = NEXT if width >= ROOMY else NEXT_SHORT if width >= STEPS else 0
        age = AGE if width >= WIDE else 0
        fixed = 1 + LEFT + 1 + 3 + 1 + TYPE + 1 + owner + 1 + (step + 1 if step else 0) + (age + 2 if age else 1)
        return cls(width=width, owner=owner, next=step, summary=max(0, width - fixed), age=age)

    def header(self) -> Line:
        """The titles, each over its column."""
        owner = "OWNER" if self.owner >= OWNER else "OWN"
        titles = [" " + right("LEFT", LEFT), "SEV", left("TYPE", TYPE), left(owner, self.owner)]
        if self.next:
            titles.append(left("NEXT", self.next))
        titles.append(left("SUMMARY", self.summary))
        if self.age:
            titles.append(right("AGE", self.age))
        return ((" ".join(titles), "quiet"),)

    def line(self, row: QueueRow, *, selected: bool, marked: bool = False) -> Line:
        """`row` in its columns, as wide as the queue."""
        bits: list[Bit] = [_gutter(row, selected=selected)]
        bits.append((right(row.left, LEFT), "strong" if selected and row.left_tone == "text" else row.left_tone))
        if marked:
            bits.append((MARK, "key"))
        bits.append((("" if marked else " ") + severity_mark(row.severity), SEVERITY_TONE[row.severity]))
        bits.append((" " + left(row.case_type, TYPE), "text"))
        owner = NO_OWNER if row.owner is None else words(row.owner)
        bits.append((" " + left(owner, self.owner), _owner_tone(row)))
        if self.next:
            bits.append((" " + left(row.step, self.next), "late" if row.late else "quiet" if row.settled else "text"))
        summary_tone: Tone = "quiet" if isinstance(row.summary, str) else "text"
        bits.append((" " + left(words(row.summary), self.summary), summary_tone))
        if self.age:
            bits.append((" " + right(row.age, self.age) + " ", "quiet"))
        else:
            bits.append((" ", "quiet"))
        return tuple(bits)


def _gutter(row: QueueRow, *, selected: bool) -> Bit:
    if selected:
        return ("\u258c", "key")
    return ("\u2192", "quiet") if row.sending else (" ", "quiet")


def _owner_tone(row: QueueRow) -> Tone:
    if row.mine:
        return "mine"
    return "quiet" if row.owner is None else "text"
