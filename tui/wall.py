"""The wall as a Textual application. It can look at a session and at nothing else: nothing here can act."""

from __future__ import annotations

from collections.abc import Callable, Collection

from textual import events
from textual.app import ComposeResult

from client.views.bits import DOT, Line
from client.views.flow import Flow
from client.views.wall import flow_line, legible, wall
from tui.application import Application
from tui.floor import FloorModel, elapsed_ms
from tui.port import Watched
from tui.terminal.abilities import Abilities
from widgets.boundary import Faults, bounded
from widgets.gate import Gate
from widgets.wallpage import WallPage

TICK_S = 0.25
TAKEN_MS = 100
"""How long one look may go on taking in what changed: nobody types here."""
FLOW_MS = 10_000
"""How often arrivals and clears are counted again."""


class WallFloor(FloorModel[Watched]):
    """The floor as the wall shows it: with what came and what ended lately."""

    def __init__(self, *, name: str = "") -> None:
        super().__init__(name=name, read_only=True)
        self.flow = Flow()

    def _noted(self, dirty: Collection[str]) -> None:
        now = self.now()
        if self.session is not None and now is not None:
            self.flow.update(self.session.mirror.rows, dirty, now)


class WallApp(Application, inherit_bindings=False):
    """`connect` makes the session after the first paint. `screen` is (inches, metres) of where it hangs."""

    TITLE = "watchfloor wall"

    def __init__(
        self,
        connect: Callable[[], Watched],
        *,
        name: str = "",
        gate: Gate | None = None,
        screen: tuple[float, float] | None = None,
        abilities: Abilities | None = None,
        faults: Faults | None = None,
    ) -> None:
        super().__init__(gate=gate, abilities=abilities, faults=faults)
        self._connect = connect
        self._seen_from = screen
        self.model = WallFloor(name=name)
        self._flow: Line = ()
        self._flow_at = -FLOW_MS

    def compose(self) -> ComposeResult:
        yield WallPage()

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
        """Take in what changed and show it; a wall that cannot says so, and never shows a calm old screen."""
        page = self.query_one(WallPage)
        with bounded(WallPage.PART, page.fail):
            self._show(page)
            page.stand()

    def _show(self, on: WallPage) -> None:
        model = self.model
        model.refresh()
        until = elapsed_ms() + TAKEN_MS
        while model.searching and elapsed_ms() < until:
            model.search()
        rows = {} if model.session is None else model.session.mirror.rows
        now = model.now()
        if now is not None and now - self._flow_at >= FLOW_MS:
            self._flow_at = now
            self._flow = flow_line(*model.flow.count(now))
        page = wall(model.floor(), rows, model.ids, model.next_late(), flow=self._flow)
        on.tell(page, self._foot())

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
