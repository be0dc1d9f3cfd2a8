"""The palette. Everything that is not a deviation, a key or mine is text or quiet."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="watchfloor-dark",
    dark=True,
    background="#0f1318",
    surface="#0f1318",
    panel="#0f1318",
    foreground="#d0d5db",
    primary="#6cb6ff",
    secondary="#7d8590",
    accent="#6cb6ff",
    error="#ff6b6b",
    warning="#ffb454",
    success="#7ee787",
    text_alpha=1.0,
    variables={
        "quiet": "#7d8590",
        "rule": "#39414b",
        "selection": "#1d2733",
        "alarm-text": "#0f1318",
        "alarm-ground": "#ff6b6b",
    },
)

DARK_256: Final = Theme(
    name="watchfloor-dark-256",
    dark=True,
    background="#121212",
    surface="#121212",
    panel="#121212",
    foreground=DARK.foreground,
    primary=DARK.primary,
    secondary="#8a8a8a",
    accent=DARK.primary,
    error=DARK.error,
    warning=DARK.warning,
    success=DARK.success,
    text_alpha=1.0,
    variables={
        "quiet": "#8a8a8a",
        "rule": "#444444",
        "selection": "#262626",
        "alarm-text": "#121212",
        "alarm-ground": "#ff5f5f",
    },
)
"""For 256 colors: grounds and rules are grays of that palette. The nearest of its colors to a dark bluish ground is a
loud blue."""

PLAIN: Final = Theme(
    name="watchfloor-plain",
    ansi=True,
    dark=True,
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    foreground="ansi_default",
    primary="ansi_default",
    secondary="ansi_default",
    accent="ansi_default",
    error="ansi_default",
    warning="ansi_default",
    success="ansi_default",
    variables={
        "quiet": "ansi_default",
        "rule": "ansi_default",
        "selection": "ansi_default",
        "alarm-text": "ansi_default",
        "alarm-ground": "ansi_default",
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-selection-background": "ansi_default",
        "input-selection-foreground": "ansi_default",
        "screen-selection-background": "ansi_default",
        "screen-selection-foreground": "ansi_default",
    },
)
"""For NO_COLOR: the terminal's own two colors; bold, underline and reverse say what color would."""
