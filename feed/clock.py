"""The feed's time: the wall clock as it stood at the start, carried on by a clock that nobody sets.

A step of the wall clock (NTP, an operator, a bad battery) must not make a case late that is not. So `now_ms` never
looks at the wall clock again after it was anchored; `parted_ms` says how far the two have come apart, and past a bound
the clock-keeper stops until a person says which one is right.

What an earlier run left in the log is the only other witness. Feed time never begins before it: a wall clock that was
set back between two runs would give every deadline that time again, unseen. One that was set forward cannot be told
from a feed that was down so long; it is believed.
"""

from __future__ import annotations

import time
from typing import Final, Literal, Protocol

PARTED_MS: Final = 30_000
"""Wall and monotonic clock further apart than this in one run: lateness is no longer decided by machine."""

Trust = Literal["feed", "wall"]


class Clock(Protocol):
    """What the feed asks of time; tests bring their own."""

    def now_ms(self) -> int:
        """Feed time, ms UTC; it never runs backwards by itself."""

    def parted_ms(self) -> int:
        """Wall time minus feed time."""

    def confirm(self, trust: Trust) -> None:
        """A person says which clock is right; from here on the two are one again."""

    def not_before(self, ms: int) -> None:
        """The log has an event of `ms`: feed time is that at least, and `parted_ms` what the wall clock lacks."""


def _boot_ns() -> int:
    # CLOCK_BOOTTIME counts suspend; where it is missing (macOS), CLOCK_MONOTONIC does that already.
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SystemClock:
    """Wall time at the start plus what passed since on a clock that includes suspend."""

    def __init__(self) -> None:
        self._anchor_ms = time.time_ns() // 1_000_000
        self._boot_ns = _boot_ns()
        self._accepted_ms = 0

    def now_ms(self) -> int:
        return self._anchor_ms + (_boot_ns() - self._boot_ns) // 1_000_000

    def parted_ms(self) -> int:
        return time.time_ns() // 1_000_000 - self.now_ms() - self._accepted_ms

    def confirm(self, trust: Trust) -> None:
        if trust == "wall":
            self._anchor_ms = time.time_ns() // 1_000_000
            self._boot_ns = _boot_ns()
            self._accepted_ms = 0
        else:
            # The difference is known now; only a further step counts.
            self._accepted_ms += self.parted_ms()

    def not_before(self, ms: int) -> None:
        self._anchor_ms += max(0, ms - self.now_ms())


class ManualClock:
    """A clock that a test moves."""

    def __init__(self, now_ms: int) -> None:
        self.now = now_ms
        self.wall_offset = 0

    def now_ms(self) -> int:
        return self.now

    def parted_ms(self) -> int:
        return self.wall_offset

    def confirm(self, trust: Trust) -> None:
        if trust == "wall":
            self.now += self.wall_offset
        self.wall_offset = 0

    def not_before(self, ms: int) -> None:
        behind = max(0, ms - self.now)
        self.now += behind
        self.wall_offset -= behind

    def advance(self, ms: int) -> None:
        self.now += ms
