"""What the terminal sends, on its way to Textual's parser: bytes that are no text, answers that nobody asked for.

Textual ends the application on a byte that is not UTF-8, spins when its input has ended, and hands on a sequence that
it does not know letter by letter, as keys, also out of what is pasted: the answer `ESC [ ? 6 c` to a question that
somebody smuggled in would press `c`. What is asked here is known, so everything else of that kind is dropped before it
can become a key. No I/O.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

LONGEST: Final = 65_536
"""Characters of a string from the terminal that are waited through; what is longer was none."""
QUIET_TICKS: Final = 5
"""Looks without input (a tenth of a second each) after which a string that has not ended is given up."""

_STRING: Final = re.compile(r"\x1b[P\]X^_]")
_STRING_END: Final = re.compile(r"\x07|\x1b\\|\x18|\x1a")
_CSI: Final = re.compile(r"\x1b\[([0-?]*)([ -/]*)([@-~])")
_PASTE: Final = "\x1b[200~"
_PASTE_END: Final = "\x1b[201~"
_BEGUN: Final = re.compile(r"\x1b\[[0-?]+[ -/]*\Z")
_MAYBE_A_KEY: Final = ("\x1b[", "\x1b")
_ESCAPE_SHOWN: Final = "\u241b"
_NO_KEY: Final = "\x1b[E"
"""What the parser ignores: makes nothing of the beginning that it has."""
_ANY: Final = re.compile(r"\x1b(?:[P\]X^_]|\[[0-?]*[ -/]*[@-~])")


def unasked(parameters: str, between: str, final: str) -> bool:
    """Whether a control sequence from the terminal is an answer to a question that this program never asks."""
    if parameters[:1] == "?":
        return not (final == "y" and between == "$")  # whether it knows a mode: Textual asks that
    if parameters[:1] == "<":
        return final not in "Mm"  # the mouse
    if parameters[:1] in ("=", ">"):
        return True
    if final == "t":
        return not parameters.startswith("48;")  # its size: Textual asks for that
    # Device attributes and status, terminal parameters, checksums: all of them speak of the terminal, not of a finger.
    return final in "cnxy" or (between != "" and final != "~")


class KeyReader:
    """Bytes in, text for the parser out. `tick` says that nothing came for a tenth of a second."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pasting = False
        self._string = 0
        """Characters of a string that has not ended, from 1 on; 0 outside of one."""
        self._quiet = 0
        self._escape = False
        """Inside a string: whether the last character was Esc, which may begin its end."""
        self._held = ""
        """The beginning of a sequence whose rest has not come."""
        self._passed = ""
        """What was passed on last of the same: it may as well be a key, and no key waits."""
        self.dropped = 0
        """Answers that were dropped."""

    def read(self, data: bytes, *, final: bool = False) -> str:
        """What of `data` is for the parser."""
        self._quiet = 0
        before = self._passed
        text = (before or self._held) + self._decoder.decode(data, final)
        self._held = ""
        out: list[str] = []
        at = 0
        while at < len(text):
            if self._string:
                at = self._rest_of_string(text, at)
            elif self._pasting:
                at = self._pasted(text, at, out)
            else:
                at = self._step(text, at, out)
        passed = "".join(out)
        outside = not (self._string or self._pasting)
        self._passed = next((each for each in _MAYBE_A_KEY if text.endswith(each)), "") if outside else ""
        # The parser has that beginning already. If what it began is dropped or held, it was no key.
        return passed.removeprefix(before) if passed.startswith(before) else _NO_KEY.removeprefix(before) + passed

    def tick(self) -> str:
        """Nothing came: a string that does not end was a key with Alt, and what was begun is all there is."""
        self._quiet += 1
        self._passed = ""
        if self._quiet >= QUIET_TICKS:
            self._string = 0
        held = "" if self._pasting else self._held
        self._held = self._held if self._pasting else ""
        return held

    def _pasted(self, text: str, at: int, out: list[str]) -> int:
        """Take pasted text up to its end, or all there is. An Esc in it is made visible: the parser would act on it."""
        end = text.find(_PASTE_END, at)
        if end >= 0:
            self._pasting = False
            out += (text[at:end].replace("\x1b", _ESCAPE_SHOWN), _PASTE_END)
            return end + len(_PASTE_END)
        begun = next((size for size in range(len(_PASTE_END) - 1, 0, -1) if text.endswith(_PASTE_END[:size])), 0)
        stop = max(at, len(text) - begun)
        self._held = text[stop:]
        out.append(text[at:stop].replace("\x1b", _ESCAPE_SHOWN))
        return len(text)

    def _step(self, text: str, at: int, out: list[str]) -> int:
        """Take the text up to the next sequence and the sequence itself; where to go on."""
        found = _ANY.search(text, at)
        if found is None:
            begun = _BEGUN.search(text, at)
            stop = begun.start() if begun is not None else len(text)
            self._held = text[stop:]
            out.append(text[at:stop])
            return len(text)
        out.append(text[at : found.start()])
        sequence = found.group()
        if _STRING.fullmatch(sequence):
            self._string, self._escape = 1, False
            self.dropped += 1
            return found.end()
        self._pasting = sequence == _PASTE
        control = _CSI.fullmatch(sequence)
        if control is not None and unasked(*control.groups()):
            self.dropped += 1
        else:
            out.append(sequence)
        return found.end()

    def _rest_of_string(self, text: str, at: int) -> int:
        if self._escape and text[at] == "\\":
            self._string, self._escape = 0, False
            return at + 1
        self._escape = False
        end = _STRING_END.search(text, at)
        if end is not None:
            self._string = 0
            return end.end()
        self._string += len(text) - at
        self._escape = text.endswith("\x1b")
        if self._string > LONGEST:
            self._string = 0
        return len(text)
