"""One case as a line of the queue: every column's text and tone, before anybody knows how wide the screen is."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from casework.model import Clock, Common
from casework.order import next_clock
from casework.tokens import ENDED_STATES, Severity
from casework.untrusted import Untrusted, visible
from client.views.bits import Tone
from client.views.times import age, countdown

AMBER_PERCENT: Final = 30
RED_PERCENT: Final = 10
"""How much of an allowance is left when a clock turns amber and red (domain, section 3)."""

SEVERITY_TONE: Final[dict[str, Tone]] = {"S0": "s0", "S1": "s1", "S2": "s2", "S3": "text", "S4": "quiet"}
NO_OWNER: Final = "\u2013"


class QueueRow(Struct, frozen=True):
    """Frozen and compared by value: a line is painted again only if this differs from what stands there."""

    case_id: str
    left: str
    left_tone: Tone
    severity: Severity
    case_type: str
    owner: Untrusted | None
    mine: bool
    step: str
    late: bool
    settled: bool
    """Nothing runs any more: the case ended or waits for no clock."""
    summary: Untrusted | str
    """A plain string where we speak and not the reporter: restricted, unreadable."""
    age: str
    sending: bool = False
    """A command on it is on its way."""


def queue_row(row: Common, now: int, me: str, *, sending: bool = False) -> QueueRow:
    """The drawable form of `row` at `now` (ms UTC of the feed) for the principal `me`."""
    clock = next_clock(row.clocks) if row.state not in ENDED_STATES else None
    late = clock is not None and clock.due_at < now
    if clock is None:
        step = row.state.lower()
    else:
        step = clock.milestone.upper() if late else clock.milestone
    return QueueRow(
        case_id=row.case_id,
        left="" if clock is None else countdown(clock.due_at - now),
        left_tone=clock_tone(clock, now),
        severity=row.severity,
        case_type=row.case_type,
        owner=None if row.owner is None else Untrusted(row.owner),
        mine=row.owner == me and bool(me),
        step=step,
        late=late,
        settled=clock is None,
        summary=summary_of(row),
        age=age(max(0, now - row.opened_at)),
        sending=sending,
    )


def summary_of(row: Common) -> Untrusted | str:
    """What the case says of itself, or our words where this person may not read it or nobody can."""
    if row.stub:
        return "restricted" if row.boundary is None else f"restricted: needs the clearance {visible(row.boundary)}"
    if row.unreadable:
        return "text destroyed with its key"
    return Untrusted(row.summary)


def clock_tone(clock: Clock | None, now: int) -> Tone:
    """`late` when the clock is late or in its last tenth, `soon` in its last three tenths."""
    if clock is None:
        return "quiet"
    left = clock.due_at - now
    if left * 100 <= RED_PERCENT * clock.allowance_ms:
        return "late"
    if left * 100 <= AMBER_PERCENT * clock.allowance_ms:
        return "soon"
    return "text"
