"""When to try again: each action by itself, and all of them together while the platform does not answer at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_MS: Final = 500
MOST_MS: Final = 60_000
OPEN_AFTER: Final = 5
"""Failures in a row, over all actions, after which the platform is left alone for a while."""


def wait_ms(tries: int, random: Callable[[], float], asked_ms: int | None = None) -> int:
    """How long to wait after the `tries`-th failure (from 1): full jitter, doubled each time, at least what was asked.

    `random` gives numbers in [0, 1).
    """
    most = min(MOST_MS, FIRST_MS * 2 ** min(tries - 1, 20))
    return max(asked_ms or 0, int(most / 2 + random() * most / 2))


class Breaker:
    """Open after `OPEN_AFTER` failures in a row; then one call at a time is let through to see whether it is over.

    Times are ms of a monotonic clock.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0
        self._until = 0.0
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether the platform is left alone."""
        return self._failures >= OPEN_AFTER

    def allows(self, now: float) -> bool:
        """Whether a call may be made at `now`. If it is a probe, the answer to it decides."""
        if not self.open:
            return True
        if self._probing or now < self._until:
            return False
        self._probing = True
        return True

    def opens_at(self, now: float) -> float:
        """When the next call may be made."""
        return max(now, self._until) if self.open else now

    def let_go(self) -> None:
        """What was let through made no call after all."""
        self._probing = False

    def answered(self) -> bool:
        """The platform answered, whatever it said; whether it had been open."""
        was = self.open
        self._failures, self._probing = 0, False
        return was

    def failed(self, now: float, asked_ms: int | None = None) -> bool:
        """It did not answer; whether it is open by this."""
        before = self.open
        self._failures += 1
        self._probing = False
        if self.open:
            self._until = now + wait_ms(self._failures - OPEN_AFTER + 2, self._random, asked_ms)
        return self.open and not before
