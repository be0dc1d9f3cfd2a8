"""Key presses become acts: prefixes wait as long as it takes, wrong second keys are swallowed.

Pastes are dropped, and what a terminal answers to a question that no key of ours asked.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, TypeVar

from msgspec import Struct

from tui.keymap import Bound, Keymap

T = TypeVar("T")

NEVER: Final = -1_000_000.0
PASTE_KEYS: Final = 8
PASTE_MS: Final = 50
"""More than this many keys within this time, outside an input, are no fingers."""

ANSWER_MS: Final = 4
"""Keys of a terminal's answer come within this time of each other: they were read at once."""
_BEGINS: Final = frozenset({"circumflex_accent", "escape"})
"""What an escape sequence that nobody understands begins with once it is taken apart; alt+something as well."""


class Fired(Struct, Generic[T], frozen=True):
    """A whole sequence: what it does, and the target that was frozen at its first key."""

    bound: Bound
    target: T
    keys: tuple[str, ...]


class Waiting(Struct, frozen=True):
    """A prefix was pressed; something has to follow."""

    prefix: str


class Swallowed(Struct, frozen=True):
    """A key that does not follow the prefix: nothing was run."""

    prefix: str
    key: str


class Unbound(Struct, frozen=True):
    """A key that means nothing here."""

    key: str


class Presses(Generic[T]):
    """The state between two keys. The target is whatever the caller froze when the first key came."""

    def __init__(self, keymap: Keymap) -> None:
        self._keymap = keymap
        self._prefix: str | None = None
        self._target: T | None = None

    @property
    def prefix(self) -> str | None:
        """The prefix that waits for its second key, or None."""
        return self._prefix

    def target(self) -> T | None:
        """What the waiting prefix is about."""
        return self._target if self._prefix is not None else None

    def press(self, key: str, target: T) -> Fired[T] | Waiting | Swallowed | Unbound:
        """One key, with what is selected as it is pressed; a second key keeps the target of the first."""
        if self._prefix is not None:
            prefix, self._prefix = self._prefix, None
            frozen, self._target = self._target, None
            bound = self._keymap.get((prefix, key))
            if bound is None or frozen is None:
                return Swallowed(prefix, key)
            return Fired(bound, frozen, (prefix, key))
        bound = self._keymap.get((key,))
        if bound is not None:
            return Fired(bound, target, (key,))
        if self._keymap.is_prefix(key):
            self._prefix, self._target = key, target
            return Waiting(key)
        return Unbound(key)

    def clear(self) -> bool:
        """Forget a waiting prefix; whether there was one."""
        waited, self._prefix, self._target = self._prefix is not None, None, None
        return waited


class PasteGuard:
    """Tells fingers from a paste, by when keys came in (ms of a monotonic clock)."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=PASTE_KEYS + 1)
        self._began = 0.0
        self._until = NEVER
        self.dropped = 0
        """Keys of the paste that is going on or was the last."""

    def key(self, at: float) -> bool:
        """A key came at `at`; True if it belongs to a paste and has to be dropped."""
        self._recent.append(at)
        if at <= self._until:
            self._until = at + PASTE_MS
            self.dropped += 1
            return True
        if len(self._recent) > PASTE_KEYS and at - self._recent[0] <= PASTE_MS:
            self._began = self._recent[0]
            self._until = at + PASTE_MS
            self.dropped = len(self._recent)
            return True
        return False

    def belongs(self, at: float) -> bool:
        """Whether a key that came in at `at` was part of the paste that was found: it may still wait to be handled."""
        return self._began <= at <= self._until


class AnswerGuard:
    """Tells fingers from a terminal's answer that arrives as keys, by what it begins with and when they came in (ms).

    `\x1b[?1;2c` is no known key, so it comes in as alt+[ and then `?1;2c`, whose last letter would claim a case. That
    happens where something makes the terminal answer, or where a slow line tears an answer in two.
    """

    def __init__(self) -> None:
        self._until = NEVER

    def key(self, key: str, at: float) -> bool:
        """A key came in at `at`; True if it belongs to an answer and has to be dropped."""
        within = at <= self._until
        if within or key in _BEGINS or key.startswith("alt+"):
            self._until = at + ANSWER_MS
        # Esc alone is a key like others.
        return within or key.startswith("alt+") or key == "circumflex_accent"
