"""What the keys of views, orders and the lock do. Nothing here changes a case."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from casework.untrusted import Untrusted, visible
from client.views.saved import DIGITS, SavedViews
from client.views.sorts import SORTS
from tui.floor import WorkFloor
from tui.target import Target


class Looked(Protocol):
    """What the screen does for it."""

    def target(self) -> Target: ...
    def first(self) -> None: ...
    def view_changed(self) -> None: ...
    def say(self, sentence: str | Untrusted, tone: str = "text") -> None: ...


_ON: Final = {f"view_{name}": digit for digit, name in DIGITS.items()} | {f"view_{digit}": digit for digit in "56789"}
"""The digit of each act."""


class Viewing:
    """Views, orders and the lock of one floor."""

    def __init__(self, model: WorkFloor, screen: Looked) -> None:
        self._model = model
        self._screen = screen

    def acts(self) -> dict[str, Callable[[], None]]:
        """What each act does, by its name."""
        return {
            **{act: partial(self._view, digit) for act, digit in _ON.items()},
            **{f"sort_{name}": partial(self._sort, name) for name in SORTS},
            "clear": self._clear,
            "lock_order": self._lock,
        }

    def _view(self, digit: str) -> None:
        view = self._model.views.on(digit)
        if view is None:
            self._screen.say(f"No view lies on {digit}: [views] in the configuration puts one there.", "quiet")
            return
        self._model.look_at(view.name, selected=self._screen.target().case_id)
        self._screen.view_changed()

    def _sort(self, name: str) -> None:
        self._model.sort_by(name, selected=self._screen.target().case_id)
        self._screen.view_changed()

    def _clear(self) -> None:
        self._model.clear()
        self._screen.view_changed()
        self._screen.first()

    def _lock(self) -> None:
        if not self._model.whole:
            self._screen.say("Not every case is searched yet: lock the order when it is.", "quiet")
            return
        self._model.lock()
        self._screen.view_changed()
        if self._model.locked:
            self._screen.say("Rows keep their places for 60 s; L ends it.", "quiet")


def view_title(act: str, views: SavedViews) -> str | None:
    """What help says of a digit's act: its view's name; empty if none lies there. None: it is no such act."""
    digit = _ON.get(act)
    if digit is None:
        return None
    view = views.on(digit)
    if view is None:
        return ""
    return f"{visible(view.name)}: {visible(view.query.text)}" if view.own else view.name.capitalize()
