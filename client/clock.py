"""What time it is at the feed, as far as it can be known here, and never earlier than it really is.

Deadlines are the feed's; the terminal host's wall clock plays no part. The offset between the feed's clock and a
monotonic clock that goes on through suspend is measured with `time` frames: best of five by round trip, again each
minute. A round trip leaves an uncertainty; it is always taken against the person, so that a countdown may show less
than what is left and never more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from protocol.frames import TimeAnswer, TimeAsked

SAMPLES: Final = 5
AGAIN_MS: Final = 60_000
ANSWER_MS: Final = 3_000
"""A `time` frame that is not answered within this is given up."""


def boottime_ms() -> float:
    """Milliseconds on a clock that never jumps and that goes on while the machine sleeps.

    Where there is no CLOCK_BOOTTIME (macOS), CLOCK_MONOTONIC: there it includes sleep.
    """
    clock: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) / 1_000_000


class ServerClock:
    """The feed's clock. `local` gives ms on this machine's monotonic clock; tests give their own.

    Nothing is known (`known` is False, `now_ms` raises) before the first word from the feed.
    """

    def __init__(self, local: Callable[[], float] = boottime_ms) -> None:
        self._local = local
        self._offset: float | None = None
        """The feed's clock minus ours, at most: the true one is never greater than this plus what drifted since."""
        self.uncertainty_ms: float | None = None
        """How much too late `now_ms` may be; None while only the greeting was heard."""
        self._best: tuple[float, float] | None = None  # round trip, offset
        self._answers = 0
        self._asked: TimeAsked | None = None
        self._asked_at = 0.0
        self._next_round: float | None = None

    @property
    def known(self) -> bool:
        return self._offset is not None

    def now_ms(self) -> int:
        """The feed's time, ms UTC: never earlier than it is there. Raises `LookupError` before the first word of it."""
        if self._offset is None:
            raise LookupError("the feed has not said what time it is")
        return math.ceil(self._local() + self._offset) + 1  # the feed cuts its own time to whole milliseconds

    # --- what the feed said

    def greeted(self, server_time: int, *, asked_at: float) -> None:
        """`hello` said `server_time`, asked for at `asked_at` (ours): a new connection, a new measurement."""
        self._offset = server_time - asked_at
        self.uncertainty_ms = None
        self._best = None
        self._answers = 0
        self._asked = None
        self._next_round = None

    def heard(self, server_time: int, *, at: float) -> None:
        """A heartbeat of `server_time` came in at `at` (ours). The feed's clock is past that: it only moves us on."""
        least = server_time - at
        if self._offset is not None and least > self._offset:
            self._offset = least
            self._next_round = None  # the feed's clock was set: measure again now

    def answered(self, frame: TimeAnswer, *, at: float) -> None:
        """The answer to the `time` frame that is out; any other answer is ignored."""
        if self._asked is None or frame.t0 != self._asked.t0:
            return
        trip = max(0.0, (at - self._asked_at) - (frame.t2 - frame.t1))
        # The question came in at t1, and not before it was asked: the middle of the round trip plus half of it.
        most = frame.t1 - self._asked_at
        self._asked = None
        self._answers += 1
        if self._best is None or trip < self._best[0]:
            self._best = (trip, most)
        # The first answer already beats the greeting; a later round replaces the offset when it is whole.
        if self.uncertainty_ms is None or self._answers >= SAMPLES:
            self.uncertainty_ms, self._offset = self._best
        if self._answers >= SAMPLES:
            self._best = None
            self._answers = 0
            self._next_round = at + AGAIN_MS

    # --- what to ask

    def ask(self, at: float) -> TimeAsked | None:
        """The `time` frame to send at `at` (ours), or None if none is due. It counts as sent."""
        if self._offset is None:
            return None
        if self._asked is not None and at - self._asked_at < ANSWER_MS:
            return None
        if self._next_round is not None and at < self._next_round:
            return None
        self._asked = TimeAsked(t0=int(at * 1000))
        self._asked_at = at
        return self._asked
