"""Searching between key presses: slices of a few milliseconds, longer rests, and nothing while keys come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

REST_S: Final = 0.006
"""Between two slices: whoever waits for the loop goes first."""
QUIET_MS: Final = 40.0
"""So long after a key nothing is searched: its paint, and the key that may follow, go first."""


class Searched(Protocol):
    """What is searched; `search` takes one slice and says whether anything in view changed."""

    @property
    def searching(self) -> bool: ...
    def search(self) -> bool: ...


def later(seconds: float, act: Callable[[], None]) -> object:
    """Do `act` after some seconds, on the loop that runs."""
    return asyncio.get_running_loop().call_later(seconds, act)


class Search:
    """Drives a search; `now` is ms of a monotonic clock. `took` says that something in view changed since it was
    last set to False."""

    def __init__(
        self,
        model: Searched,
        now: Callable[[], float],
        later: Callable[[float, Callable[[], None]], Any] = later,
    ) -> None:
        self._model = model
        self._now = now
        self._later = later
        self._waits = False
        self._quiet_until = 0.0
        self.took = False
        self.changed: Callable[[], None] = lambda: None
        """Called when something in view changed: the selected case may stand at another place of the list."""

    def wake(self) -> None:
        """Go on if there is something to search."""
        if self._model.searching and not self._waits:
            self._waits = True
            self._later(REST_S, self._slice)

    def give_way(self) -> None:
        """A key came."""
        self._quiet_until = self._now() + QUIET_MS

    def _slice(self) -> None:
        self._waits = False
        if self._now() >= self._quiet_until and self._model.search():
            self.took = True
            self.changed()
        if not self._model.searching:
            self.took = True  # that it has ended is to be seen as well
        self.wake()
