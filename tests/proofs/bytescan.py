"""A strict reader of what a program sends to a terminal: whatever is not on the list of what ours needs is told.

No emulator shows all that a terminal may do with a byte, so this one does nothing: it knows what a screen of ours is
made of (styles, cursor moves, erasing, a few modes at the start and the end, a title, a copy) and names the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from casework.untrusted import safe

_TOKEN: Final = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<command>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
PAINTING: Final = frozenset("mHJKXCDABG")
"""Styles, erasing, moves."""
MODES: Final = frozenset({"7", "25", "1000", "1003", "1004", "1006", "1015", "1016", "1049", "2004", "2048"})
"""Wrap, cursor, mouse, focus, the other screen, paste, size reports: Textual's, at the start and the end.

Synchronized frames (2026) are for terminals that say they know them; the one of these tests does not.
"""
ONCE: Final = frozenset({"\x1b[>25u", "\x1b[<u", "\x1b[?2026$p", "\x1b[?2048$p", "\x1b[22;2t", "\x1b[23;2t", "\x1b[6n"})
"""The keyboard protocol, questions about modes, the title kept and given back, the cursor's place."""
TITLE: Final = re.compile(r"[02];[^\x00-\x1f\x7f-\x9f]*")
COPY: Final = re.compile(r"52;c;[A-Za-z0-9+/=]*")


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent: offenses in order, how often each mode was set or reset, titles and copies."""

    offenses: tuple[str, ...]
    modes: Counter[str]
    titles: tuple[str, ...]
    copies: tuple[str, ...]


def scan(data: bytes) -> Report:
    """Read `data`, all that a program of ours wrote to a terminal."""
    offenses: list[str] = []
    modes: Counter[str] = Counter()
    titles: list[str] = []
    copies: list[str] = []
    for found in _TOKEN.finditer(data.decode("utf-8", "surrogateescape")):
        token = found.group()
        if found["text"] is not None:
            offenses += _unsafe(token)
        elif found["command"] is not None:
            if TITLE.fullmatch(found["command"]) and safe(found["command"]):
                titles.append(found["command"])
            elif COPY.fullmatch(found["command"]):
                copies.append(found["command"])
            else:
                offenses.append(ascii(token))
        elif token in ONCE:
            modes[token] += 1
        elif found["final"] is not None:
            parameters, final = found["parameters"], found["final"]
            if final in "hl" and parameters[:1] == "?" and parameters[1:] in MODES:
                modes[parameters + final] += 1
            elif found["between"] or final not in PAINTING or not re.fullmatch(r"[\d;:]*", parameters):
                offenses.append(ascii(token))
        elif found["other"] is not None and token not in "\r\n\b":
            offenses.append(ascii(token))
    return Report(tuple(offenses), modes, tuple(titles), tuple(copies))


def _unsafe(text: str) -> Iterator[str]:
    if not safe(text):
        yield from (ascii(char) for char in text if not safe(char))
