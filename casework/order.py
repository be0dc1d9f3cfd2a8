"""The order of the queue: total, explainable, and changed only by events, never by time (domain, section 2).

The key is (band, harm 0 / paper 1 / none 2, absolute due of that clock, minus score, arrival); smaller comes first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from casework.model import Clock, Common, Next, Stub
from casework.score import shown
from casework.tokens import HARM_MILESTONES, MILESTONES, OUTSIDE_MILESTONES, Severity

Key = tuple[int, int, int, int, int]

HARM: Final = 0
PAPER: Final = 1
NONE: Final = 2

ARRIVAL_BITS: Final = 53
"""The lowest bits of a place, which are the case's arrival."""
_DUE_FROM: Final = 62_135_683_200_000 + 1
"""ms from the first moment that a time can have to 1970 (`casework.model.At`)."""
_DUE_BITS: Final = 50
_SCORE_BITS: Final = 32
_SCORE_MAX: Final = 1 << 31


def band(severity: Severity, secured: bool) -> int:
    """The severity's digit, plus one once the case is secured."""
    return int(severity[1]) + int(secured)


def is_secured(clocks: Iterable[Clock], contained_at: int | None) -> bool:
    """Contained, and every outside step met or waived."""
    return contained_at is not None and all(
        clock.met_at is not None or clock.waived is not None
        for clock in clocks
        if clock.milestone in OUTSIDE_MILESTONES
    )


def next_clock(clocks: Iterable[Clock]) -> Clock | None:
    """The clock that places a case: its earliest running harm clock, else its earliest running paper clock.

    Outer bounds count as clocks of their milestone. Met, waived and paused clocks do not count.
    """
    best: Clock | None = None
    best_rank = (NONE, 0)
    for clock in clocks:
        if clock.running:
            rank = (_kind(clock), clock.due_at)
            if best is None or rank < best_rank or (rank == best_rank and _after(best, clock)):
                best, best_rank = clock, rank
    return best


def _after(one: Clock, other: Clock) -> bool:
    """Whether `other` comes first of two that are due together."""
    return _by_name(other) < _by_name(one)


def _by_name(clock: Clock) -> tuple[int, bool, str, int]:
    return (MILESTONES.index(clock.milestone), clock.outer_bound, clock.party or "", clock.round)


def next_of(x: Common | Stub) -> Next | None:
    """The milestone and due of the clock that places the case, as rows show it."""
    clock = next_clock(x.clocks)
    return None if clock is None else Next(milestone=clock.milestone, due_at=clock.due_at)


def key(x: Common | Stub) -> Key:
    """Where the case stands: compare keys, the smaller one comes first. No two cases share an arrival.

    A stub shows no score, so in the eyes of whoever sees only that, score has no say.
    """
    clock = next_clock(x.clocks)
    kind, due_at = (NONE, 0) if clock is None else (_kind(clock), clock.due_at)
    score = x.score_tenths if isinstance(x, Common) else 0
    return (x.band, kind, due_at, -score, x.opened_seq)


def place(x: Common | Stub, clock: Clock | None) -> int:
    """`key(x)` as one number, which compares alike; `clock` is `next_clock(x.clocks)`.

    It takes a quarter of the memory. Raises `ValueError` for parts that no case has: years before 1 or after 9999, a
    score or an arrival beyond all bounds.
    """
    kind, due_at = (NONE, 0) if clock is None else (_kind(clock), clock.due_at)
    score = x.score_tenths if isinstance(x, Common) else 0
    due_at += _DUE_FROM
    score = _SCORE_MAX - score
    if (
        not 0 <= x.band < 1 << 8
        or not 0 <= due_at < 1 << _DUE_BITS
        or not 0 <= score < 1 << _SCORE_BITS
        or not 0 <= x.opened_seq < 1 << ARRIVAL_BITS
    ):
        raise ValueError(f"{x.case_id} has no place in a queue")
    urgency = (x.band << 2 | kind) << _DUE_BITS | due_at
    return (urgency << _SCORE_BITS | score) << ARRIVAL_BITS | x.opened_seq


def urgency(place: int) -> int:
    """Band and kind of clock as one number: within one of them, cases stand by their deadlines."""
    return place >> ARRIVAL_BITS + _SCORE_BITS + _DUE_BITS


def due_of(place: int) -> int | None:
    """The deadline (ms UTC) that a place stands for; None if no clock runs."""
    if urgency(place) & 3 == NONE:
        return None
    return (place >> ARRIVAL_BITS + _SCORE_BITS & (1 << _DUE_BITS) - 1) - _DUE_FROM


def first_place(urgency: int, due_at: int | None = None) -> int:
    """The place before all cases of an urgency, or before those of them that are due from `due_at` on."""
    due = 0 if due_at is None else min(max(due_at + _DUE_FROM, 0), (1 << _DUE_BITS) - 1)
    return (urgency << _DUE_BITS | due) << _SCORE_BITS + ARRIVAL_BITS


def why(x: Common) -> tuple[str, ...]:
    """The parts of the key in words, in their order: severity, clock, score, its grounds, arrival."""
    place = x.severity if x.band == int(x.severity[1]) else f"{x.severity}, secured: one band lower"
    floors = f", floor: {', '.join(name.replace('_', ' ') for name in x.floors)}" if x.floors else ""
    return (
        place,
        _clock_words(next_clock(x.clocks)),
        f"score {shown(x.score_tenths)}{floors}",
        *x.grounds,
        f"arrival {x.opened_seq}",
    )


def _kind(clock: Clock) -> int:
    return HARM if clock.milestone in HARM_MILESTONES else PAPER


def _clock_words(clock: Clock | None) -> str:
    if clock is None:
        return "no clock runs"
    bound = " (outer bound)" if clock.outer_bound else ""
    verb = "late since" if clock.breached_at is not None else "due"
    # Whole seconds suffice for people; the key compares milliseconds.
    at = datetime.fromtimestamp(clock.due_at // 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S Z")
    return f"{clock.milestone}{bound} {verb} {at}"
