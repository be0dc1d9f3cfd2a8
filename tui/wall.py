"""The wall as a Textual application. It can look at a session and at nothing else: nothing here can act."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.filter import LineFilter

from client.views.bits import DOT, Line
from client.views.wall import flow, legible, wall
from themes.dark import DARK, PLAIN
from tui.crash import crash_sentence
from tui.floor import FloorModel
from tui.port import Watched
from tui.sheet import SHEET
from tui.terminal import filters, plain_wanted
from widgets.gate import Gate
from widgets.wallpage import WallPage

TICK_S = 0.25
FLOW_MS = 10_000
"""How often arrivals and clears are counted again."""


class WallApp(App[None], inherit_bindings=False):
    """`connect` makes the session after the first paint. `screen` is (inches, metres) of where it hangs."""

    CSS_PATH: ClassVar = SHEET
    ENABLE_COMMAND_PALETTE = False
    TITLE = "watchfloor wall"

    def __init__(
        self,
        connect: Callable[[], Watched],
        *,
        name: str = "",
        gate: Gate | None = None,
        screen: tuple[float, float] | None = None,
    ) -> None:
        self.gate: LineFilter = gate or Gate()
        super().__init__()
        self._connect = connect
        self._seen_from = screen
        self.model: FloorModel[Watched] = FloorModel(name=name, read_only=True)
        self.failed: str | None = None
        self._flow: Line = ()
        self._flow_at = -FLOW_MS
        self.register_theme(DARK)
        self.register_theme(PLAIN)
        self.no_color = plain_wanted()
        self.theme = PLAIN.name if self.no_color else DARK.name

    def compose(self) -> ComposeResult:
        yield WallPage()

    def get_line_filters(self) -> list[LineFilter]:
        return filters(super().get_line_filters(), self.gate, plain=self.no_color)

    def on_mount(self) -> None:
        self.set_interval(TICK_S, self.look)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.run_worker(self._session(), exit_on_error=False)

    async def _session(self) -> None:
        session = self._connect()
        self.model.session = session
        await session.start()

    async def on_unmount(self) -> None:
        if self.model.session is not None:
            await self.model.session.close()

    def look(self) -> None:
        """Take in what changed and show it."""
        model = self.model
        model.refresh()
        rows = {} if model.session is None else model.session.mirror.rows
        now = model.now()
        if now is not None and now - self._flow_at >= FLOW_MS:
            self._flow_at = now
            self._flow = flow(rows.values(), now)
        page = wall(model.floor(), rows, model.ids, model.next_late(), flow=self._flow)
        self.query_one(WallPage).tell(page, self._foot())

    def _foot(self) -> Line:
        foot: Line = (("1/1", "quiet"),)
        if self._seen_from is not None:
            return (*foot, DOT, *legible(self.size.height, *self._seen_from))
        return foot

    def on_key(self, event: events.Key) -> None:
        """A wall has no keys but the one that ends it."""
        event.stop()
        event.prevent_default()
        if event.key in ("q", "ctrl+c"):
            self.exit()

    def _fatal_error(self) -> None:
        error = self._exception
        self.failed = "the wall failed" if error is None else crash_sentence(error)
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()
