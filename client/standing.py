"""Where a case stands and what every list asks of it: all of a row that is always at hand."""

from __future__ import annotations

from sys import intern

from msgspec import Struct

from casework import order
from casework.model import Row
from casework.tokens import OPEN_STATES, Severity, State


class Standing(Struct, frozen=True, order=True, gc=False, kw_only=True):
    """Compares as the queue orders. `due_at` is the deadline (ms UTC) of the clock that places the case.

    It does not hold what changes with every event, so most events leave it as it is.
    """

    place: int
    """`casework.order.place`: no two cases have the same."""
    case_id: str
    state: State
    severity: Severity
    owner: str | None
    snoozed: bool
    due_at: int | None

    @property
    def open(self) -> bool:
        """Whether there is work on it."""
        return self.state in OPEN_STATES


def standing(row: Row) -> Standing:
    """The standing of `row`. Raises `ValueError` for one that has no place in any queue."""
    clock = order.next_clock(row.clocks)
    return Standing(
        place=order.place(row, clock),
        case_id=row.case_id,
        state=row.state,
        severity=row.severity,
        # A hundred thousand cases have a few dozen owners.
        owner=None if row.owner is None else intern(row.owner),
        snoozed=row.flags.snoozed_until is not None,
        due_at=None if clock is None else clock.due_at,
    )
