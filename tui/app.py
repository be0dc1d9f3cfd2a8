"""The console as a Textual application: theme, gate, crash handling, and the session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from textual import events
from textual.screen import Screen

from client.collecting import STARTING, resume
from client.config import Config
from client.views.saved import ALL, SavedViews
from tui.application import Application
from tui.floor import WorkFloor
from tui.journal import JournalFile
from tui.keymap import Keymap
from tui.port import FloorSession
from tui.presses import AnswerGuard, PasteGuard
from tui.screens.floor import FloorScreen
from tui.terminal.abilities import Abilities
from tui.terminal.driver import monotonic_ms
from widgets.boundary import Faulted, Faults, bounded
from widgets.gate import Gate

FORM_IS_NEW_MS: Final = 250
HANDING_S: Final = 0.002
"""Between two looks at whether what was read is handed on."""


class Watchfloor(Application, inherit_bindings=False):
    """The console. `connect` makes the session and is called before the screen is there; nothing waits for the feed."""

    TITLE = "watchfloor"

    def __init__(
        self,
        connect: Callable[[], FloorSession],
        *,
        name: str = "",
        view: str = ALL,
        read_only: bool = False,
        gate: Gate | None = None,
        keymap: Keymap | None = None,
        abilities: Abilities | None = None,
        faults: Faults | None = None,
        views: SavedViews | None = None,
        journal: Callable[[str], JournalFile] | None = None,
        config: Config | None = None,
    ) -> None:
        super().__init__(gate=gate, abilities=abilities, faults=faults)
        self._connect = connect
        self.model = WorkFloor(name=name, read_only=read_only, views=views)
        if view != ALL:
            self.model.look_at(view)
        self.keymap = keymap or Keymap()
        self.floor = FloorScreen(self.model, self.keymap, self.faults, journal, config, self.abilities)
        self._paste = PasteGuard()
        self._answers = AnswerGuard()
        self.floor.pasted = self._paste.belongs
        self.floor.heard_all = self._heard_all

    def get_default_screen(self) -> Screen[Any]:
        return self.floor

    async def on_load(self) -> None:
        """Connect before there is a screen: its first paint has the first rows, if the feed is quick."""
        with bounded("The link to the feed", self.floor.failed):
            session = self._connect()
            session.on_change = self.floor.feed_changed
            self.model.session = session
            await session.start(page_first=True)

    def on_mount(self) -> None:
        self.floor.steering.stalls.terminal_trip_ms = self._terminal_trip_ms
        self.call_after_refresh(self._stands)

    def _stands(self) -> None:
        """The screen stands: now take in the rest of the floor."""
        resume(STARTING)
        if self.model.session is not None:
            self.model.session.go_on()

    def on_faulted(self, message: Faulted) -> None:
        """A part of a screen before the floor failed: the floor says it."""
        self.floor.failed(message.fault)

    def lost(self) -> None:
        if self.floor.is_mounted:
            self.floor.lost()
        super().lost()

    async def on_unmount(self) -> None:
        self.floor.outbox.cancel_all()
        if self.model.session is not None:
            await self.model.session.close()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            at = event.time * 1_000
            if self._answers.key(event.key, at):
                return
            self.floor.care.idle.pressed(monotonic_ms())
            # A form that its own first keys opened is part of the paste.
            if self._paste.key(at) and (not self._typing or at - self.floor.view.asking.asked_at < FORM_IS_NEW_MS):
                self.floor.paste_dropped(self._paste.dropped)
                return
        if isinstance(event, events.Paste) and not self._typing:
            self.floor.paste_dropped(len(event.text))
            return
        await super().on_event(event)

    async def _heard_all(self) -> None:
        """Wait until every key that was read is handled: this console may be slower than what is pasted into it."""
        line = self.line_to_terminal
        while line is not None and line.handing:  # noqa: ASYNC110 - a thread says it, for some milliseconds
            await asyncio.sleep(HANDING_S)
        heard = asyncio.Event()
        # Through both queues that a key goes through, behind those that are in them.
        _ = self.call_later(self.floor.call_later, heard.set)
        await heard.wait()

    def _terminal_trip_ms(self) -> float | None:
        line = self.line_to_terminal
        return None if line is None else line.answers.round_trip_ms

    @property
    def _typing(self) -> bool:
        """Whether keys go into a form."""
        return self.floor.is_mounted and self.floor.view.asking.form is not None
