"""How the line to this terminal is: bytes a second that were written to it. No I/O; times are monotonic ms."""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW_MS: Final = 10_000
SLOW_MS: Final = 250
"""A round trip from which on a person feels every key."""


class LinkMeter:
    """Counts what was written, over the last ten seconds."""

    def __init__(self) -> None:
        self.total = 0
        self._seconds: deque[tuple[int, int]] = deque()

    def wrote(self, count: int, now: float) -> None:
        """`count` bytes were written at `now`."""
        self.total += count
        second = int(now // 1_000)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + count)
        else:
            self._seconds.append((second, count))
            while self._seconds and self._seconds[0][0] < second - WINDOW_MS // 1_000:
                self._seconds.popleft()

    def bytes_per_s(self, now: float) -> int:
        """Over the last whole ten seconds."""
        since = int(now // 1_000) - WINDOW_MS // 1_000
        return sum(count for second, count in self._seconds if second >= since) // (WINDOW_MS // 1_000)


def spoken(round_trip_ms: float | None, bytes_per_s: int) -> str:
    """`answers in 34 ms · 1.2 kB/s`; what is not known is not said."""
    written = f"{bytes_per_s} B/s" if bytes_per_s < 1_000 else f"{bytes_per_s / 1_000:.1f} kB/s"
    return written if round_trip_ms is None else f"answers in {round_trip_ms:.0f} ms \u00b7 {written}"
