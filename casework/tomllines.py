"""Where a key stands in a TOML text: tomllib tells values, never lines, and a fault without a line is hard to mend.

The text must have parsed already (tomllib); this only walks it. It follows table headers, dotted and quoted keys,
inline tables, arrays over several lines, comments and all four kinds of string.
"""

from __future__ import annotations

import json
from typing import Final

_BARE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

Path = tuple[str, ...]


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of each key and each table of `text`, by its whole path; the first one counts."""
    return _Walk(text).run()


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.found: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip(" \t\n"):
            if self.text[self.at] == "[":
                start = self.at
                while self.text[self.at] == "[":
                    self.at += 1
                table = self._path(())
                self._note(table, start)
                while self.at < len(self.text) and self.text[self.at] == "]":
                    self.at += 1
            else:
                self._pair(table)
        return self.found

    def _skip(self, blanks: str) -> bool:
        """Moves past `blanks` and, where lines may end, comments; whether anything is left."""
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "#" and "\n" in blanks:
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif character in blanks:
                self.at += 1
            else:
                return True
        return False

    def _note(self, path: Path, at: int) -> None:
        line = self.text.count("\n", 0, at) + 1
        for depth in range(1, len(path) + 1):
            self.found.setdefault(path[:depth], line)

    def _path(self, base: Path) -> Path:
        """A dotted key, from here to its last part; blanks after it are passed."""
        parts = list(base)
        while True:
            self._skip(" \t")
            parts.append(self._part())
            self._skip(" \t")
            if self.at < len(self.text) and self.text[self.at] == ".":
                self.at += 1
                continue
            return tuple(parts)

    def _part(self) -> str:
        start = self.at
        if self.text[start] in "\"'":
            self._string()
            raw = self.text[start : self.at]
            return raw[1:-1] if raw[0] == "'" else _unquoted(raw)
        while self.at < len(self.text) and self.text[self.at] in _BARE:
            self.at += 1
        if self.at == start:
            raise ValueError(f"no key at character {start}")
        return self.text[start : self.at]

    def _pair(self, table: Path) -> None:
        start = self.at
        path = self._path(table)
        self._note(path, start)
        self.at += 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(" \t")
        opening = self.text[self.at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self.at += 1
            while self._skip(" \t\n,") and self.text[self.at] != "]":
                self._value(path)
            self.at += 1
        elif opening == "{":
            self.at += 1
            while self._skip(" \t\n,") and self.text[self.at] != "}":
                self._pair(path)
            self.at += 1
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def _string(self) -> None:
        quote = self.text[self.at]
        closing = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(closing)
        while not self.text.startswith(closing, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(closing)
        if len(closing) == 3:
            # Up to two quotes may stand right before the closing three.
            while self.at < len(self.text) and self.text[self.at] == quote:
                self.at += 1


def _unquoted(raw: str) -> str:
    try:
        return str(json.loads(raw))
    except ValueError:
        return raw[1:-1]  # an escape that only TOML has: such a key is unknown to us anyway
