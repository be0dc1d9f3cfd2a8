"""The views on the digits: four by themselves, and what the configuration puts in their place or beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from casework.query import VIEWS, Query, parse, view
from client.config import View

ALL: Final = "all"
"""The queue itself."""
DIGITS: Final[dict[str, str]] = {"1": ALL, "2": "mine", "3": "unowned", "4": "late"}
"""What lies on the digits that nothing else was put on."""


class SavedView(Struct, frozen=True):
    """A view by its name; `own` if its query is the person's and not built in."""

    name: str
    query: Query
    own: bool = False


class SavedViews:
    """The views by digit and by name. Raises `QueryFault` for a query of the configuration that cannot be read."""

    def __init__(self, configured: Mapping[str, View] | None = None) -> None:
        self._by_name = {name: SavedView(name, view(name)) for name in VIEWS}
        self._digits = dict(DIGITS)
        for digit, given in (configured or {}).items():
            if given.query is not None:
                self._by_name[given.name] = SavedView(given.name, parse(given.query), own=True)
            self._digits[digit] = given.name

    @property
    def names(self) -> tuple[str, ...]:
        """Every view, those on digits first."""
        on_digits = [self._digits[digit] for digit in sorted(self._digits)]
        return tuple(dict.fromkeys([*on_digits, *self._by_name]))

    def named(self, name: str) -> SavedView | None:
        """The view of that name, in any case of letters."""
        folded = name.casefold()
        return self._by_name.get(name) or next(
            (each for each in self._by_name.values() if each.name.casefold() == folded), None
        )

    def on(self, digit: str) -> SavedView | None:
        """The view on a digit."""
        name = self._digits.get(digit)
        return None if name is None else self._by_name[name]
