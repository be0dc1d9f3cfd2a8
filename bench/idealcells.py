"""The fewest bytes that turn one screen into the next: what an encoder of cells can be held against.

Written from the screens alone, and knows nothing of the console's own encoder. Each run of changed cells costs the
shortest way of the cursor to it, the shortest change of the style, and its text; cells between two runs that did not
change are written again where that is shorter than a jump. Style and cursor are carried on from frame to frame. Of a
blank only what can be seen counts: what is behind it and the lines through it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pyte


class Style(NamedTuple):
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italics: bool = False
    underscore: bool = False
    strikethrough: bool = False
    reverse: bool = False
    blink: bool = False


PLAIN = Style()
_NAMES = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
_FLAGS = {"bold": 1, "italics": 3, "underscore": 4, "strikethrough": 9, "reverse": 7, "blink": 5}

Cell = tuple[str, Style]
Cells = list[list[Cell]]


def cells_of(screen: pyte.Screen) -> Cells:
    """A copy of what stands on `screen`; the second half of a wide character is an empty cell."""
    lines: Cells = []
    for number in range(screen.lines):
        line = screen.buffer[number]
        lines.append([_cell(line[column]) for column in range(screen.columns)])
    return lines


def _cell(char: Any) -> Cell:
    data, fg, bg, bold, italics, underscore, strikethrough, reverse, blink = char
    if data == " " and not (underscore or strikethrough or reverse):
        return data, Style(bg=bg)
    return data, Style(fg, bg, bold, italics, underscore, strikethrough, reverse, blink)


class Ideal:
    """Where the cursor stands and which style is on, as the ideal writer would have left them."""

    def __init__(self) -> None:
        self._at: tuple[int, int] | None = None
        self._style = PLAIN

    def frame(self, before: Cells, after: Cells) -> tuple[int, int]:
        """(cells that changed, bytes that these need)."""
        changed = size = 0
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            if old == new:
                continue
            columns = [column for column, cell in enumerate(new) if cell != old[column]]
            changed += len(columns)
            for column in columns:
                if new[column][0] == "":
                    continue  # the wide character before it covers it
                size += self._go(number, column, new)
                size += self._write(number, column, new[column])
        return changed, size

    def _go(self, line: int, column: int, cells: list[Cell]) -> int:
        """Bytes to put the cursor there: a jump, steps from where it is, or the cells between written again."""
        if self._at == (line, column):
            return 0
        ways = [len(f"\x1b[{line + 1};{column + 1}H" if column else f"\x1b[{line + 1}H" if line else "\x1b[H")]
        if self._at is not None and self._at[1] < len(cells):  # past the last column nobody knows where it is
            at_line, at_column = self._at
            up_or_down = _steps(line - at_line, "B", "A")
            across = min(_steps(column - at_column, "C", "D"), len(f"\x1b[{column + 1}G"), 1 + _steps(column, "C", "D"))
            if column < at_column:
                across = min(across, at_column - column)  # backspaces
            ways.append(min(up_or_down, len(f"\x1b[{line + 1}d")) + (across if column != at_column else 0))
            if line == at_line + 1:
                ways.append(len("\r\n") + _steps(column, "C", "D"))
            if line == at_line and column > at_column:
                between = cells[at_column:column]
                if all(self._fits(cell) for cell in between):
                    ways.append(sum(len(cell[0].encode()) for cell in between))
        return min(ways)

    def _fits(self, cell: Cell) -> bool:
        """Whether the cell can be written with the style that is on."""
        return self._wanted(cell) == self._style

    def _wanted(self, cell: Cell) -> Style:
        """The style to write the cell with: a blank takes any that looks the same."""
        if cell[0] != " " or cell[1] != Style(bg=cell[1].bg):
            return cell[1]
        return self._style._replace(bg=cell[1].bg, underscore=False, strikethrough=False, reverse=False)

    def _write(self, line: int, column: int, cell: Cell) -> int:
        wanted = self._wanted(cell)
        size = _restyle(self._style, wanted) + len(cell[0].encode())
        self._style = wanted
        width = max(1, sum(pyte.screens.wcwidth(char) for char in cell[0]))
        self._at = (line, column + width)
        return size


def _steps(count: int, forward: str, back: str) -> int:
    """Bytes of `count` steps in one sequence; none for none."""
    if count == 0:
        return 0
    number = str(abs(count)) if abs(count) > 1 else ""
    return len(f"\x1b[{number}{forward if count > 0 else back}")


def _restyle(old: Style, new: Style) -> int:
    """Bytes of the shortest SGR sequence from one style to the other."""
    if old == new:
        return 0
    fresh = _codes(PLAIN, new)
    ways = [len("\x1b[m") if not fresh else len("\x1b[0;") + len(";".join(fresh)) + 1]
    if all(getattr(new, flag) or not getattr(old, flag) for flag in _FLAGS):
        ways.append(len("\x1b[") + len(";".join(_codes(old, new))) + 1)
    else:
        off = [_off(flag) for flag in _FLAGS if getattr(old, flag) and not getattr(new, flag)]
        ways.append(len("\x1b[") + len(";".join([*off, *_codes(old, new)])) + 1)
    return min(ways)


def _off(flag: str) -> str:
    return "22" if flag == "bold" else f"2{_FLAGS[flag]}"


def _codes(old: Style, new: Style) -> list[str]:
    """What to set so that `old` becomes `new`, apart from flags that go off."""
    codes = [str(code) for flag, code in _FLAGS.items() if getattr(new, flag) and not getattr(old, flag)]
    if new.fg != old.fg:
        codes.append(_color(new.fg, 30))
    if new.bg != old.bg:
        codes.append(_color(new.bg, 40))
    return codes


def _color(color: str, base: int) -> str:
    if color == "default":
        return str(base + 9)
    bright = color.startswith("bright")
    name = color.removeprefix("bright")
    if name in _NAMES:
        return str(base + 60 * bright + _NAMES.index(name))
    red, green, blue = (int(color[place : place + 2], 16) for place in (0, 2, 4))
    return f"{base + 8};2;{red};{green};{blue}"
