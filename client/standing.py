"""Where a case stands and what every list asks of it: all of a row that is always at hand."""

from __future__ import annotations

from sys import intern
from typing import Any

from msgspec import Struct

from casework import order
from casework.model import Row
from casework.tokens import OPEN_STATES, Severity, State


class Entry(Struct, frozen=True, order=True, gc=False):
    """A case in a list: compares by its place, which is of one kind within a list, and then by its id."""

    place: Any
    case_id: str


class Standing(Entry, frozen=True, order=True, gc=False):
    """A case in the queue, by `casework.order.place`. Nothing in it changes with every event."""

    state: State = "NEW"
    severity: Severity = "S4"
    owner: str | None = None
    snoozed: bool = False

    @property
    def open(self) -> bool:
        """Whether there is work on it."""
        return self.state in OPEN_STATES

    @property
    def due_at(self) -> int | None:
        """The deadline (ms UTC) of the clock that places it."""
        return order.due_of(self.place)


def standing(row: Row) -> Standing:
    """The standing of `row`. Raises `ValueError` for one that has no place in any queue."""
    return Standing(
        order.place(row, order.next_clock(row.clocks)),
        row.case_id,
        row.state,
        row.severity,
        # A hundred thousand cases have a few dozen owners.
        None if row.owner is None else intern(row.owner),
        row.flags.snoozed_until is not None,
    )


def before(place: int) -> Standing:
    """What stands right before every case of a place or behind it: to look for one in a list."""
    return Standing(place, "")
