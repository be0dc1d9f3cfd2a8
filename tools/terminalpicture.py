"""A terminal's screen as a picture: what an emulator made of the bytes, cell for cell, in the colors that were sent.

SVG text is placed letter by letter, so that no font can move a column.
"""

from __future__ import annotations

from html import escape
from typing import Final

import pyte
from pyte.screens import Char

CELL_W: Final = 9
CELL_H: Final = 19
BASE: Final = 14
GROUND: Final = "#101010"
INK: Final = "#c8c8c8"
FAINT: Final = "faint"
"""A color name of ours: pyte knows no faint text, and quiet words are faint where there are few colors."""
_NAMED: Final = {
    "black": "#000000",
    "red": "#cd3131",
    "green": "#0dbc79",
    "brown": "#e5e510",
    "blue": "#2472c8",
    "magenta": "#bc3fbc",
    "cyan": "#11a8cd",
    "white": "#e5e5e5",
    "brightblack": "#666666",
    FAINT: "#7a7a7a",
}


class Screen(pyte.Screen):
    """An emulator's screen that keeps faint apart as well."""

    def select_graphic_rendition(self, *attrs: int, private: bool = False) -> None:
        super().select_graphic_rendition(*attrs)
        plain = self.cursor.attrs.fg in ("default", FAINT)
        if 2 in attrs and 38 not in attrs and 48 not in attrs and plain:
            self.cursor.attrs = self.cursor.attrs._replace(fg=FAINT)


def _color(name: str, default: str) -> str:
    if name == "default":
        return default
    if name in _NAMED:
        return _NAMED[name]
    return f"#{name}" if len(name) == 6 else default


def _inks(char: Char) -> tuple[str, str]:
    """(ink, ground) of a cell."""
    ink, ground = _color(char.fg, INK), _color(char.bg, GROUND)
    return (ground, ink) if char.reverse else (ink, ground)


def picture(screen: pyte.Screen, title: str) -> str:
    """The screen as SVG, its title above it and the cursor outlined."""
    width, height = screen.columns * CELL_W, screen.lines * CELL_H + CELL_H
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" fill="{GROUND}"/>',
        f'<g font-family="monospace" font-size="{BASE}" xml:space="preserve">',
        f'<text x="4" y="{BASE}" fill="#888888">{escape(title)}</text>',
    ]
    for y in range(screen.lines):
        row = screen.buffer[y]
        top = (y + 1) * CELL_H
        for x in range(screen.columns):
            ink, ground = _inks(row[x])
            if ground != GROUND:
                parts.append(
                    f'<rect x="{x * CELL_W}" y="{top}" width="{CELL_W + 0.5}" height="{CELL_H}" fill="{ground}"/>'
                )
            if row[x].data.strip():
                weight = ' font-weight="bold"' if row[x].bold else ""
                parts.append(
                    f'<text x="{x * CELL_W}" y="{top + BASE}" fill="{ink}"{weight}>{escape(row[x].data)}</text>'
                )
    if not screen.cursor.hidden:
        parts.append(
            f'<rect x="{screen.cursor.x * CELL_W}" y="{(screen.cursor.y + 1) * CELL_H}" width="{CELL_W}" '
            f'height="{CELL_H}" fill="none" stroke="#ffffff"/>'
        )
    return "\n".join([*parts, "</g>", "</svg>", ""])
