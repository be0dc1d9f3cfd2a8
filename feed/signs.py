"""Signs of life: who is still there. A claim lapses 10 minutes after its owner's last one (domain, section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

LIFE_MS: Final = 10 * 60_000


class SignsOfLife:
    """An open feed connection or an authenticated request; `busy` until a time stands in the case itself.

    What was before this process started is not known; its start counts as a sign, so a restart takes no case away.
    """

    def __init__(self, *, now: Callable[[], int], connected: Callable[[str], int]) -> None:
        self._now = now
        self._connected = connected
        self._seen: dict[str, int] = {}
        self._started = now()

    def seen(self, principal: str) -> None:
        """An authenticated request came, or a connection ended just now."""
        self._seen[principal] = self._now()

    def last(self, principal: str) -> int:
        """The last sign, ms UTC; now while a connection is open."""
        now = self._now()
        if self._connected(principal):
            return now
        return self._seen.get(principal, self._started)

    def alive(self, principal: str) -> bool:
        return self._now() - self.last(principal) < LIFE_MS
