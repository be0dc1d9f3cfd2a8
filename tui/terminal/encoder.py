"""The cell-diff encoder: knows what was painted last, and says what differs in as few bytes as it can.

Textual sends a line again from its left edge on, with all parameters and a reset around each piece of it. Here a cell
that stands there already is not sent, the cursor takes the shortest way, and only what changes of a look is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from tui.terminal.encoder_cells import ATTRIBUTES, PLAIN, SEEN_ON_A_SPACE, TAIL, Cells, Look, look, sure

Piece: TypeAlias = tuple[int, int, Cells]
"""Column and line of its first cell, and its cells."""
Place: TypeAlias = tuple[int, int]
"""Column and line, from 0."""

UNKNOWN: Final = "\0"
"""Stands in a cell of which nobody knows what the terminal shows there."""
RESET: Final = "\x1b[m"
FARTHEST: Final = 9
"""Cells between two changes that may be cheaper to write again than to skip: a move takes no more bytes."""


class Encoder:
    """What a terminal of some size shows. `encode` brings it up to date; `forget` says that nothing of it is known."""

    def __init__(self) -> None:
        self._texts: list[list[str]] = []
        self._looks: list[list[Look]] = []
        self._size = (0, 0)
        self._cursor: Place | None = None
        self.known = False
        """Whether pieces may be told; if not, the whole screen has to be."""

    def forget(self) -> None:
        """The terminal was cleared, resized, or written to by somebody else."""
        self.known = False

    def encode(self, pieces: Iterable[Piece], size: tuple[int, int], cursor: Place) -> str:
        """What to write so that `pieces` stand on a screen of `size` (columns, lines) and its cursor at `cursor`.

        Empty if they do already. Afterwards the terminal's pen is as after a reset. Unless `known`, the pieces have to
        cover the screen.
        """
        if not self.known or size != self._size:
            columns, lines = self._size = size
            self._texts = [[UNKNOWN] * columns for _ in range(lines)]
            self._looks = [[PLAIN] * columns for _ in range(lines)]
            self._cursor = None
            self.known = True
        changes: dict[int, set[int]] = {}
        for x, y, piece in pieces:
            if 0 <= y < self._size[1]:
                changed = self._put(x, y, piece)
                if changed:
                    changes.setdefault(y, set()).update(changed)
        return self._written(changes, cursor)

    # --- what differs

    def _put(self, x: int, y: int, piece: Cells) -> list[int]:
        """Take in a piece; the columns of its line that differ from what was there."""
        columns = self._size[0]
        texts, looks = piece
        end = x + len(texts)
        if end > columns:
            end = columns
            texts, looks = fitted(piece, end - x)
        if x >= end:
            return []
        line, line_looks = self._texts[y], self._looks[y]
        changed: list[int] = []
        # Half of a wide letter is written over: its other half goes blank on every terminal, so it is told to.
        if line[x] == TAIL:
            line[x - 1], line_looks[x - 1] = " ", line_looks[x - 1].blank
            changed.append(x - 1)
        if end < columns and line[end] == TAIL:
            line[end], line_looks[end] = " ", line_looks[end].blank
            changed.append(end)
        old_texts, old_looks = line[x:end], line_looks[x:end]
        new_texts, new_looks = list(texts), list(looks)
        if new_texts != old_texts or new_looks != old_looks:
            changed += [
                x + at
                for at, (new, old, new_look, old_look) in enumerate(
                    zip(new_texts, old_texts, new_looks, old_looks, strict=True)
                )
                if new_look is not old_look or new != old
            ]
            line[x:end], line_looks[x:end] = new_texts, new_looks
        return changed

    # --- how it is said

    def _written(self, changes: dict[int, set[int]], cursor: Place) -> str:
        out: list[str] = []
        at: Place | None = None
        pen = PLAIN
        for y in sorted(changes):
            texts, looks = self._texts[y], self._looks[y]
            for start, end in _runs(changes[y], texts):
                way = move(at, (start, y))
                if at is not None and at[1] == y and (gap := self._bridge(y, at[0], start, pen, len(way))) is not None:
                    out.append(gap)
                else:
                    out.append(way)
                x = start
                while x < end:
                    text = texts[x]
                    sgr, pen = drawn(pen, looks[x], blank=text == " ")
                    out.append(sgr + text)
                    x += 2 if x + 1 < len(texts) and texts[x + 1] == TAIL else 1
                    if text.isascii() or sure(text):
                        continue
                    if x < end:
                        out.append(move(None, (x, y)))
                    else:
                        x = len(texts)
                # In the last column terminals disagree where the cursor is.
                at = (x, y) if x < len(texts) else None
        if pen is not PLAIN:
            out.append(RESET)
        if out:
            if at != cursor:
                out.append(move(at, cursor))
        elif cursor != self._cursor:
            out.append(move(None, cursor))
        self._cursor = cursor
        return "".join(out)

    def _bridge(self, y: int, start: int, end: int, pen: Look, bytes_of_move: int) -> str | None:
        """The cells between, if writing them again takes no more bytes than to skip them and no other pen."""
        if not 0 < end - start <= FARTHEST:
            return None
        texts = self._texts[y][start:end]
        gap = "".join(texts)
        if len(gap.encode()) > bytes_of_move or UNKNOWN in gap:
            return None
        for text, wanted in zip(texts, self._looks[y][start:end], strict=True):
            if wanted is not (pen.blank if text == " " else pen) or not (text.isascii() or sure(text)):
                return None
        return gap


def fitted(piece: Cells, width: int) -> Cells:
    """Exactly `width` cells of a piece: a wide letter that would be cut in two is a space, what is missing also."""
    texts, looks = piece
    if len(texts) == width:
        return piece
    if len(texts) < width:
        blank = looks[-1].blank if looks else PLAIN
        return (*texts, *[" "] * (width - len(texts))), (*looks, *[blank] * (width - len(texts)))
    kept, kept_looks = list(texts[:width]), list(looks[:width])
    if kept and texts[width] == TAIL:
        kept[-1], kept_looks[-1] = " ", kept_looks[-1].blank
    return tuple(kept), tuple(kept_looks)


def _runs(columns: set[int], texts: Sequence[str]) -> Iterable[tuple[int, int]]:
    """From columns to (first, after the last), in order; a wide letter is whole."""
    start = end = -1
    for x in sorted(columns):
        if texts[x] == TAIL:
            if x < end:
                continue
            x -= 1
        if x > end:
            if end > start:
                yield start, end
            start = x
        end = x + 2 if x + 1 < len(texts) and texts[x + 1] == TAIL else x + 1
    if end > start:
        yield start, end


def move(start: Place | None, to: Place) -> str:
    """The shortest way of the cursor; without a known start, an absolute one.

    Only forms that a VT100 knows: the columns and lines of later terminals are never shorter.
    """
    x, y = to
    absolute = f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H"
    if start is None:
        return absolute
    right, down = x - start[0], y - start[1]
    upright = _steps(down, "B") if down >= 0 else _steps(-down, "A")
    if right >= 0:
        level = _steps(right, "C")
    elif -right <= 3:
        level = "\b" * -right
    else:
        level = _steps(-right, "D")
    if x == 0 and len(level) > 1:
        level = "\r"
    relative = upright + level
    return relative if len(relative) <= len(absolute) else absolute


def _steps(count: int, direction: str) -> str:
    return "" if not count else f"\x1b[{direction}" if count == 1 else f"\x1b[{count}{direction}"


@lru_cache(maxsize=4096)
def drawn(pen: Look, wanted: Look, *, blank: bool) -> tuple[str, Look]:
    """What to send so that the pen draws like `wanted`, and the pen after it. A space asks for its ground only."""
    if blank:
        if pen.blank is wanted:
            return "", pen
        seen = wanted.attributes & SEEN_ON_A_SPACE
        fg = wanted.fg if seen else pen.fg
        wanted = look(fg, wanted.bg, (pen.attributes & ~SEEN_ON_A_SPACE) | seen)
    if pen is wanted:
        return "", pen
    afresh = ["0", *_set(wanted.attributes), *filter(None, (wanted.fg, wanted.bg))]
    if wanted is PLAIN:
        return RESET, PLAIN
    steps: list[str] = []
    off = pen.attributes & ~wanted.attributes
    for at, (_, _, parameter) in enumerate(ATTRIBUTES):
        if off & (1 << at) and parameter not in steps:
            steps.append(parameter)
    # Some are taken back together with a neighbor that stays.
    taken = {parameter for _, _, parameter in ATTRIBUTES} & set(steps)
    stays = sum(1 << at for at, (_, _, parameter) in enumerate(ATTRIBUTES) if parameter in taken)
    steps += _set((wanted.attributes & ~pen.attributes) | (wanted.attributes & stays))
    if wanted.fg != pen.fg:
        steps.append(wanted.fg or "39")
    if wanted.bg != pen.bg:
        steps.append(wanted.bg or "49")
    return min((f"\x1b[{';'.join(said)}m" for said in (steps, afresh)), key=len), wanted


def _set(attributes: int) -> list[str]:
    return [parameter for at, (_, parameter, _) in enumerate(ATTRIBUTES) if attributes & (1 << at)]
