"""Digits to be read across a room: blocks, not lines."""

from __future__ import annotations

from typing import Final

HEAVY: Final[dict[str, tuple[str, str, str]]] = {
    "0": ("██▀██", "██ ██", "██▄██"),
    "1": ("▀██  ", " ██  ", "▄██▄ "),
    "2": ("▀▀▀██", "██▀▀▀", "██▄▄▄"),
    "3": ("▀▀▀██", " ▀▀██", "▄▄▄██"),
    "4": ("██ ██", "▀▀▀██", "   ██"),
    "5": ("██▀▀▀", "▀▀▀██", "▄▄▄██"),
    "6": ("██▀▀▀", "██▀██", "██▄██"),
    "7": ("▀▀▀██", "   ██", "   ██"),
    "8": ("██▀██", "██▀██", "██▄██"),
    "9": ("██▀██", "▀▀▀██", "▄▄▄██"),
    ":": ("▄▄", "▄▄", "  "),
    "-": ("   ", "▀▀▀", "   "),
    "m": ("     ", "█▀█▀█", "█ █ █"),
    "h": ("██   ", "██▀█▄", "██ ██"),
    "d": ("   ██", "▄█▀██", "▀█▄██"),
}
"""Three lines to a digit, strokes two cells wide: as heavy down as across."""

SLIM: Final[dict[str, tuple[str, str, str]]] = {
    "0": ("█▀█", "█ █", "█▄█"),
    "1": ("▀█ ", " █ ", "▄█▄"),
    "2": ("▀▀█", "█▀▀", "█▄▄"),
    "3": ("▀▀█", " ▀█", "▄▄█"),
    "4": ("█ █", "▀▀█", "  █"),
    "5": ("█▀▀", "▀▀█", "▄▄█"),
    "6": ("█▀▀", "█▀█", "█▄█"),
    "7": ("▀▀█", "  █", "  █"),
    "8": ("█▀█", "█▀█", "█▄█"),
    "9": ("█▀█", "▀▀█", "▄▄█"),
    ":": ("▄", "▄", " "),
    "-": ("  ", "▀▀", "  "),
    "m": ("   ", "█▄█", "█ █"),
    "h": ("█  ", "█▀█", "█ █"),
    "d": ("  █", "█▀█", "█▄█"),
}
"""The same for where there is less room."""


def big(digits: str, *, slim: bool = False) -> tuple[str, str, str]:
    """Three lines that show `digits` (0-9, `:`, `-`, `m`, `h`, `d`); anything else is left blank."""
    font = SLIM if slim else HEAVY
    glyphs = [font.get(digit, ("  ", "  ", "  ")) for digit in digits]
    return (
        " ".join(glyph[0] for glyph in glyphs),
        " ".join(glyph[1] for glyph in glyphs),
        " ".join(glyph[2] for glyph in glyphs),
    )


def doubled(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The same picture twice as wide and twice as tall, in half blocks turned to whole ones."""
    top = {"█": "█", "▀": "█", "▄": " ", " ": " "}
    bottom = {"█": "█", "▀": " ", "▄": "█", " ": " "}
    out: list[str] = []
    for line in lines:
        out.append("".join(top[cell] * 2 for cell in line))
        out.append("".join(bottom[cell] * 2 for cell in line))
    return tuple(out)
