"""A page of lines over the floor, scrolled, with nothing to do on it but to leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from client.views.bits import Line
from tui.terminal.painting import PaintedScreen
from widgets.message import Footer
from widgets.scroll import Scroll


class PageScreen(PaintedScreen[None], ModalScreen[None], inherit_bindings=False):
    """`CLOSING` are the keys that close it."""

    DEFAULT_CSS = """
    PageScreen { background: $background; }
    """
    CLOSING: ClassVar[tuple[str, ...]] = ("q", "escape", "ctrl+c")

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self._lines = tuple(lines)

    def compose(self) -> ComposeResult:
        yield Scroll(self._lines)
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(Footer).offer((("j k", "scroll"), ("q", "back")), self.app.size.width)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        key = event.character if event.is_printable else event.key
        if key in self.CLOSING:
            _ = self.dismiss()
        else:
            self.query_one(Scroll).press(key or "")
            self.paint_now()
