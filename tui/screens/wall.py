"""The wall over the console's own mirror: a look at the whole floor, whatever the view shows. Nothing acts in it."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from client.views.wall import wall
from tui.floor import WorkFloor
from tui.terminal.painting import PaintedScreen
from widgets.wallpage import WallPage

TICK_S: Final = 0.25
FOREMOST: Final = 50
"""The page shows the first seven; its one word is about these."""


class WallScreen(PaintedScreen[None], ModalScreen[None], inherit_bindings=False):
    """q, Esc and w close it."""

    DEFAULT_CSS = """
    WallScreen { background: $background; }
    """

    def __init__(self, model: WorkFloor) -> None:
        super().__init__()
        self._model = model

    def compose(self) -> ComposeResult:
        yield WallPage()

    def on_mount(self) -> None:
        self.set_interval(TICK_S, self.look)
        self.call_after_refresh(self.look)

    def look(self) -> None:
        """Show the floor as it is now."""
        model = self._model
        rows = {} if model.session is None else model.session.mirror.rows
        page = wall(model.floor(), rows, model.tally.foremost(FOREMOST), model.next_late())
        self.query_one(WallPage).tell(page, (("q", "key"), (" back", "quiet")))

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key in ("q", "w", "escape", "ctrl+c"):
            _ = self.dismiss()
