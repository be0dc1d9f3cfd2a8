"""Lines that are longer than the screen, moved by lines."""

from __future__ import annotations

from collections.abc import Sequence

from client.views.bits import Line
from widgets.toned import Lines


class Scroll(Lines):
    """Some of its lines at a time."""

    DEFAULT_CSS = """
    Scroll { height: 1fr; width: 1fr; }
    """
    PART = "This page"

    def __init__(self, lines: Sequence[Line], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._all = tuple(lines)
        self._top = 0

    @property
    def page(self) -> int:
        return max(1, self.size.height - 1)

    def on_resize(self) -> None:
        self.scroll_lines(0)

    def scroll_lines(self, by: int) -> None:
        """Move by `by` lines."""
        self._top = max(0, min(self._top + by, len(self._all) - self.size.height))
        self.show(self._all[self._top : self._top + self.size.height])

    def press(self, key: str) -> bool:
        """Move as the key `key` says; whether it says so."""
        steps = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": self.page, "pageup": -self.page, " ": self.page}
        steps |= {"ctrl+d": self.page // 2, "ctrl+u": -(self.page // 2), "ctrl+f": self.page}
        steps |= {"g": -1_000_000, "home": -1_000_000, "G": 1_000_000, "end": 1_000_000}
        if key not in steps:
            return False
        self.scroll_lines(steps[key])
        return True

    def show_all(self, lines: Sequence[Line]) -> None:
        """Other lines, from the top."""
        self._all, self._top = tuple(lines), 0
        self.scroll_lines(0)
