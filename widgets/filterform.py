"""The line of the filter: what the word being typed may become, what was asked before, and a fault where it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from casework.query import complete, token_start
from casework.untrusted import Untrusted
from client.views.bits import Line
from widgets.form import Blank, Form, Step
from widgets.paint import words, wrapped
from widgets.status import line_width

LABEL: Final = "/"
LONGEST: Final = 3
"""Lines that the sentence of a fault may take."""
_LEAD: Final = re.compile(r"^.*[:<>=~,]")
"""The part of a word before the value that is being typed."""


class FilterForm(Form):
    """Tab takes the first offer, Up and Down what was asked before. Three lines always; a long fault takes more."""

    PART = "The filter"

    def __init__(self, value: str, past: Sequence[str]) -> None:
        title: Line = (("Filter", "strong"),)
        super().__init__(title, (), [Blank(name="filter", label=LABEL, value=value)])
        self._past = list(past)
        self._back = 0
        """How far back in what was asked before; 0: what is being typed."""
        self._typed = value
        self._wrong: tuple[int, str | Untrusted] | None = None
        self._sent = False
        """Whether it was sent as it stands: then a fault is one, whatever the word may become."""

    @property
    def text(self) -> str:
        return self._edits[0].text

    @property
    def lines_needed(self) -> int:
        return 2 + len(self._below())

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return self.lines_needed

    @property
    def begins_field(self) -> bool:
        """Whether the word that is typed last is the beginning of a field."""
        token = self._token().removeprefix("-")
        return token.isalpha() and bool(self._suggested())

    def press(self, key: str, character: str | None) -> Step | None:
        edit = self._edits[0]
        at_end = edit.cursor == len(edit.text)
        if key == "tab" or (key in ("right", "end") and at_end and self._suggested()):
            self._accept()
        elif key in ("up", "down"):
            self._recall(1 if key == "up" else -1)
        else:
            return super().press(key, character)
        self._forgive()
        self._painted()
        return None

    def judge(self, wrong: tuple[int, str] | None, found: str) -> None:
        """What is wrong with the text and where, or nothing; `found` says what it finds by now."""
        self._wrong, self._sent = wrong, False
        self._end = ((found, "quiet"),) if found else ()
        self.refresh(layout=self.size.height != self.lines_needed)

    def count(self, found: str) -> None:
        """What it finds by now."""
        end: Line = ((found, "quiet"),) if found else ()
        if end != self._end:
            self._end = end
            self.refresh()

    def blame(self, name: str, why: str | Untrusted, *, at: int | None = None) -> None:
        """It was sent and cannot be read: the cursor goes to the place."""
        super().blame(name, "", at=at)
        self._wrong, self._sent = (at or 0, why), True
        self.refresh(layout=True)

    # --- completion and history

    def _offers(self) -> list[str]:
        edit = self._edits[0]
        return complete(edit.text, edit.cursor)

    def _token(self) -> str:
        edit = self._edits[0]
        return edit.text[token_start(edit.text, edit.cursor) : edit.cursor]

    def _suggested(self) -> str:
        token = self._token()
        offers = self._offers() if token else []
        return offers[0][len(token) :] if offers and offers[0].casefold().startswith(token.casefold()) else ""

    def _accept(self) -> None:
        """Put the first offer in place of the word; behind a whole word, begin another one."""
        offers, token, edit = self._offers(), self._token(), self._edits[0]
        if not offers:
            return
        word = offers[0] + " " if offers[0] == token else offers[0]
        start = edit.cursor - len(token)
        edit.text = edit.text[:start] + word + edit.text[edit.cursor :]
        edit.cursor = start + len(word)

    def _recall(self, by: int) -> None:
        if self._back == 0:
            self._typed = self.text
        self._back = max(0, min(len(self._past), self._back + by))
        edit = self._edits[0]
        edit.text = self._typed if self._back == 0 else self._past[-self._back]
        edit.cursor = len(edit.text)

    # --- painting

    def paint_line(self, y: int) -> Strip:
        if y < 2:
            strip = super().paint_line(y)
            return self._marked(strip) if y == 1 else strip
        below = self._below()
        return self.strip_of(below[y - 2] if y - 2 < len(below) else (), self.size.width)

    def _below(self) -> tuple[Line, ...]:
        """What stands under the text: one line, or as many as a fault's sentence takes."""
        fault = self._hard()
        return (self._offered(),) if fault is None else self._fault_lines(*fault)

    def _hard(self) -> tuple[int, str | Untrusted] | None:
        """What is wrong, unless it may become right with the word that is being typed."""
        if self._wrong is None:
            return None
        edit = self._edits[0]
        typing = token_start(edit.text, edit.cursor) <= self._wrong[0] <= edit.cursor == len(edit.text)
        return None if not self._sent and typing and (self._offers() or self._wrong[0] == edit.cursor) else self._wrong

    def _column(self, position: int) -> int | None:
        """The cell of a character of the text, None if it is out of sight."""
        start, _ = self._window()
        if position < start:
            return None
        before = line_width(((Untrusted(self.text[start:position]), "text"),))
        column = self._label_width + before
        return column if column < self.size.width - 1 else None

    def _marked(self, strip: Strip) -> Strip:
        """The line with the place of a fault underlined."""
        fault = self._hard()
        column = None if fault is None else self._column(fault[0])
        if column is None:
            return strip
        look = self.tone("late") + Style(underline=True)
        end = min(column + 1, strip.cell_length)
        under = strip.crop(column, end).apply_style(look)
        return Strip.join([strip.crop(0, column), under, strip.crop(end, strip.cell_length)])

    def _fault_lines(self, position: int, reason: str | Untrusted) -> tuple[Line, ...]:
        """The reason, under its place where it fits there."""
        column, sentence = self._column(position), words(Untrusted(reason) if isinstance(reason, str) else reason)
        room = max(1, self.size.width - 2)
        spare = room - cell_len(sentence)
        if column is not None and column + 1 <= spare:
            return (((" " * column, "text"), ("^ ", "late"), (sentence, "late")),)
        if spare >= 0:
            return (((" " * spare, "text"), (sentence, "late")),)
        return tuple(((" ", "text"), (each, "late")) for each in wrapped(sentence, room)[:LONGEST])

    def _offered(self) -> Line:
        """What the word may become, or what else can be done."""
        offers, token = self._offers(), self._token()
        if not offers or offers == [token]:
            return (
                (" " * self._label_width, "text"),
                ("Enter keeps it \u00b7 Esc as before \u00b7 Up earlier ones", "quiet"),
            )
        lead = found[0] if (found := _LEAD.match(token)) else ""
        first, *others = (offer[len(lead) :] for offer in offers)
        return (
            (" " * self._label_width, "text"),
            ("Tab", "key"),
            (f" {first}", "text"),
            ("".join(f" {each}" for each in others), "quiet"),
        )
