"""From the blocks of a case to lines of a width: wrapped at words, further lines hung below their lead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct
from rich.cells import cell_len

from client.views.bits import DOT, Bit, Line, Tone
from client.views.blocks import Block, Choice, Hanging, Head, Prose
from widgets.paint import cut, shown, words, wrapped
from widgets.preview import LABEL
from widgets.status import line_width

QUOTE: Final = "\u2502 "
"""Stands left of text from outside and of nothing else: words behind it are never the console speaking."""
LONGEST: Final = 2_000
"""Lines of one text that are laid out; what is longer says so."""
_PIECE: Final = re.compile(r"\S+\s*|\s+")


class Laid(Struct, frozen=True):
    """A line of the pane; `choice`: the name of the choice that it belongs to."""

    line: Line
    choice: str = ""


def laid(blocks: Iterable[Block], width: int) -> list[Laid]:
    """The lines of `blocks` in `width` cells."""
    return [line for block in blocks for line in _laid(block, width)]


@lru_cache(maxsize=2048)
def _laid(block: Block, width: int) -> tuple[Laid, ...]:
    match block:
        case Head():
            return (Laid(heading(block.title, "", width)),)
        case Prose():
            return tuple(Laid(line) for line in _prose(block, width))
        case Hanging():
            return tuple(Laid(line) for line in hung(block.lead, block.line, width))
        case Choice():
            ended = line_width(block.end) + 2 if block.end else 0
            lines = hung(block.lead, block.line, width - ended)
            if block.short and len(lines) > 1:
                room = width - ended - line_width(block.lead)
                said = "".join(words(text) for text, _ in block.line)
                lines = [(*block.lead, (cut(said, room), block.line[0][1]))]
            if ended:
                gap = width - line_width(lines[0]) - line_width(block.end)
                lines[0] = (*lines[0], (" " * max(1, gap), "text"), *block.end)
            return tuple(Laid(line, block.name) for line in lines)
        case _:
            return (Laid(block),)


def heading(title: str, count: str, width: int, *, tone: Tone = "quiet") -> Line:
    """The title of a section in a rule of `width` cells."""
    said = f"{title} {count}".strip()
    return ((said, tone), (" ", "text"), ("\u2500" * max(0, width - cell_len(said) - 1), "rule"))


def hung(lead: Line, line: Line, width: int) -> list[Line]:
    """`line` behind `lead` in `width` cells; what does not fit goes on below the first word of the line.

    It breaks at a dot if what follows that fits on a line, else at a blank.
    """
    start = min(line_width(lead), max(0, width - 8))
    room = max(1, width - start)
    lines: list[list[Bit]] = [[]]
    left = room
    for segment in _segments(line):
        cells = sum(cell_len(text) for text, _ in segment)
        groups = [segment] if cells <= room else list(_groups(segment))
        for group in groups:
            bare = sum(cell_len(text) for text, _ in group[:-1]) + cell_len(group[-1][0].rstrip())
            if bare > left and lines[-1]:
                lines.append([])
                left = room
                group = _begun(group)
                bare = sum(cell_len(text) for text, _ in group)
            lines[-1] += [(cut(text, room), tone) for text, tone in group] if bare > room else group
            left -= sum(cell_len(text) for text, _ in group)
    hanging: Line = ((" " * start, "text"),) if start else ()
    return [(*(lead if at == 0 else hanging), *each) for at, each in enumerate(lines)]


Pieces = list[tuple[str, Tone]]


def _segments(line: Line) -> Iterable[Pieces]:
    """The line from dot to dot, as it is painted."""
    segment: Pieces = []
    for text, tone in line:
        if (text, tone) == DOT and segment:
            yield segment
            segment = []
        segment.append((words(text), tone))
    if segment:
        yield segment


def _groups(segment: Pieces) -> Iterable[Pieces]:
    """A segment in what may not be parted: up to and with the next blank."""
    group: Pieces = []
    for text, tone in segment:
        for piece in _PIECE.findall(text):
            group.append((piece, tone))
            if piece[-1].isspace():
                yield group
                group = []
    if group:
        yield group


def _begun(group: Pieces) -> Pieces:
    """A group at the start of a line: without a blank or a dot that parted it from what stood before."""
    while len(group) > 1 and group[0][0].strip() in ("", "\u00b7"):
        group = group[1:]
    return group


def _prose(block: Prose, width: int) -> list[Line]:
    label: Line = () if block.label is None else ((block.label.ljust(LABEL), "quiet"),)
    below: Line = () if block.label is None else ((" " * LABEL, "quiet"),)
    lines: list[Line] = [(*below, *block.lead)] if block.lead else []
    texts = wrapped(shown(block.body, multiline=True).plain, max(8, width - line_width(label) - len(QUOTE)))
    for at, text in enumerate(texts[:LONGEST]):
        lines.append((*(label if at == 0 else below), (QUOTE, "rule"), (text, "quoted")))
    if len(texts) > LONGEST:
        lines.append((*below, ("  ", "text"), (f"{len(texts) - LONGEST} more lines are not shown here", "soon")))
    return lines
