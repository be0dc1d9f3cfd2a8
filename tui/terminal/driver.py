"""The driver between Textual and the terminal: sends what that terminal understands, asks it, and counts the bytes.

It reads keys by Textual's own parser; `tests/tui/test_driver.py` holds it against the pinned version. What is written
goes out through `tui/terminal/outlet.py`.
"""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable
from typing import Any, Final

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.message import Message

from tui.terminal.abilities import Abilities
from tui.terminal.answers import PROBE, TRIP, WHERE, WIDTH, Answers, TornAnswer
from tui.terminal.keyreader import KeyReader
from tui.terminal.linkmeter import LinkMeter
from tui.terminal.outlet import Terminal

POLL_S: Final = 0.1
READ_BYTES: Final = 4_096
_MODERN: Final = frozenset({"\x1b[>25u", "\x1b[<u", "\x1b[?2026$p", "\x1b[?2048$p", "\x1b[?2004h", "\x1b[?2004l"})
"""What Textual sends to every terminal, and an old one shows as letters."""
_POINTER: Final = "\x1b]22;"
"""The shape of the mouse pointer: of no use here, and one more string that an old terminal may show."""
_QUERIES_MS: Final = 10_000
"""How long Textual's own questions at the start may stay open."""
_PUSH_TITLE: Final = "\x1b[22;2t"
_POP_TITLE: Final = "\x1b[23;2t"


def monotonic_ms() -> float:
    """ms of a clock that never jumps."""
    return time.monotonic_ns() / 1_000_000


def with_alt(message: Message) -> Message:
    """A key out of a sequence that went no further, with the Alt that Textual forgets where a key has a long name.

    `[` by itself is never waited for, so here it came behind Esc: the beginning of an answer that was torn, or Alt+[.
    """
    if isinstance(message, events.Key) and message.key == "left_square_bracket":
        return events.Key("alt+left_square_bracket", None)
    return message


class ConsoleDriver(Terminal):
    """`abilities` comes from the application that it is made for."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        self.meter = LinkMeter()
        self.answers = Answers()
        self.abilities: Abilities = getattr(app, "abilities", Abilities())
        self._told: Callable[[], None] | None = getattr(app, "terminal_answered", None)
        self._torn = TornAnswer()
        self.handing = False
        """Whether something was read that was not handed on yet."""
        self._lost = False
        self._given_back = False
        """Nothing is written to a terminal that is somebody else's again: no title, no bell."""
        self._began = monotonic_ms()
        super().__init__(app, debug=debug, mouse=mouse, size=size)

    @property
    def mouse(self) -> bool:
        """Whether the terminal reports the mouse to us; while it does, its own selection of text does not work."""
        return self._mouse

    def set_mouse(self, on: bool) -> None:
        """Have the mouse reported, or give it back to the terminal."""
        if on == self._mouse:
            return
        if on:
            self._mouse = True
            self._enable_mouse_support()
        else:
            self._disable_mouse_support()
            self._mouse = False

    def start_application_mode(self) -> None:
        self._given_back = False
        super().start_application_mode()
        self._began = monotonic_ms()
        if not self.abilities.basic:
            self.write(_PUSH_TITLE)
        if self.abilities.utf8 and not self.abilities.ascii_shapes:
            self.answers.asked(WIDTH, self._began)
            self.write(PROBE)

    def stop_application_mode(self) -> None:
        if not self.abilities.basic:
            self.write(_POP_TITLE)
        super().stop_application_mode()
        self._given_back = True

    def write(self, data: str) -> None:
        if self._lost or self._given_back or (self.abilities.basic and data in _MODERN) or data.startswith(_POINTER):
            return
        self.meter.wrote(len(data), monotonic_ms())
        super().write(data)

    def run_input_thread(self) -> None:
        """As Textual's, but a terminal that is gone ends the program instead of being read for ever."""
        parser = XTermParser(self._debug)
        reader = KeyReader()
        selector = selectors.SelectSelector()
        selector.register(self.fileno, selectors.EVENT_READ)
        try:
            while not self.exit_event.is_set():
                ready = selector.select(POLL_S)
                came_at = time.monotonic()
                if ready:
                    try:
                        data = os.read(self.fileno, READ_BYTES)
                    except OSError:
                        data = b""
                    if not data:
                        self._lose()
                        return
                    self.handing = True
                    text = reader.read(data)
                else:
                    text = reader.tick()
                if text:  # an empty text would tell the parser that this is the end
                    for message in parser.feed(text):
                        # What was read at once came at once, however long this thread has to wait in between.
                        message.time = came_at
                        self.process_message(message)
                self.handing = False
                for message in parser.tick():
                    self.process_message(with_alt(message))
        finally:
            selector.close()

    def _lose(self) -> None:
        self._lost = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(getattr(self._app, "lost", self._app.exit))

    def ask_round_trip(self) -> None:
        """Ask the terminal something, to see how long the answer takes; if it makes sense to ask."""
        now = monotonic_ms()
        if self.answers.may_ask(now):
            self.answers.asked(TRIP, now)
            self.write(WHERE)

    def process_message(self, message: Message) -> None:
        now = message.time * 1_000
        if isinstance(message, events.CursorPosition):
            if self.answers.answered(message.x, now) is not None:
                if self._told is not None:
                    self._loop.call_soon_threadsafe(self._told)
            return
        if isinstance(message, events.Key):
            awaited = now - self._began < _QUERIES_MS or self.answers.waiting(now)
            if self._torn.belongs(message.key, now, awaited=awaited):
                return
        super().process_message(message)
