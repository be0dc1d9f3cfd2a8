"""What a bulk act did not do, case by case, until it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from client.views.bits import Line
from widgets.toned import Lines

MOST: Final = 6
"""Lines at most; more are counted and listed elsewhere."""


class Refused(Lines):
    """No line when there is nothing to see."""

    DEFAULT_CSS = """
    Refused { height: auto; max-height: 6; width: 1fr; }
    """

    def tell(self, lines: Sequence[Line], more: Line) -> None:
        """Show `lines`; where they are too many, `more` takes the last one's place."""
        shown = lines if len(lines) <= MOST else (*lines[: MOST - 1], more)
        if tuple(shown) != self.lines:
            self.show(tuple(shown))
