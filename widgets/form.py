"""A few short fields at the bottom of the screen. It collects text; what the text means is judged elsewhere.

It never takes the focus: whoever receives the keys hands them to `press`, one after the other. So a key that comes
right behind an Enter goes to the field that the Enter led to, however slow the screen is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct
from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Offset, Size
from textual.strip import Strip

from casework.untrusted import Untrusted
from client.views.bits import Bit, Line
from widgets.lineedit import LineEdit
from widgets.paint import left, words, wrapped
from widgets.status import titled
from widgets.toned import Toned

WIDEST_LABEL: Final = 30
KEPT_FREE: Final = 5
"""Lines of the screen that a form leaves to others."""
LONGEST_FAULT: Final = 3
"""Lines that a fault may take: what may be written instead is read to its end."""

Step = Literal["sent", "left", "cleared"]
"""How a form ends: to be sent, left with its draft, left without."""


class Blank(Struct, frozen=True):
    """A field to fill in: its name, the words before it, what stands in it, what it may be, and a hint.

    `completes` says which whole texts the one that is typed may become; Tab goes through them.
    """

    name: str
    label: str
    value: str = ""
    choices: tuple[str, ...] = ()
    hint: str = ""
    completes: Callable[[str], Sequence[str]] | None = None


class Form(Toned):
    """Fields under a title. Enter goes to the next empty field, from the last it sends; Esc leaves, the draft stays."""

    DEFAULT_CSS = """
    Form { height: auto; width: 1fr; }
    """
    PART = "The form"

    def __init__(self, title: Line, end: Line, blanks: Sequence[Blank], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = title
        self._end = end
        self._blanks = tuple(blanks)
        self._edits = [LineEdit(blank.value, len(blank.value)) for blank in blanks]
        self._put_there: set[int] = set()
        """Fields that were filled in while the form stood there."""
        self._at = next((at for at, blank in enumerate(self._blanks) if not blank.value), 0)
        """The field that is filled in; at first the first empty one."""
        self._fault: str | Untrusted = ""
        self._widest = min(WIDEST_LABEL, max((len(blank.label) for blank in blanks), default=0) + 3)
        self._top = 0
        """The first field that is shown where they do not all fit."""
        self._turning: tuple[tuple[str, ...], int] | None = None
        """The texts that Tab goes through, and which of them stands there now."""

    @property
    def lines_needed(self) -> int:
        """Title and fields."""
        return 1 + len(self._blanks)

    @property
    def _label_width(self) -> int:
        """Cells of the labels: on a narrow screen they give way, what is typed matters more."""
        return min(self._widest, max(8, self.size.width * 2 // 5)) if self.size.width else self._widest

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields, by name."""
        return {blank.name: edit.text for blank, edit in zip(self._blanks, self._edits, strict=True)}

    @property
    def sends(self) -> bool:
        """Whether Enter sends it now: no field below the one in hand is empty."""
        return self._next_empty() is None

    @property
    def suggests(self) -> bool:
        """Whether Tab completes what was typed."""
        return self._completes() or bool(self._suggested())

    def press(self, key: str, character: str | None) -> Step | None:
        """Take one key, with the character it types if it types one; how the form ends by it, if it does."""
        edit = self._edits[self._at]
        step: Step | None = None
        if key not in ("tab", "shift+tab"):
            self._turning = None
        if key in ("tab", "shift+tab") and self._completes():
            self._turn(1 if key == "tab" else -1)
        elif key == "tab" and edit.cursor == len(edit.text) and self._suggested():
            self.insert(self._suggested())
        elif key == "enter":
            step = self._forward()
        elif key in ("down", "tab"):
            self._go((self._at + 1) % len(self._edits))
        elif key in ("up", "shift+tab"):
            self._go((self._at - 1) % len(self._edits))
        elif key == "escape":
            step = "left"
        elif key == "ctrl+c":
            step = "cleared"
        elif character is not None:
            self.insert(character)
        elif key in ("right", "end") and edit.cursor == len(edit.text) and self._suggested():
            self.insert(self._suggested())
        elif edit.press(key):
            self._put_there.discard(self._at)
            self._forgive()
        self._painted()
        return step

    def insert(self, text: str) -> None:
        """Type or paste `text` where the cursor stands, in place of what was put there by itself."""
        if self._at in self._put_there:
            self._edits[self._at] = LineEdit()
            self._put_there.discard(self._at)
        self._edits[self._at].insert(text)
        self._forgive()
        self._painted()

    def fill(self, values: Mapping[str, str]) -> None:
        """Put something into fields that are empty still: what somebody typed stands."""
        for at, (blank, edit) in enumerate(zip(self._blanks, self._edits, strict=True)):
            if not edit.text and (text := values.get(blank.name, "")):
                edit.insert(text)
                self._put_there.add(at)
        self._painted()

    def blame(self, name: str, why: str | Untrusted, *, at: int | None = None) -> None:
        """Say what is wrong with a field, below the fields, and put the cursor there (`at`: a place in its text)."""
        self._fault = why
        for place, blank in enumerate(self._blanks):
            if blank.name == name:
                self._at = place
                if at is not None:
                    self._edits[place].cursor = min(at, len(self._edits[place].text))
        self.refresh(layout=True)

    def _forgive(self) -> None:
        if self._fault:
            self._fault = ""
            self.refresh(layout=True)

    def _forward(self) -> Step | None:
        below = self._next_empty()
        if below is None:
            return "sent"
        self._go(below)
        return None

    def _next_empty(self) -> int | None:
        return next((at for at in range(self._at + 1, len(self._edits)) if not self._edits[at].text), None)

    def _go(self, at: int) -> None:
        self._at = at

    def _suggested(self) -> str:
        """The rest of the one choice that starts like what was typed."""
        blank, typed = self._blanks[self._at], self._edits[self._at].text
        if not typed:
            return ""
        if blank.completes is not None:
            whole = next((each for each in blank.completes(typed) if each.startswith(typed)), typed)
            return whole[len(typed) :]
        begun = [choice for choice in blank.choices if choice.casefold().startswith(typed.casefold())]
        return begun[0][len(typed) :] if begun else ""

    def _completes(self) -> bool:
        """Whether Tab stays in this field: alone it has nowhere to go, and among others it goes on when all is said."""
        completes = self._blanks[self._at].completes
        if completes is None:
            return False
        return len(self._blanks) == 1 or self._turning is not None or bool(completes(self._edits[self._at].text))

    def _turn(self, by: int) -> None:
        """Put the next text there that the typed one may become; after the last comes the typed one again."""
        edit = self._edits[self._at]
        if self._turning is None:
            completes = self._blanks[self._at].completes
            offers = () if completes is None else tuple(completes(edit.text))
            if not offers:
                return
            self._turning = ((edit.text, *offers), 0)
        texts, at = self._turning
        at = (at + by) % len(texts)
        self._turning = (texts, at)
        edit.text, edit.cursor = texts[at], len(texts[at])
        self._forgive()

    def _becomes(self) -> str:
        """What else the typed text may become, the last word of each."""
        blank, edit = self._blanks[self._at], self._edits[self._at]
        if blank.completes is None:
            return ""
        offers = blank.completes(edit.text) if self._turning is None else self._turning[0][self._turning[1] + 1 :]
        if len(offers) < 2 and self._turning is None:
            return ""
        return "   " + " ".join(each.rpartition(" ")[2] for each in offers)

    # --- painting

    def _painted(self) -> None:
        self.refresh()
        self._place_cursor()

    def _place_cursor(self) -> None:
        """The terminal's own cursor stands where the next letter goes, for whoever reads by it."""
        if self.is_attached:
            _, ahead = self._window()
            place = Offset(self._label_width + ahead, 1 + self._at - self._first())
            self.app.cursor_position = self.region.offset + place

    def on_resize(self) -> None:
        self._painted()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        needed = self.lines_needed + len(self._wrong_lines(width))
        # The status, a line of the queue, the message and the keys stay: a form without its keys is a trap.
        return max(2, min(needed, viewport.height - KEPT_FREE))

    def _wrong_lines(self, width: int) -> list[str]:
        """What is wrong, to its end where three lines are enough for it."""
        return wrapped(words(self._fault), max(1, width - 2))[:LONGEST_FAULT] if self._fault else []

    def _first(self) -> int:
        """The first field that is shown: the one in hand always is."""
        room = max(1, self.size.height - 1 - len(self._wrong_lines(self.size.width)))
        self._top = max(0, min(self._top, self._at, len(self._blanks) - room))
        self._top = max(self._top, self._at - room + 1)
        return self._top

    def paint_line(self, y: int) -> Strip:
        width = self.size.width
        first = self._first()
        if y == 0:
            hidden = len(self._blanks) - max(1, self.size.height - 1 - len(self._wrong_lines(width)))
            end: Line = ((f"{self._at + 1} of {len(self._blanks)}", "quiet"),) if hidden > 0 else self._end
            return self.strip_of(titled(self._title, end, width), width)
        fault = self._wrong_lines(width)
        above = self.size.height - len(fault)
        if y > len(self._blanks) - first or (fault and y >= above):
            # Below the values when it fits there, further left when it is long.
            said = fault[y - above] if 0 <= y - above < len(fault) else ""
            indent = max(1, min(self._label_width, width - 1 - max(map(cell_len, fault), default=0)))
            return self.strip_of(((" " * indent, "text"), (said, "late")), width)
        at = y - 1 + first
        blank, edit = self._blanks[at], self._edits[at]
        label: Bit = (left(f" {blank.label}", self._label_width - 1) + " ", "quiet")
        if at != self._at:
            return self.strip_of((label, (Untrusted(edit.text), "text")), width)
        start, ahead = self._window()
        rest = self._suggested() if edit.cursor == len(edit.text) else ""
        help_ = " \u00b7 ".join(each for each in (" ".join(blank.choices), blank.hint) if each)
        hint = f" {help_}" if help_ and not edit.text else rest + self._becomes()
        line = self.strip_of((label, (Untrusted(edit.text[start:]), "text"), (Untrusted(hint), "quiet")), width)
        return _with_cursor(line, self._label_width + ahead, max(1, _cells(edit.text[edit.cursor : edit.cursor + 1])))

    def _window(self) -> tuple[int, int]:
        """Where the shown part of the field's text starts, and how many cells of it lie before the cursor."""
        edit, room = self._edits[self._at], max(1, self.size.width - self._label_width - 2)
        start = 0
        while _cells(edit.text[start : edit.cursor]) >= room:
            start += max(1, room // 4)
        return start, _cells(edit.text[start : edit.cursor])


def _cells(text: str) -> int:
    """Cells that `text` takes once it is painted."""
    return cell_len(words(Untrusted(text)))


def _with_cursor(line: Strip, at: int, cells: int) -> Strip:
    """`line` with `cells` cells from `at` on reversed."""
    end = min(at + cells, line.cell_length)
    under = line.crop(at, end).apply_style(Style(reverse=True))
    return Strip.join([line.crop(0, at), under, line.crop(end, line.cell_length)])
