"""The way out to the terminal: what it takes goes out at once, and the screen knows whether it has taken all.

Textual's writer queues thirty writes and then stops the event loop, and waits for the terminal when the program ends.
This one never stops anybody: who paints is told to wait (`behind`), and what is written anyway has a bound.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Final

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App

MOST_UNWRITTEN: Final = 1 << 20
"""Bytes that may wait; painting stops long before, so only what a program writes besides can come near."""
PATIENCE_S: Final = 0.4
"""How long a terminal that takes nothing is waited for when the program ends."""
STALL_MS: Final = 500.0
"""A terminal that takes nothing for longer than this has stalled: keys typed meanwhile were typed blind."""


def monotonic_ms() -> float:
    """ms of a clock that never jumps."""
    return time.monotonic_ns() / 1_000_000


class Outlet(WriterThread):
    """Writes in the order it is told. Times are ms of a monotonic clock."""

    def __init__(self, file: IO[str], now: Callable[[], float] = monotonic_ms) -> None:
        super().__init__(file)
        self._now = now
        self._number, self._own = _descriptor(file)
        self._waiting: list[bytes] = []
        self._news = threading.Condition()
        self._unwritten = 0
        self._behind_since: float | None = None
        self._drained_at: float | None = None
        self._ended = False
        self._dropped = False
        self.on_drained: Callable[[], None] = lambda: None
        """Called from the writing thread when all is written."""

    @property
    def behind(self) -> bool:
        """Whether the terminal has not yet taken all."""
        return self._unwritten > 0

    def behind_ms(self) -> float:
        """For how long the terminal has been behind; 0 if it is not."""
        since = self._behind_since
        return 0.0 if since is None else self._now() - since

    def drained_at(self) -> float | None:
        """When the last stall ended: now, while one goes on; None if there was none."""
        if self.behind_ms() > STALL_MS:
            return self._now()
        return self._drained_at

    def take_dropped(self) -> bool:
        """Whether since the last call something was not written because too much was waiting."""
        dropped, self._dropped = self._dropped, False
        return dropped

    def write(self, text: str) -> None:
        """Have `text` written; never waits."""
        data = text.encode(errors="replace")
        with self._news:
            if not self._unwritten and self._own:
                # The common case, without waiting for another thread to get its turn.
                data = data[_taken(self._number, data) :]
            if not data:
                return
            if self._unwritten + len(data) > MOST_UNWRITTEN:
                self._dropped = True
                return
            if not self._unwritten:
                self._behind_since = self._now()
            self._unwritten += len(data)
            self._waiting.append(data)
            self._news.notify()

    def run(self) -> None:
        while True:
            with self._news:
                while not self._waiting and not self._ended:
                    self._news.wait()
                if not self._waiting:
                    return
                data = b"".join(self._waiting)
                self._waiting.clear()
            self._write_out(data)
            with self._news:
                self._unwritten -= len(data)
                drained = not self._unwritten
                if drained:
                    if self.behind_ms() > STALL_MS:
                        self._drained_at = self._now()
                    self._behind_since = None
            if drained:
                self.on_drained()

    def _write_out(self, data: bytes) -> None:
        """Write all, however long it takes; a terminal that is gone takes everything."""
        while data:
            taken = _taken(self._number, data)
            if not taken:
                select.select([], [self._number], [], PATIENCE_S)
            data = data[taken:]

    def stop(self) -> None:
        """Write what is left and end; a terminal that does not take it is left to itself."""
        with self._news:
            self._ended = True
            self._news.notify()
        self.join(PATIENCE_S)
        if self._own and not self.is_alive():
            os.close(self._number)
            self._own = False


def _descriptor(file: IO[str]) -> tuple[int, bool]:
    """A descriptor of the terminal, and whether it is ours alone: then writing to it never waits.

    The one that was inherited is shared with the shell, so how it writes is not for us to change.
    """
    number = file.fileno()
    try:
        return os.open(os.ttyname(number), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK), True
    except OSError:
        return number, False


def _taken(number: int, data: bytes) -> int:
    """How many bytes were taken; a terminal that is gone takes everything."""
    try:
        return os.write(number, data)
    except BlockingIOError:
        return 0
    except OSError:
        return len(data)


class Terminal(LinuxDriver):
    """Textual's driver with our way out."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        self.outlet: Outlet | None = None
        """The way out, while the program has the terminal."""
        self.entries = 0
        """How often the terminal was entered, at the start and after suspensions: it shows nothing of ours then."""
        self.on_drained: Callable[[], None] = lambda: None
        """Called once in the event loop when the terminal has taken all, if that was asked for."""
        self._awaited = False
        super().__init__(app, debug=debug, mouse=mouse, size=size)

    def is_behind(self) -> bool:
        """Whether the terminal has not taken all; if so, `on_drained` follows."""
        if self.outlet is None or not self.outlet.behind:
            return False
        self._awaited = True
        # It may have caught up before it could know that somebody waits.
        return self.outlet.behind

    # Textual's driver makes its writer in the middle of `start_application_mode` and uses it at once.
    @property
    def _writer_thread(self) -> WriterThread | None:
        return self.outlet

    @_writer_thread.setter
    def _writer_thread(self, made: WriterThread | None) -> None:
        self.outlet = None if made is None else Outlet(self._file or sys.stderr)
        if self.outlet is not None:
            self.outlet.on_drained = self._drained

    def _drained(self) -> None:
        if self._awaited and not self._loop.is_closed():
            self._awaited = False
            self._loop.call_soon_threadsafe(self.on_drained)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's has no annotations
        self.entries += 1
