"""One line of text being typed, and where the cursor stands in it. No widget: keys go in, in the order they came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 4_000
"""Characters that a field takes: what a command's text may hold."""


@dataclass(slots=True)
class LineEdit:
    """`cursor` counts characters from the start of `text`."""

    text: str = ""
    cursor: int = 0

    def insert(self, typed: str) -> None:
        """Type or paste `typed` at the cursor; line breaks and tabs become spaces, what is too long is left out."""
        flat = "".join(" " if character in "\r\n\t" else character for character in typed)
        flat = flat[: max(0, LONGEST - len(self.text))]
        self.text = self.text[: self.cursor] + flat + self.text[self.cursor :]
        self.cursor += len(flat)

    def press(self, key: str) -> bool:
        """Do what the editing key `key` does; whether it is one."""
        act = _KEYS.get(key)
        if act is None:
            return False
        act(self)
        return True

    def _to(self, cursor: int) -> None:
        self.cursor = max(0, min(cursor, len(self.text)))

    def _cut(self, start: int, end: int) -> None:
        start = max(0, start)
        self.text = self.text[:start] + self.text[end:]
        self.cursor = start

    def _word_start(self) -> int:
        before = self.text[: self.cursor].rstrip()
        return before.rfind(" ") + 1

    def _word_end(self) -> int:
        after = self.text[self.cursor :]
        word = after.lstrip()
        gap = word.find(" ")
        return len(self.text) if gap < 0 else self.cursor + len(after) - len(word) + gap


_KEYS: Final[dict[str, Callable[[LineEdit], None]]] = {
    "left": lambda edit: edit._to(edit.cursor - 1),
    "right": lambda edit: edit._to(edit.cursor + 1),
    "home": lambda edit: edit._to(0),
    "end": lambda edit: edit._to(len(edit.text)),
    "ctrl+e": lambda edit: edit._to(len(edit.text)),
    "ctrl+left": lambda edit: edit._to(edit._word_start()),
    "ctrl+right": lambda edit: edit._to(edit._word_end()),
    "backspace": lambda edit: edit._cut(edit.cursor - 1, edit.cursor),
    "delete": lambda edit: edit._cut(edit.cursor, edit.cursor + 1),
    "ctrl+w": lambda edit: edit._cut(edit._word_start(), edit.cursor),
    "ctrl+u": lambda edit: edit._cut(0, edit.cursor),
}
