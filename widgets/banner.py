"""A line across the screen that says what is true when it is not the ordinary: stale, offline, forbidden, forked."""

from __future__ import annotations

from rich.style import Style

from client.views.bits import Tone
from client.views.floor import Floor, banner
from widgets.toned import Lines


class Banner(Lines):
    """Not there at all while everything is well; an alarm is one color on another, whatever its pieces are."""

    DEFAULT_CSS = """
    Banner { height: 1; width: 1fr; display: none; }
    """
    PART = "The banner"

    def tone(self, tone: Tone) -> Style:
        return Style(bold=True) if self.has_class("alarm") else super().tone(tone)

    def tell(self, floor: Floor) -> None:
        """Show what `floor` has to say, if anything."""
        found = banner(floor)
        self.display = found is not None
        self.set_class(found is not None and found[1], "alarm")
        self.show(() if found is None else (found[0],))
