"""News on their way to the screen, a few lines at a time: who presses a key meanwhile waits for one slice at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from tui.search import later
from widgets.boundary import Fault, bounded

LINES: Final = 16
"""Rows of the queue that are painted at once."""
REST_S: Final = 0.003
"""Between two slices: a key goes through several hands before it is painted, and nothing comes between these."""
MORE: Final = object()


class Paintable(Protocol):
    """A screen that is painted by parts."""

    def paint_selected(self) -> None: ...
    def paint_around(self) -> None: ...
    def paint_rows(self, lines: range) -> None: ...
    def rows(self) -> range: ...
    def paint_news(self, *, whole: bool = True) -> None: ...
    def failed(self, fault: Fault) -> None: ...
    @property
    def ended(self) -> bool: ...


class NewsPaint:
    """Paints everything that differs: the selected row at once, for keys are about it; then what is said around the
    queue, then its rows from the top.
    """

    def __init__(self, screen: Paintable, later: Callable[[float, Callable[[], None]], Any] = later) -> None:
        self._screen = screen
        self._later = later
        self._steps: Iterator[object] | None = None

    @property
    def busy(self) -> bool:
        """Whether a paint is on its way."""
        return self._steps is not None

    def begin(self, *, whole: bool = False) -> None:
        """Paint, the first slice at once, or all of it if it is little; not while it is `busy`."""
        self._steps = self._paint(LINES if not whole else 0)
        self._step()

    def _step(self) -> None:
        steps, self._steps = self._steps, None
        if steps is None or self._screen.ended:
            return
        # What fails in a slice ends this paint; with the next news there is another.
        with bounded("Painting", self._screen.failed):
            if next(steps, None) is MORE:
                self._steps = steps
                self._later(REST_S, self._step)

    def _paint(self, lines: int) -> Iterator[object]:
        """`lines` of the queue at once; 0: everything."""
        screen = self._screen
        screen.paint_selected()
        if lines:
            screen.paint_news(whole=False)
            yield MORE
        screen.paint_around()
        if lines:
            screen.paint_news(whole=False)
            yield MORE
        at = screen.rows().start
        while lines and at + lines < screen.rows().stop:
            screen.paint_rows(range(at, at + lines))
            screen.paint_news(whole=False)
            at += lines
            yield MORE
        screen.paint_rows(range(at, screen.rows().stop))
        screen.paint_news()
