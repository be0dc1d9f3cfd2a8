"""Help: what works here and now, and why the rest does not."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from casework.model import Common
from client.views.bits import Line
from tui.floor import WorkFloor
from tui.helplines import help_lines
from tui.keymap import Keymap
from tui.terminal.painting import PaintedScreen
from widgets.message import Footer
from widgets.scroll import Scroll


class HelpScreen(PaintedScreen[None], ModalScreen[None], inherit_bindings=False):
    """All keys, scrolled by j and k; q, Esc and ? close it."""

    DEFAULT_CSS = """
    HelpScreen { background: $background; }
    """

    def __init__(self, keymap: Keymap, model: WorkFloor, case: Common | None, terminal: tuple[Line, ...] = ()) -> None:
        super().__init__()
        self._lines: tuple[Line, ...] = (*help_lines(keymap, model, case), *terminal)

    def compose(self) -> ComposeResult:
        yield Scroll(self._lines, id="help")
        yield Footer(id="help-footer")

    def on_mount(self) -> None:
        self.query_one(Footer).offer((("j k", "scroll"), ("q", "back")), self.app.size.width)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        key = event.character if event.is_printable else event.key
        scroll = self.query_one(Scroll)
        steps = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": scroll.page, "pageup": -scroll.page}
        steps |= {" ": scroll.page, "g": -1_000_000, "G": 1_000_000}
        if key in ("q", "?", "escape", "ctrl+c"):
            _ = self.dismiss()
        elif key in steps:
            scroll.scroll_lines(steps[key])
            self.paint_now()
