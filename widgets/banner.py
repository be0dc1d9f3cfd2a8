"""A line across the screen that says what is true when it is not the ordinary: stale, offline, forbidden, forked."""

from __future__ import annotations

from client.views.floor import Floor, banner
from widgets.toned import Lines


class Banner(Lines):
    """Not there at all while everything is well."""

    DEFAULT_CSS = """
    Banner { height: 1; width: 1fr; display: none; }
    """

    def tell(self, floor: Floor) -> None:
        """Show what `floor` has to say, if anything."""
        found = banner(floor)
        self.display = found is not None
        self.set_class(found is not None and found[1], "alarm")
        self.show(() if found is None else (found[0],))
