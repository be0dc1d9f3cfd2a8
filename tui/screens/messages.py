"""What this person set going, the newest first: when, what, on which case, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from client.views.bits import Line
from tui.messages import history_lines
from tui.outbox import Entry
from tui.terminal.painting import PaintedScreen
from widgets.message import Footer
from widgets.scroll import Scroll


class MessagesScreen(PaintedScreen[None], ModalScreen[None], inherit_bindings=False):
    """Scrolled by j and k; q and Esc close it. `now` is ms of the outbox's clock, `feed_now` the feed's, ms UTC."""

    DEFAULT_CSS = """
    MessagesScreen { background: $background; }
    """

    def __init__(self, entries: Sequence[Entry], now: float, feed_now: int | None) -> None:
        super().__init__()
        self._lines: tuple[Line, ...] = history_lines(entries, now, feed_now)

    def compose(self) -> ComposeResult:
        yield Scroll(self._lines, id="messages")
        yield Footer(id="messages-footer")

    def on_mount(self) -> None:
        self.query_one(Footer).offer((("j k", "scroll"), ("q", "back")), self.app.size.width)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        key = event.character if event.is_printable else event.key
        if key in ("q", "escape", "ctrl+c"):
            _ = self.dismiss()
        else:
            self.query_one(Scroll).press(key or "")
            self.paint_now()
