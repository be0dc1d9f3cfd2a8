"""The orders that a queue can be looked at in. The queue's own order is the domain's; the others are for looking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from msgspec import Struct

from casework import order
from casework.model import Row
from casework.order import next_clock

Place: TypeAlias = Any
"""Where a row stands: comparable with the places of the same order, smaller ones come first."""

_NO_CLOCK: Final = 2**63


class Sort(Struct, frozen=True):
    """An order: its name, the letter that follows `S`, and where it puts a row. What ties stands as in the queue."""

    name: str
    letter: str
    title: str
    place: Callable[[Row], Place]


def queued_place(row: Row) -> Place:
    """In the queue's own order."""
    return order.place(row, next_clock(row.clocks))


def _newest(row: Row) -> Place:
    return (-row.opened_at, -row.opened_seq)


def _age(row: Row) -> Place:
    return (row.opened_at, row.opened_seq)


def _deadline(row: Row) -> Place:
    place = queued_place(row)
    due_at = order.due_of(place)
    return (_NO_CLOCK if due_at is None else due_at, place)


def _score(row: Row) -> Place:
    return (-row.score_tenths, queued_place(row))


def _owner(row: Row) -> Place:
    return ("" if row.owner is None else row.owner.casefold(), queued_place(row))


def _type(row: Row) -> Place:
    return (row.case_type, queued_place(row))


QUEUE: Final = "queue"
"""The queue's own order."""

_ALL: Final = (
    Sort(QUEUE, "q", "The queue's own order", queued_place),
    Sort("newest", "n", "Newest first", _newest),
    Sort("age", "a", "Oldest first", _age),
    Sort("deadline", "d", "Next deadline first, whatever the severity", _deadline),
    Sort("score", "s", "Highest score first", _score),
    Sort("owner", "o", "By owner, without one first", _owner),
    Sort("type", "t", "By type", _type),
)

SORTS: Final[dict[str, Sort]] = {sort.name: sort for sort in _ALL}
"""Every order by its name."""
