"""What stood on the screen when a key was pressed: the selected case, what just changed, and whether anybody could see.

An act is about the case and the version that were on the selected row. Where that row had just changed, where the
program had just moved the selection, or where the screen stood still, the key may have been meant for something else.
No widgets; times are ms of a monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from casework.model import Common
from tui.target import Target

FRESH_MS: Final = 400
"""What changed on the selected row within this time may not have been read yet."""
STOOD_MS: Final = 700
"""A key that waited for longer was pressed before a screen that stood still."""
EYES_MS: Final = 300
"""So long after the terminal came back, keys may still be ones that were typed ahead."""
NEVER: Final = -1e9
_MOST: Final = 512
"""Rows of which it is remembered how they stood; many screens full."""

_Facts = tuple[str | None, str, str]


class Seen:
    """The selected row as it was painted last, and when owner, state or severity of a painted row changed."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._target = Target()
        self._noted: dict[str, tuple[_Facts, float]] = {}
        self._moved_at = NEVER

    def show(self, case: Common | None) -> None:
        """`case` is what stands on the selected row from now on, None if nothing is selected."""
        if case is None:
            self._target = Target()
            return
        self._target = Target(case.case_id, case.version, case.severity)
        self.note(case)

    def note(self, case: Common) -> None:
        """`case` is painted somewhere, or an act on it waits: remember how it stands, and when that changed."""
        facts = (case.owner, case.state, case.severity)
        held = self._noted.get(case.case_id)
        if held is None:
            self._noted[case.case_id] = (facts, NEVER)
            if len(self._noted) > _MOST:
                for case_id in list(self._noted)[: _MOST // 2]:
                    del self._noted[case_id]
        elif held[0] != facts:
            self._noted[case.case_id] = (facts, self._now())

    def moved(self) -> None:
        """The program moved the selection."""
        self._moved_at = self._now()

    def target(self) -> Target:
        """The selected case for a key that is pressed now."""
        now = self._now()
        sure = now - self._moved_at >= FRESH_MS and not self.fresh(self._target.case_id)
        return replace(self._target, at=now, sure=sure)

    def fresh(self, case_id: str | None) -> bool:
        """Whether owner, state or severity of the case just changed."""
        held = None if case_id is None else self._noted.get(case_id)
        return held is not None and self._now() - held[1] < FRESH_MS


class Stalls:
    """When the screen stood still: keys that came in then were pressed without seeing what they did.

    `pulse` is called every `tick_ms`; the loop stood still when it was not. `drained_at` says when the terminal last
    took all that was painted after it had not for a while: now as long as it does not, None if it always did.
    """

    def __init__(self, now: Callable[[], float], *, tick_ms: float) -> None:
        self._now = now
        self._tick_ms = tick_ms
        self._pulse_at: float | None = None
        self._stood_until = NEVER
        self.drained_at: Callable[[], float | None] = lambda: None
        self.terminal_trip_ms: Callable[[], float | None] = lambda: None
        """To the terminal and back, as last measured."""
        self.feed_trip_ms: Callable[[], float | None] = lambda: None
        """To the feed and back."""

    def trip_ms(self) -> float:
        """How long it takes at least until a person can have seen what this console knows, and the other way."""
        return max(self.terminal_trip_ms() or 0.0, self.feed_trip_ms() or 0.0)

    def pulse(self) -> None:
        """The loop is alive."""
        now = self._now()
        if self._pulse_at is not None and now - self._pulse_at > self._tick_ms + STOOD_MS:
            self._stood_until = now
        self._pulse_at = now

    def blind(self, at: float) -> bool:
        """Whether a key that came in at `at` was pressed before a screen that stood still."""
        now = self._now()
        if now - at > STOOD_MS or at <= self._stood_until:
            return True
        if self._pulse_at is not None and now - self._pulse_at > self._tick_ms + STOOD_MS:
            return True
        drained = self.drained_at()
        return drained is not None and at <= drained + EYES_MS + self.trip_ms()
