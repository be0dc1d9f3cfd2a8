"""Who is looking at what: told to others, never logged, forgotten after 30 s, at most one word a second and person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocol import limits

WORD_MS: Final = 1_000


class Presence:
    """The last word of each person on each case."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._words: dict[tuple[str, str], tuple[str, int]] = {}
        self._fresh: set[tuple[str, str]] = set()
        self._said: dict[str, int] = {}

    def say(self, who: str, case_id: str, doing: str) -> None:
        """Note it; it is told at the next beat. Several words within a second: the last one counts."""
        self._words[(who, case_id)] = (doing, self._now())
        self._fresh.add((who, case_id))

    def to_tell(self) -> list[tuple[str, str, str]]:
        """(case_id, who, doing) of what is new, at most one a person since a second ago; call it each second."""
        now = self._now()
        for key in [key for key, (_, at) in self._words.items() if now - at > limits.PRESENCE_MS]:
            del self._words[key]
            self._fresh.discard(key)
        told: list[tuple[str, str, str]] = []
        for key in sorted(self._fresh):
            who, case_id = key
            if now - self._said.get(who, -WORD_MS) < WORD_MS:
                continue
            self._said[who] = now
            self._fresh.discard(key)
            told.append((case_id, who, self._words[key][0]))
        for who in [who for who, at in self._said.items() if now - at > limits.PRESENCE_MS]:
            del self._said[who]
        return told

    def forget(self, who: str) -> None:
        for key in [key for key in self._words if key[0] == who]:
            del self._words[key]
            self._fresh.discard(key)
