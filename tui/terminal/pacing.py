"""When the screen may be painted: ten times a second with news at most, less often where much changes at once.

Pure: times are ms of a monotonic clock and come as arguments.
"""

from __future__ import annotations

from typing import Final

NEWS_MS: Final = 100.0
"""Between two paints of news at least: more than ten a second nobody reads."""
SLOWEST_NEWS_MS: Final = 800.0
"""Between two paints of news at most, while there are any: a countdown is right to the second."""
NEWS_BYTES_PER_S: Final = 8_000
"""What news may take of a line. A key's answer waits until the paint before it has drained, which nobody is told of: on
a slow line of today, 40 kB/s, four keys of five find it free."""
REMOTE_FRAMES: Final = 15
"""Frames of any kind a second over SSH at most: a held key sends more than a line should carry."""
REMOTE_FRAME_MS: Final = 1_000 / REMOTE_FRAMES


class Pace:
    """Spaces frames. `remote`: the terminal is on the far side of a network."""

    def __init__(self, *, remote: bool) -> None:
        self._frame_ms = REMOTE_FRAME_MS if remote else 0.0
        self._news_due = self._frame_due = float("-inf")

    def news_due(self, now: float) -> bool:
        """Whether news may be painted."""
        return now >= self._news_due

    def wait_ms(self, now: float) -> float:
        """How long a frame has to wait; 0: none."""
        return max(0.0, self._frame_due - now)

    def painted(self, now: float) -> None:
        """A frame was sent."""
        self._frame_due = now + self._frame_ms

    def told(self, now: float, size: int) -> None:
        """News were painted in a frame of `size` bytes."""
        took = size * 1_000 / NEWS_BYTES_PER_S
        # A clock that ticks every 100 ms comes a little early now and then.
        self._news_due = now + min(SLOWEST_NEWS_MS, max(NEWS_MS, took)) - 5
