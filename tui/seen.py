"""What stood on the screen when a key was pressed: the selected case, what just changed, and whether anybody could see.

An act is about the case and the version that were on the selected row. Where that row had just changed, where the
program had just moved the selection, or where the screen stood still, the key may have been meant for something else.
No widgets; times are ms of a monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from casework.model import Common
from tui.target import Target

FRESH_MS: Final = 400
"""What changed on the selected row within this time may not have been read yet."""
STOOD_MS: Final = 1_500
"""A key that waited for longer was pressed before a screen that stood still."""
EYES_MS: Final = 300
"""So long after the terminal came back, keys may still be ones that were typed ahead."""
BEGINNING_MS: Final = 2_000
"""So long after the first row, rows come in because the floor is being told and not because they change."""
NEVER: Final = -1e9
_MOST: Final = 512
"""Rows of which it is remembered how they stood; many screens full."""


class _Noted(Struct):
    """How a row stood when it was painted last, and when that was first another way than before."""

    version: int
    facts: tuple[str | None, str, str]
    changed_at: float
    first_at: float


class Seen:
    """The selected row as it was painted last, and when owner, state or severity of a painted row changed.

    What a row was like before it was painted is not known: if the feed stirred it lately, it counts as just changed.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._target = Target()
        self._noted: dict[str, _Noted] = {}
        self._stirred: dict[str, float] = {}
        self._moved_at = NEVER
        self._began_at: float | None = None
        self.pending: Callable[[], bool] = lambda: False
        """Whether the feed told something that was not taken in yet."""

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
            now = self._now()
            if self._began_at is None:
                self._began_at = now
            begun = now - self._began_at < BEGINNING_MS
            changed_at = NEVER if begun else now if self.pending() else self._stirred.get(case.case_id, NEVER)
            self._noted[case.case_id] = _Noted(case.version, facts, changed_at, now)
            if len(self._noted) > _MOST:
                for case_id in list(self._noted)[: _MOST // 2]:
                    del self._noted[case_id]
        elif case.version >= held.version:  # a whole case and its row do not come in at the same time
            held.version = case.version
            if held.facts != facts:
                held.facts, held.changed_at = facts, self._now()

    def stirred(self, case_ids: Collection[str]) -> None:
        """The feed told something about these cases."""
        now = self._now()
        if self._began_at is None or now - self._began_at < BEGINNING_MS:
            return
        for case_id, held in self._noted.items():
            if case_id in case_ids and now - held.first_at < FRESH_MS:
                held.changed_at = now
        if len(case_ids) > _MOST:
            return  # a snapshot: nobody saw anything else before
        self._stirred = {case_id: at for case_id, at in self._stirred.items() if now - at < FRESH_MS}
        self._stirred |= {case_id: now for case_id in case_ids if case_id not in self._noted}

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
        return held is not None and self._now() - held.changed_at < FRESH_MS


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
