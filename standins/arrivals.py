"""When reports arrive: a seeded stream by time of day, with bursts, updates, duplicates and late facts.

The stream is a pure function of (seed, rate, start): the same arguments give the same CloudEvents, byte for byte.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from casework.escalation import RAISED, UPDATED
from standins.stories import iso, stories, tell

SOURCE: Final = "urn:watchfloor:simulator"

#: Reports an hour relative to the daily mean, by hour of the day UTC: quiet early, busy when the Americas are awake.
BY_HOUR: Final = (
    1.1, 1.2, 1.2, 1.1, 1.0, 0.8, 0.7, 0.6, 0.6, 0.6, 0.7, 0.7,
    0.8, 0.9, 1.0, 1.1, 1.2, 1.2, 1.2, 1.1, 1.1, 1.1, 1.1, 1.2,
)  # fmt: skip

Kind = Literal["raised", "updated", "duplicate"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One CloudEvent at `at_ms` (ms UTC); `event` is its structured JSON form."""

    at_ms: int
    kind: Kind
    event: dict[str, Any]


@dataclass(slots=True)
class _Burst:
    """A spell of many reports about one thing: a viral event or an attack."""

    until_ms: int
    types: frozenset[str]
    factor: float


class Arrivals:
    """An endless iterator of arrivals from `start_ms` (ms UTC), `per_second` on the daily mean."""

    def __init__(self, *, seed: int, per_second: float, start_ms: int) -> None:
        if not (per_second > 0 and math.isfinite(per_second)):
            raise ValueError(f"a rate of {per_second}/s cannot be simulated; give one above zero")
        self._rng = random.Random(f"watchfloor {seed}")  # seeded and repeatable, nothing secret about it
        self._seed = seed
        self._rate = per_second
        self._now = start_ms
        self._count = 0
        self._burst: _Burst | None = None
        self._open: list[tuple[dict[str, Any], str]] = []

    def __iter__(self) -> Iterator[Arrival]:
        return self

    def __next__(self) -> Arrival:
        rng = self._rng
        rate = self._rate * BY_HOUR[self._now // 3_600_000 % 24]
        if self._burst and self._now < self._burst.until_ms:
            rate *= self._burst.factor
        else:
            self._burst = self._maybe_burst()
        self._now += max(1, round(rng.expovariate(rate) * 1000))
        roll = rng.random()
        if self._open and roll < 0.18:
            return self._updated()
        if self._open and roll < 0.22:
            event, _ = rng.choice(self._open)
            return Arrival(self._now, "duplicate", event)
        return self._raised()

    def first(self, count: int) -> list[Arrival]:
        """`count` raised reports at once, as a floor that is already busy."""
        return [self._raised() for _ in range(count)]

    def _maybe_burst(self) -> _Burst | None:
        roll = self._rng.random()
        if roll < 0.004:
            return _Burst(self._now + 8 * 60_000, frozenset({"MVE", "TTL", "PRESS", "CIVIC"}), 5.0)
        if roll < 0.012:
            return _Burst(self._now + 12 * 60_000, frozenset({"DANGER", "CIVIC", "DOX"}), 3.0)
        return None

    def _raised(self) -> Arrival:
        rng = self._rng
        self._count += 1
        story = stories().pick(rng, types=self._burst.types if self._burst else None)
        data = tell(story, rng, at_ms=self._now)
        event = self._event(RAISED, data, subject=f"report-{self._seed}-{self._count}")
        self._open.append((event, str(event["subject"])))
        if len(self._open) > 200:
            self._open.pop(0)
        return Arrival(self._now, "raised", event)

    def _updated(self) -> Arrival:
        """Later facts on an earlier report: reach that grew, a place, a second item, a danger that came closer."""
        rng = self._rng
        event, subject = rng.choice(self._open)
        self._count += 1
        data: dict[str, Any]
        match rng.choices(("reach", "imminence", "content", "place"), weights=(6, 1, 2, 2))[0]:
            case "reach":
                data = {"factors": {"views_per_min": rng.randint(1, 2_000), "reuploads": rng.randint(0, 40)}}
            case "imminence":
                data = {"factors": {"imminence": "24h", "specificity": rng.randint(1, 4)}}
            case "content":
                ident = f"v_{rng.randint(10_000, 99_999)}"
                data = {"content": [{"kind": "video", "id": ident, "up": True, "checked_at": iso(self._now)}]}
            case _:
                earlier = event["data"]["subjects"][0]
                data = {"subjects": [{**earlier, "place_at": iso(self._now), "last_active_at": iso(self._now)}]}
        return Arrival(self._now, "updated", self._event(UPDATED, data, subject=subject))

    def _event(self, kind: str, data: dict[str, Any], *, subject: str) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": f"{self._seed}-{self._count}",
            "source": SOURCE,
            "type": kind,
            "subject": subject,
            "time": iso(self._now),
            "datacontenttype": "application/json",
            "data": data,
        }
