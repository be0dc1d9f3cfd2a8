"""A rate limit by name, for operators who configure one: so many in a minute, refilled evenly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_NAMES: Final = 10_000


class Limiter:
    """A token bucket for each name; 0 a minute means no limit."""

    def __init__(self, per_minute: int, now: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, count: int = 1) -> float:
        """Take `count`; 0.0 if they were there, else seconds until they could be."""
        if not self._per_minute:
            return 0.0
        now = self._now()
        rate = self._per_minute / 60
        left, at = self._buckets.get(name, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - at) * rate)
        if len(self._buckets) > _NAMES:
            self._buckets.clear()
        if left < count:
            self._buckets[name] = (left, now)
            return (min(count, self._per_minute) - left) / rate
        self._buckets[name] = (left - count, now)
        return 0.0
