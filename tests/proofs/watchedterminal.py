"""A terminal that keeps what could be done to it, and that answers every question as a real one would.

What comes back by itself (device attributes, reports, a title read aloud) goes into the program's input, where it would
be taken for keys.
"""

from __future__ import annotations

import os
import re
from typing import Any, Final

import pyte
from wcwidth import wcwidth

from tests.terminal import Terminal

ANSWERS: Final[tuple[tuple[re.Pattern[bytes], bytes], ...]] = tuple(
    (re.compile(question, re.DOTALL), answer)
    for question, answer in (
        (rb"(?:\x1b\[|\xc2\x9b)0?c|\x1bZ|\x05", b"\x1b[?62;22c"),
        (rb"(?:\x1b\[|\xc2\x9b)>0?c", b"\x1b[>1;95;0c"),
        (rb"(?:\x1b\[|\xc2\x9b)5n", b"\x1b[0n"),
        (rb"(?:\x1b\[|\xc2\x9b)\?6n", b"\x1b[?1;1R"),
        (rb"(?:\x1b\[|\xc2\x9b)2[01]t", b"\x1b]lclaim c\x1b\\"),
        (rb"(?:\x1b\[|\xc2\x9b)18t", b"\x1b[8;60;160t"),
        (rb"\x1bP\$q[^\x1b]*(?:\x1b\\)", b"\x1bP1$r0m\x1b\\"),
        (rb"\x1bP\+q[^\x1b]*(?:\x1b\\)", b"\x1bP1+r544e\x1b\\"),
        (rb"\x1b\]1[0-2];\?(?:\x07|\x1b\\)", b"\x1b]10;rgb:ff/ff/ff\x07"),
        (rb"\x1b\]4;\d+;\?(?:\x07|\x1b\\)", b"\x1b]4;1;rgb:cd/0/0\x07"),
        (rb"\x1b\]52;[^;]*;\?(?:\x07|\x1b\\)", b"\x1b]52;c;Y2xhaW0=\x07"),
    )
)


class WatchedScreen(pyte.Screen):
    """Draws marks that take no cell without losing what follows, which pyte's own screen does."""

    def draw(self, data: str) -> None:
        super().draw("".join(char for char in data if wcwidth(char) > 0))


class WatchedTerminal(Terminal):
    """`Terminal` with a memory and a mouth. `widths`: by the wcwidth tables, not by the program's own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.screen = WatchedScreen(options.get("columns", 80), options.get("rows", 24))
        self._stream = pyte.ByteStream(self.screen)
        self._heard = 0
        self.answered = 0

    def state(self) -> dict[str, object]:
        """What a program may leave behind: everything but the cells."""
        screen = self.screen
        return {
            "title": screen.title,
            "icon": screen.icon_name,
            "modes": sorted(screen.mode),
            "margins": screen.margins,
            "charset": (screen.charset, screen.g0_charset, screen.g1_charset),
            "saved": len(screen.savepoints),
            "tabs": sorted(screen.tabstops),
            "size": (screen.columns, screen.lines),
        }

    def grid(self) -> list[list[str]]:
        """The cells; the second one of a wide letter is empty."""
        buffer = self.screen.buffer
        return [[buffer[y][x].data for x in range(self.screen.columns)] for y in range(self.screen.lines)]

    def send(self, data: bytes) -> None:
        """Input as it comes: a paste, an answer."""
        os.write(self._leader, data)

    def _read(self, timeout_s: float) -> bool:
        alive = super()._read(timeout_s)
        new = bytes(self.written[self._heard :])
        self._heard = len(self.written)
        for question, answer in ANSWERS:
            for _ in question.findall(new):
                self.answered += 1
                self.send(answer)
        return alive
