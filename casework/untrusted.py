"""Text that came from outside, on its way to a screen.

Reports, handles, captions and names are evidence: they are stored as they came. On a terminal the same characters can
move the cursor, reverse the reading order, hide letters or answer for the person at the keys. So what a view hands out
is `Untrusted`, which cannot become part of a string by accident, and `visible` is what a screen may show of it.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final, NoReturn

COMBINING_CAP: Final = 4
"""Marks that one base may carry; Vietnamese and pointed Hebrew need three."""

_LETTERS_TO_THEIR_READERS: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Format characters that are drawn: Arabic and Syriac number and end signs, Kaithi number signs."""

_BLANKS: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Letters and marks that take no ink: fillers, invisible vowels, selectors, the empty braille cell."""

_NAMED_AS_CODE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_MARKS: Final = frozenset({"Mn", "Me"})


_known_safe: set[str] = {chr(code) for code in range(0x20, 0x7F)}
"""Characters that were looked at and may be written as they are: every line that is painted is held against them."""
_KNOWN_MOST: Final = 20_000


class Untrusted:
    """A string from outside. It compares and hashes by its value and refuses to become text by itself.

    Raises `TypeError` from `str()`, `format()`, f-strings and `+`: go through `visible`.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: str) -> None:
        self._raw = raw

    def __str__(self) -> NoReturn:
        raise TypeError("untrusted text does not become a string by itself; show it through `visible`")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("untrusted text is never formatted into other text; show it through `visible`")

    def __repr__(self) -> str:
        # Tracebacks and assertions print this: its length and nothing of its text.
        return f"Untrusted(<{len(self._raw)} characters>)"

    def __bool__(self) -> bool:
        return bool(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def head(self, characters: int) -> Untrusted:
        """Its first characters, as untrusted as the whole."""
        return self if len(self._raw) <= characters else Untrusted(self._raw[:characters])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Untrusted) and other._raw == self._raw

    def __hash__(self) -> int:
        return hash(self._raw)


def raw(text: Untrusted) -> str:
    """The original, for comparing and for sending back to the feed; never for a screen."""
    return text._raw


def visible(text: Untrusted | str, *, multiline: bool = False) -> str:
    """`text` with a visible stand-in for every character that acts, hides or joins; one line unless `multiline`.

    Controls become their pictures (`␛`), other unseen code points `<U+202E>`, runs of marks are cut after
    `COMBINING_CAP`, any kind of space becomes a space, flags become letters and skin tones a dot, because terminals
    disagree about their width. With `multiline`, line breaks of every kind become `\\n`.
    """
    source = text._raw if isinstance(text, Untrusted) else text
    if source.isascii() and source.isprintable():
        return source
    if multiline:
        return "\n".join(_one_line(line) for line in lines_of(source))
    return _one_line(source)


def lines_of(source: str) -> list[str]:
    """`source` at its line breaks: LF, CRLF and Unicode's two. A lone CR is none: it hides what stands before."""
    return source.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n").split("\n")


def safe(text: str) -> bool:
    """Whether every character of `text` may be written to a terminal as it is (marks and wide letters may)."""
    if _known_safe.issuperset(text):
        return True
    found = {char for char in text if _stand_in(char) == char}
    if len(_known_safe) < _KNOWN_MOST:
        _known_safe.update(found)
    return found.issuperset(text)


def stand_in_of_one_cell(char: str) -> str:
    """A harmless character of one cell in place of `char`, or `char` itself: for a gate that may not move columns."""
    shown = _stand_in(char)
    return shown if len(shown) == 1 else "\ufffd"


def _one_line(source: str) -> str:
    out: list[str] = []
    marks = 0
    grounded = False  # is there a letter that a mark may sit on?
    for char in source:
        if char.isascii() and char.isprintable():
            marks, grounded = _settle(out, marks), char != " "
            out.append(char)
            continue
        shown = _stand_in(char)
        if shown == char and unicodedata.category(char) in _MARKS:
            marks += 1
            if not grounded:
                out.append("\u25cc")  # the dotted circle: a mark never lands on the neighbor's letter
                grounded = True
            if marks <= COMBINING_CAP:
                out.append(char)
            continue
        marks, grounded = _settle(out, marks), shown == char
        out.append(shown)
    _settle(out, marks)
    return "".join(out)


def _settle(out: list[str], marks: int) -> int:
    """Say how many marks were left out; the new count, zero."""
    if marks > COMBINING_CAP:
        out.append(f"<+{marks - COMBINING_CAP} marks>")
    return 0


@lru_cache(maxsize=8192)
def _stand_in(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if char in _BLANKS:
        return f"<U+{code:04X}>"
    if 0x1F1E6 <= code <= 0x1F1FF:  # regional indicators: a flag is two letters, and two, three or four cells
        return chr(ord("A") + code - 0x1F1E6)
    if 0x1F3FB <= code <= 0x1F3FF:  # skin tones join the picture before them, or do not
        return "\u00b7"
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if category in _NAMED_AS_CODE and char not in _LETTERS_TO_THEIR_READERS:
        return f"<U+{code:04X}>"
    return char
