"""The filter while it is typed: the list narrows with it, a fault is said in its place, and Esc gives back what was.

A key only reads the text; the list follows once no key came for a moment, and is searched in slices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from casework.caseid import shown
from casework.query import QueryFault, parse
from casework.untrusted import Untrusted
from tui.floor import WorkFloor
from tui.search import later
from tui.target import Target
from widgets.filterform import FilterForm

PAUSE_S: Final = 0.06
"""So long after a key the list follows the text."""
BEGUN_S: Final = 0.6
"""The same while the word may still become a field: what it finds as a word is hardly what is meant."""
KEPT: Final = 50
"""Filters that are remembered."""


class Filtered(Protocol):
    """What the screen does for it."""

    def target(self) -> Target: ...
    def select(self, case_id: str) -> None: ...
    def view_changed(self) -> None: ...
    def say(self, sentence: str | Untrusted, tone: str = "text") -> None: ...


class Filtering:
    """One filter line after the other. `later` does something after some seconds."""

    def __init__(
        self,
        model: WorkFloor,
        screen: Filtered,
        later: Callable[[float, Callable[[], None]], object] = later,
    ) -> None:
        self._model = model
        self._screen = screen
        self._later = later
        self._before = ""
        self._selected: str | None = None
        self._form: FilterForm | None = None
        self._keys = 0
        self.past: list[str] = []
        """What was asked before, the oldest first."""

    def open(self) -> FilterForm:
        """The line, with what is filtered by now."""
        self._before, self._selected = self._model.filter, self._screen.target().case_id
        self._form = FilterForm(self._before, self.past)
        return self._form

    def typed(self) -> None:
        """A key changed the text, or may have: say what is wrong with it, and let the list follow if nothing is."""
        form = self._form
        if form is None:
            return
        self._keys += 1
        keys, text = self._keys, form.text
        try:
            parse(text)
        except QueryFault as fault:
            form.judge((fault.position, fault.reason), self._found())
            return
        form.judge(None, self._found())
        if text.strip() != self._model.filter:
            self._later(BEGUN_S if form.begins_field else PAUSE_S, lambda: self._follow(keys, text))

    def refresh(self) -> None:
        """Some time passed: what is found may be more."""
        if self._form is not None:
            self._form.count(self._found())

    def kept(self) -> None:
        """Enter: the text is the filter from now on. Raises `QueryFault`."""
        if self._form is None:
            return
        text = self._form.text.strip()
        parse(text)
        self._form = None
        if text:
            self.past = [*(each for each in self.past if each != text), text][-KEPT:]
        self._ask(text)
        selected = self._selected
        if selected is not None and self._model.index(selected) is None:
            self._screen.say(f"{shown(selected)} does not match and is not selected any more; 0 shows all.", "quiet")

    def left(self) -> None:
        """Esc: the list is what it was before, and so is the selection."""
        if self._form is None:
            return
        self._form = None
        self._ask(self._before)

    # --- inside

    def _follow(self, keys: int, text: str) -> None:
        if self._form is not None and keys == self._keys:
            self._ask(text)

    def _ask(self, text: str) -> None:
        if text.strip() == self._model.filter:
            return
        self._model.ask_for(text, selected=self._selected)
        if self._selected is not None and self._model.index(self._selected) is not None:
            self._screen.select(self._selected)
        self._screen.view_changed()
        self.refresh()

    def _found(self) -> str:
        return f"{len(self._model.ids):,} found" if self._model.filter else ""
