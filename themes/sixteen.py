"""For terminals of 16 colors: the eight that every one of them has, and bold; the ground is the terminal's own.

Quiet is dim and not bright black, which some palettes make the color of their ground.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

from themes.dark import PLAIN

SIXTEEN: Final = Theme(
    name="watchfloor-16",
    ansi=True,
    dark=True,
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    foreground="ansi_default",
    primary="ansi_cyan",
    secondary="ansi_default",
    accent="ansi_cyan",
    error="ansi_red",
    warning="ansi_yellow",
    success="ansi_green",
    variables={**PLAIN.variables, "alarm-text": "ansi_white", "alarm-ground": "ansi_red"},
)
