"""When the console calls its person: a new S0 or S1, and a clock of theirs that turns red or late. Pure.

It decides that something is to be said and how loudly; `tui.terminal.calling` says it. What it says is counts and
severities: a title, a notification and a hook's environment are read by others, so no case text gets there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from casework.tokens import Severity

Why = Literal["new", "late", "red"]
State = Literal["red", "late"]

GAP_MS: Final = 1_000
"""Never more than one call a second; what comes meanwhile is in the next one."""
LOUD_AT_NIGHT: Final[frozenset[Severity]] = frozenset({"S0", "S1"})
"""What is heard in quiet hours as well."""
_ORDER: Final[tuple[tuple[Severity, Why], ...]] = tuple(
    (severity, why)
    for severity in ("S0", "S1", "S2", "S3", "S4")
    for why in ("new", "late", "red")
    if why != "new" or severity in ("S0", "S1")
)
"""What is said first when several things happened: the severest, and of those what is new."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the worst that happened, and how often each thing did since the last call."""

    severity: Severity
    why: Why
    counts: Mapping[tuple[Severity, Why], int]

    @property
    def sentence(self) -> str:
        """`1 new S0, 2 of yours late`: counts only."""
        said: list[str] = []
        for severity, why in _ORDER:
            count = self.counts.get((severity, why), 0)
            if count:
                said.append(f"{count} new {severity}" if why == "new" else f"{count} of yours {why} ({severity})")
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Urgent:
    """What a look sees: open S0 and S1 by id, and those of this person's cases whose clock is red or late."""

    s0: frozenset[str] = frozenset()
    s1: frozenset[str] = frozenset()
    mine: Mapping[str, tuple[Severity, State]] = field(default_factory=dict)


class Attention:
    """Compares each look with the last one. The first look is what the person sees anyway, so it calls nobody."""

    def __init__(self) -> None:
        self._known: Urgent | None = None
        self._waiting: dict[tuple[Severity, Why], int] = {}
        self._called_at = -1e18

    def look(self, urgent: Urgent, now: float, *, quiet: bool, mine: Iterable[str] = ()) -> Call | None:
        """What to call for at `now` (monotonic ms), if anything. `quiet`: only what is heard in quiet hours.

        `mine` is what this person did something on just now: a case that they made an S0 is no news to them.
        """
        before, self._known = self._known, urgent
        if before is None:
            return None
        own = frozenset(mine)
        found: list[tuple[Severity, Why]] = []
        found += [("S0", "new")] * len(urgent.s0 - before.s0 - own)
        # One that was an S0 and is an S1 now is no news.
        found += [("S1", "new")] * len(urgent.s1 - before.s1 - before.s0 - own)
        for case_id, (severity, state) in urgent.mine.items():
            old = before.mine.get(case_id)
            if old is None or (old[1] == "red" and state == "late"):
                found.append((severity, state))
        for each in found:
            if not quiet or each[0] in LOUD_AT_NIGHT:
                self._waiting[each] = self._waiting.get(each, 0) + 1
        if not self._waiting or now - self._called_at < GAP_MS:
            return None
        counts, self._waiting = self._waiting, {}
        self._called_at = now
        severity, why = next(each for each in _ORDER if each in counts)
        return Call(severity, why, counts)


def title_of(name: str, *, s0: int, late: int, unowned: int, open_: int, phase: str) -> str:
    """The terminal's title: counts, and whether they can be believed."""
    if phase != "live":
        return f"{phase or 'connecting'} \u00b7 watchfloor {name}".rstrip()
    counts = [f"{s0} S0" if s0 else "", f"{late} late" if late else "", f"{unowned} unowned" if unowned else ""]
    return " \u00b7 ".join([*filter(None, counts), f"{open_} open", f"watchfloor {name}".rstrip()])
