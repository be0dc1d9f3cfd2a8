"""The console as a Textual application: theme, gate, crash handling, and the session once the screen stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual import events
from textual.app import App
from textual.filter import LineFilter

from themes.dark import DARK, PLAIN
from tui.crash import crash_sentence
from tui.floor import WorkFloor
from tui.keymap import Keymap
from tui.port import FloorSession
from tui.presses import PasteGuard
from tui.screens.floor import FloorScreen
from tui.sheet import SHEET
from tui.terminal import filters, plain_wanted
from widgets.gate import Gate

FORM_IS_NEW_MS: Final = 250


class Watchfloor(App[None], inherit_bindings=False):
    """The console. `connect` makes the session and is called after the first paint: network code is loaded by it."""

    CSS_PATH: ClassVar = SHEET
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    TITLE = "watchfloor"

    def __init__(
        self,
        connect: Callable[[], FloorSession],
        *,
        name: str = "",
        view: str = "all",
        read_only: bool = False,
        gate: Gate | None = None,
        keymap: Keymap | None = None,
    ) -> None:
        self.gate: LineFilter = gate or Gate()
        super().__init__()
        self._connect = connect
        self.model = WorkFloor(name=name, read_only=read_only)
        self.model.view = view
        self.keymap = keymap or Keymap()
        self.floor = FloorScreen(self.model, self.keymap)
        self.failed: str | None = None
        """The sentence to print once the terminal is given back, if the console failed."""
        self._paste = PasteGuard()
        self.floor.pasted = self._paste.belongs
        self.register_theme(DARK)
        self.register_theme(PLAIN)
        self.no_color = plain_wanted()
        self.theme = PLAIN.name if self.no_color else DARK.name

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's own, and behind them the gate."""
        return filters(super().get_line_filters(), self.gate, plain=self.no_color)

    def on_mount(self) -> None:
        _ = self.push_screen(self.floor)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        """The screen stands: now load the network and connect."""
        self.floor.run_worker(self._session(), exit_on_error=False)

    async def _session(self) -> None:
        session = self._connect()
        session.on_change = self.floor.feed_changed
        self.model.session = session
        await session.start()
        self.floor.feed_changed()

    async def on_unmount(self) -> None:
        self.floor.outbox.cancel_all()
        if self.model.session is not None:
            await self.model.session.close()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            at = event.time * 1_000
            # A form that its own first keys opened is part of the paste.
            if self._paste.key(at) and (self.focused is None or at - self.floor.view.asking.asked_at < FORM_IS_NEW_MS):
                self.floor.paste_dropped(self._paste.dropped)
                return
        if isinstance(event, events.Paste) and self.focused is None:
            self.floor.paste_dropped(len(event.text))
            return
        await super().on_event(event)

    def _fatal_error(self) -> None:
        """Textual would print the traceback with its local variables, which hold case text."""
        error = self._exception
        self.failed = "the console failed" if error is None else crash_sentence(error)
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()
