"""A card that is open: which keys answer it, and when. No widgets; times are ms of a monotonic clock.

A card may stand there before its reader knows: so it is deaf at first, a key that is held down is no answer, and keys
that come together were not pressed by a finger. What cannot be taken back has to be typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from client.views.bits import Line
from tui.outbox import Intent

DEAF_MS: Final = 300
"""A card takes no key for this long, and for the round trip to the feed on top."""
REPEAT_STARTS_MS: Final = 700
"""A key that is held down comes again within this time at the latest."""
RELEASED_MS: Final = 400
"""A key that was taken for held down counts again once it was quiet for this long."""
TOGETHER_MS: Final = 25
"""Keys that are no further apart than this were not pressed by a finger."""

Answer = Literal["yes", "no", "wrong", "typing", "held", "other"]
"""`wrong`: Enter on another text than the one wanted. `held`: a key that seems to be held down."""


class Carded(Struct, frozen=True):
    """What a card asks: `yes` names the act, and each intent is put once it is answered so; nothing else puts any."""

    title: Line
    body: tuple[Line, ...]
    yes: str
    intents: tuple[Intent, ...]
    typed: str | None = None
    """What has to be typed, and Enter pressed, in place of `y`: a count, or the last four of a case's id."""
    end: Line = ()
    """At the right of the title: the case and the version that were seen."""
    other: str = ""
    """What `R` does in place of it, or Tab where letters are typed, in a word; empty: nothing."""
    otherwise: Callable[[], None] | None = None


class OpenCard:
    """One card from when it opens to its answer. `arrivals`: when each key last came in, before it."""

    def __init__(
        self, carded: Carded, opened_at: float, *, round_trip_ms: float, arrivals: Mapping[str, float]
    ) -> None:
        self.carded = carded
        self.text = ""
        """What was typed so far."""
        self._hears_at = opened_at + DEAF_MS + round_trip_ms
        self._arrivals = dict(arrivals)
        self._newest = max(arrivals.values(), default=opened_at - REPEAT_STARTS_MS)
        self._held: set[str] = set()

    def press(self, key: str, at: float) -> Answer | None:
        """A key that came in at `at`; None if it means nothing to the card."""
        before, self._arrivals[key] = self._arrivals.get(key), at
        together, self._newest = at - self._newest < TOGETHER_MS, max(self._newest, at)
        if at < self._hears_at:
            return None
        if key in ("escape", "ctrl+c"):
            return "no"
        if self.carded.typed is not None and key == "tab" and self.carded.otherwise is not None:
            return "other"
        if self.carded.typed is not None and key != "enter":
            return self._type(key, self.carded.typed)
        if self.carded.typed is None and key in ("n", "q"):
            return "no"
        if self.carded.typed is None and key == "R" and self.carded.otherwise is not None:
            return "other"
        if key != ("y" if self.carded.typed is None else "enter") or together:
            return None
        if self._is_held(key, before, at):
            return "held"
        if self.carded.typed is not None and self.text.casefold() != self.carded.typed.casefold():
            self.text = ""
            del self._arrivals[key]  # without a text another Enter does no harm
            return "wrong"
        return "yes"

    def _type(self, key: str, wanted: str) -> Answer | None:
        if key == "backspace":
            self.text = self.text[:-1]
        elif len(key) == 1 and len(self.text) < len(wanted):
            self.text += key
        else:
            return None
        return "typing"

    def _is_held(self, key: str, before: float | None, at: float) -> bool:
        """Whether this looks like the same press as before, which goes on."""
        quiet = RELEASED_MS if key in self._held else REPEAT_STARTS_MS
        held = before is not None and at - before < quiet
        if held:
            self._held.add(key)
        return held
