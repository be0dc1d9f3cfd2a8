"""Keys by name: how a configuration writes them, how the screen does, and which ones stay free."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from textual.keys import Keys

NEVER_BOUND: Final[frozenset[str]] = frozenset(
    {
        *("ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+left_square_bracket"),
        *("ctrl+space", "ctrl+@", "ctrl+backslash", "ctrl+z", "f1", "f10", "f11", "~"),
    }
)
"""Keys that terminals, multiplexers and screen readers keep for themselves; alt+letter besides."""
NEVER_DESTRUCTIVE: Final[frozenset[str]] = frozenset({"ctrl+d", "ctrl+k"})
"""Keys that elsewhere move or delete by habit: nothing of tier 2 or more lies on them."""

_SPELLED: Final[dict[str, str]] = {
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "up": "Up",
    "down": "Down",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}
_TWO_LETTERS: Final = re.compile(r"up|f[1-9]")
"""Names of two characters that are one key."""
_NAMES: Final[frozenset[str]] = frozenset(key.value for key in Keys) | {"space"}


def spelled(keys: Iterable[str]) -> str:
    """Keys as they are written: `dp`, `ctrl+l`, `Enter`, `e Enter`."""
    written = [_SPELLED.get(key, key) for key in keys]
    return ("" if all(len(key) == 1 for key in written) else " ").join(written)


def split(key: str) -> tuple[str, ...]:
    """A key of the catalogue as the keys to press: two characters are a prefix and what follows, but for `up`, `f2`."""
    return tuple(key) if len(key) == 2 and not _TWO_LETTERS.fullmatch(key) else (key,)


def is_key(key: str) -> bool:
    """Whether a keyboard may send `key`."""
    return (key.isprintable() and not key.isspace()) if len(key) == 1 else key in _NAMES
