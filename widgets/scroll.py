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
