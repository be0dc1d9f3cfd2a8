"""A program in a real pseudo-terminal, read back through an emulator: what a person at the keyboard would see."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

PATIENCE_S = 30.0
NEW_FORM_S = 0.3
"""A form takes no burst for a quarter of a second."""
PASTE_S = 0.1
"""What comes within a twentieth of a second behind a burst belongs to it."""


class Terminal:
    """`command` on a terminal of `columns` by `rows`; use as a context manager. It ends with the block."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        columns: int = 80,
        rows: int = 24,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        screen: pyte.Screen | None = None,
    ) -> None:
        self.screen = screen or pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = bytearray()
        """Every byte that the program wrote."""
        self._leader, follower = pty.openpty()
        termios.tcsetwinsize(follower, (rows, columns))
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(env or {})}
        environment.pop("SSH_CONNECTION", None)
        self.process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=environment,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
        )
        os.close(follower)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self._leader)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def press(self, keys: str) -> None:
        """Type `keys` one by one, as a person does: many at once count as a paste and are dropped."""
        for key in keys:
            os.write(self._leader, key.encode())
            self._read(0.03)

    def type(self, text: str) -> None:
        """Type `text` into a field, a letter at a time.

        On a busy machine many letters are read at once and look like a paste: a form that just opened would not take
        them, and what comes right behind them would be dropped. So this waits before and after.
        """
        self.rest(NEW_FORM_S)
        for letter in text:
            os.write(self._leader, letter.encode())
            self.rest(0.015)
        self.wait_for(lambda terminal: text.rstrip("\r")[-6:] in terminal.text)
        self.rest(PASTE_S)

    def rest(self, seconds: float) -> None:
        """Let time pass, with the program free to write."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not self._read(left):
                time.sleep(max(0.0, until - time.monotonic()))

    def burst(self, keys: str) -> None:
        """Send `keys` in one write."""
        os.write(self._leader, keys.encode())

    def wait_for(self, what: str | Callable[[Terminal], bool], *, patience_s: float = PATIENCE_S) -> list[str]:
        """The lines once `what` (a text, or a condition) holds. Fails with the screen if it never does."""
        deadline = time.monotonic() + patience_s
        while True:
            if what in self.text if isinstance(what, str) else what(self):
                return self.lines
            if time.monotonic() > deadline or not self._read(0.2):
                if what in self.text if isinstance(what, str) else what(self):
                    return self.lines
                raise AssertionError(f"never on the screen: {what}\n{self.text}")

    def settle(self, quiet_s: float) -> None:
        """Read until nothing came for so long, or the program ended."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            before = len(self.written)
            if not self._read(quiet_s) or len(self.written) == before:
                return

    def wait_gone(self, what: str) -> list[str]:
        """The lines once `what` is no longer on the screen."""
        return self.wait_for(lambda terminal: what not in terminal.text)

    def wait_ended(self, *, patience_s: float = PATIENCE_S) -> int:
        """The exit code of the program, once it ended."""
        deadline = time.monotonic() + patience_s
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"still running\n{self.text}")
            self._read(0.1)
        while self._read(0):
            pass
        return self.process.wait()

    def _read(self, timeout_s: float) -> bool:
        """Feed the emulator with what is there, waiting up to `timeout_s`; False once the program closed its end."""
        if not select.select([self._leader], [], [], timeout_s)[0]:
            return self.process.poll() is None
        try:
            data = os.read(self._leader, 65_536)
        except OSError:
            return False
        self.written += data
        self._stream.feed(data)
        return bool(data)
