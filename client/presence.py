"""Who else looks at a case, and what this person is looking at. Never logged; forgotten after 30 s of silence."""

from __future__ import annotations

from typing import Final

from protocol import limits
from protocol.frames import PresenceSaid, PresenceSeen

REPEAT_MS: Final = 10_000
"""How often one's own presence is said again: three times before others would forget it."""
_CASES: Final = 10_000
"""A bound on what is remembered of others."""


class Presence:
    """Times are ms of the caller's monotonic clock."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, tuple[str, float]]] = {}
        self._said: dict[str, tuple[str, float | None]] = {}

    # --- others

    def saw(self, frame: PresenceSeen, *, me: str, now: float) -> None:
        """Somebody else does something on a case; an empty `doing` means they left."""
        if frame.who == me:
            return
        people = self._seen.get(frame.case_id)
        if people is None:
            if len(self._seen) >= _CASES:
                return
            people = self._seen[frame.case_id] = {}
        if frame.doing:
            people[frame.who] = (frame.doing, now)
        else:
            people.pop(frame.who, None)
            if not people:
                del self._seen[frame.case_id]

    def forget(self, now: float) -> bool:
        """Drop who was not heard of for 30 s; whether anybody was."""
        dropped = False
        for case_id, people in list(self._seen.items()):
            for who, (_, at) in list(people.items()):
                if now - at > limits.PRESENCE_MS:
                    del people[who]
                    dropped = True
            if not people:
                del self._seen[case_id]
        return dropped

    def clear(self) -> None:
        """The link is gone: nobody is known to be anywhere."""
        self._seen.clear()

    def others(self) -> dict[str, list[tuple[str, str]]]:
        """By case: who does what, by name."""
        return {
            case_id: sorted((who, doing) for who, (doing, _) in people.items())
            for case_id, people in self._seen.items()
        }

    # --- oneself

    def say(self, case_id: str, doing: str) -> None:
        """From now on this person does `doing` on the case; empty: no longer."""
        if doing:
            self._said[case_id] = (doing[:40], None)
        elif case_id in self._said:
            self._said[case_id] = ("", None)

    def reconnected(self) -> None:
        """The feed does not know any more what was said."""
        self._said = {case_id: (doing, None) for case_id, (doing, _) in self._said.items() if doing}

    def due(self, now: float) -> list[PresenceSaid]:
        """What to say now; it counts as said."""
        frames: list[PresenceSaid] = []
        for case_id, (doing, at) in list(self._said.items()):
            if at is not None and now - at < REPEAT_MS:
                continue
            frames.append(PresenceSaid(case_id=case_id, doing=doing))
            if doing:
                self._said[case_id] = (doing, now)
            else:
                del self._said[case_id]
        return frames
