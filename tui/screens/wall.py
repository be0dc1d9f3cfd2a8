"""The wall over the console's own mirror: a look at the whole floor, whatever the view shows. Nothing acts in it."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from client.views.wall import wall
from tui.floor import SLICE_MS, WorkFloor, elapsed_ms
from tui.terminal.painting import PaintedScreen
from widgets.wallpage import WallPage

TICK_S: Final = 0.25
COUNT_S: Final = 0.03
"""Between two slices of counting, until all is counted."""
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
        self._counting = self.set_interval(COUNT_S, self._count)
        self.call_after_refresh(self.look)

    def look(self) -> None:
        """Show the floor as it is now."""
        model = self._model
        rows = {} if model.session is None else model.session.mirror.rows
        now = model.now()
        flow = () if now is None else model.flowing.line(now)
        page = wall(model.floor(), rows, model.tally.foremost(FOREMOST), model.next_late(), flow=flow)
        self.query_one(WallPage).tell(page, (("q", "key"), (" back", "quiet")))

    def _count(self) -> None:
        """Go on with arrivals and clears for one slice."""
        model, now = self._model, self._model.now()
        if model.session is None or now is None or model.phase != "live":
            return  # while a picture comes in, there is more to do than counting it
        rows = model.session.mirror.rows
        model.flowing.begin(rows)
        model.flowing.step(rows, now, elapsed_ms, elapsed_ms() + SLICE_MS)
        if model.flowing.whole:
            self._counting.stop()
            self.look()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key in ("q", "w", "escape", "ctrl+c"):
            _ = self.dismiss()
