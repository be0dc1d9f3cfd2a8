"""Help: what works here and now, and why the rest does not."""

from __future__ import annotations

from textual import events

from casework.model import Common
from client.views.bits import Line
from tui.floor import WorkFloor
from tui.helplines import help_lines
from tui.keymap import Keymap
from tui.screens.page import PageScreen
from widgets.scroll import Scroll


class HelpScreen(PageScreen, inherit_bindings=False):
    """All keys; `?` closes it as well. `width` is that of the screen it is opened on."""

    CLOSING = (*PageScreen.CLOSING, "?")

    def __init__(
        self, keymap: Keymap, model: WorkFloor, case: Common | None, width: int, terminal: tuple[Line, ...] = ()
    ) -> None:
        self._keymap, self._model, self._case = keymap, model, case
        self._terminal = terminal
        self._width = width
        super().__init__(self._help())

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._width:
            self._width = event.size.width
            self.query_one(Scroll).show_all(self._help())

    def _help(self) -> tuple[Line, ...]:
        return (*help_lines(self._keymap, self._model, self._case, self._width), *self._terminal)
