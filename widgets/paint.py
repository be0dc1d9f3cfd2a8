"""From words to cells: what came from outside is made visible, cut at a word, and keeps to its columns."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from casework.untrusted import Untrusted, visible

ELLIPSIS: Final = "\u2026"
_BEFORE_ELLIPSIS: Final = " \u00b7,;:-\u2013("


LONGEST_LINE: Final = 2_000
LONGEST_TEXT: Final = 65_536
"""Characters that are looked at for one line and for a text of several: four times what intake accepts."""


@lru_cache(maxsize=4096)
def shown(text: Untrusted, *, multiline: bool = False) -> Content:
    """The only way from outside text to a screen: content without markup, each unseen character with a stand-in."""
    longest = LONGEST_TEXT if multiline else LONGEST_LINE
    more = len(text) - longest
    said = visible(text.head(longest), multiline=multiline)
    return Content(f"{said}{ELLIPSIS} {more} more characters" if more > 0 else said)


def words(text: Untrusted | str) -> str:
    """What to paint of a piece of a line; a plain `str` is ours and stays as it is."""
    return shown(text).plain if isinstance(text, Untrusted) else text


@lru_cache(maxsize=8192)
def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; what is too long ends at a word, with an ellipsis."""
    if width <= 0:
        return ""
    if len(text) > _most(width):
        text = text[: _most(width)] + " "
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text, width - 1)
    if text[len(head.rstrip()) :][:1].isalnum():
        at = head.rfind(" ")
        # A long word alone is cut inside: half a name says more than none.
        if at * 5 >= len(head) * 3:
            head = head[:at]
    return head.rstrip(_BEFORE_ELLIPSIS) + ELLIPSIS


def _most(width: int) -> int:
    """Characters that stand in `width` cells at most: a letter may carry marks, and what carries more is cut there."""
    return 4 * width + 64


def left(text: str, width: int) -> str:
    """`text` in exactly `width` cells, flush left."""
    short = cut(text, width)
    return short + " " * (width - cell_len(short))


def right(text: str, width: int) -> str:
    """`text` in exactly `width` cells, flush right: digits stand under digits."""
    short = cut(text, width)
    return " " * (width - cell_len(short)) + short


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at words; its own line breaks are kept."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_wrap_paragraph(paragraph, max(1, width)))
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> list[str]:
    most = _most(width)
    lines: list[str] = []
    line = ""
    for word in paragraph.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        # Never measured whole again and again: a text of one word may have as many letters as others have in all.
        while len(word) > most or cell_len(word) > width:
            part = word[:most]
            head = part if cell_len(part) <= width else set_cell_size(part, width)
            taken = head if word.startswith(head) else head[:-1]
            lines.append(taken)
            word = word[len(taken) :]
            if not taken:
                break
        line = word
    lines.append(line)
    return lines
