"""The events of one open case: fetched once over HTTP, then kept up by the case's own subscription."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from casework.events import Event

KEPT: Final = 5_000
"""Events that are held of one case, the newest."""


class History:
    """`events` is in the order of the log; `whole` says that none is missing from it up to what was folded last."""

    def __init__(self) -> None:
        self.events: tuple[Event, ...] = ()
        self.whole = False
        self.dropped = 0
        """Older ones that are not held."""
        self._broken = 0

    @property
    def mark(self) -> int:
        """What `fetched` has to be given, taken before asking."""
        return self._broken

    def happened(self, events: Iterable[Event]) -> None:
        """These came in over the subscription."""
        self._add(events)

    def fetched(self, events: Iterable[Event], mark: int) -> None:
        """These are all up to the answer; whole unless something was missed while it was asked (`mark`)."""
        self._add(events)
        self.whole = mark == self._broken

    def missed(self) -> None:
        """Events may have passed by: it has to be fetched again."""
        self._broken += 1
        self.whole = False

    def forget(self) -> None:
        """Nothing of it may stay."""
        self.events, self.dropped = (), 0
        self.missed()

    def _add(self, events: Iterable[Event]) -> None:
        last = self.events[-1].seq if self.events else 0
        new = list(events)
        if any(event.seq <= last for event in new):
            held = {event.seq for event in self.events}
            new = [event for event in new if event.seq not in held]
        if new:
            merged = sorted((*self.events, *new), key=lambda event: event.seq)
            self.dropped += max(0, len(merged) - KEPT)
            self.events = tuple(merged[-KEPT:])
