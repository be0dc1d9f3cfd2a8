"""Clocks: which a case has, when they are due, what a change does to them, and which are late (domain, section 3).

Targets count from the moment the feed accepted the case, outer bounds from the report, updates from the last one. A
function that starts or changes clocks returns those alone, whole, as an event's result carries them; none means
nothing to do. Times are ms UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from casework.clockrows import bounds_for, clock_of, row_for
from casework.model import Clock
from casework.policy import ClockRow, Policy
from casework.tokens import MILESTONES, CaseType, Milestone, Severity, SubType

__all__ = [
    "Clocks",
    "Heat",
    "ack_again",
    "bounds_for",
    "breached",
    "chase",
    "first_update",
    "heat",
    "next_round",
    "next_update",
    "pause",
    "reopened",
    "resume",
    "retarget",
    "row_for",
    "start",
]

Clocks = tuple[Clock, ...]
Heat = Literal["calm", "amber", "red", "late"]

#: Clocks that run from the start; updates wait for the ack, a chase for somebody to be waited for.
_FROM_THE_START: Final[tuple[Milestone, ...]] = tuple(m for m in MILESTONES if m not in ("update", "chase"))
_BOUNDED: Final[tuple[Milestone, ...]] = ("contain", "report", "answer")


def start(
    *,
    case_type: CaseType,
    sub_type: SubType | None,
    severity: Severity,
    opened_at: int,
    reported_at: int | None,
    policy: Policy,
) -> Clocks:
    """The clocks of a new case. The first update's clock starts later, see `first_update`."""
    targets = _targets(case_type, sub_type, severity, opened_at, policy)
    return (*targets, *_bounds(case_type, sub_type, opened_at, reported_at, policy))


def retarget(
    clocks: Clocks,
    *,
    case_type: CaseType,
    sub_type: SubType | None,
    severity: Severity,
    opened_at: int,
    reported_at: int | None,
    now: int,
    policy: Policy,
) -> Clocks:
    """What raising the severity or changing the type does: due = min(old due, now + new allowance).

    Not for a mere lowering, which never moves a running due. Met, waived and late clocks stay as they are, a clock that
    the new row does not have goes on (only a person waives a step), one that the case did not have starts now. Outer
    bounds count from the report all the same. A paused clock keeps what it had left, at most the new allowance.
    """
    latest = _latest(clocks)
    changed: list[Clock] = []
    row_name, row = row_for(case_type, sub_type, severity, policy)
    for milestone in (*_FROM_THE_START, "update"):
        if milestone == "update" and not _updates_run(clocks, row):
            continue
        fresh = clock_of(row_name, row, milestone, now, policy)
        if fresh is None:
            continue
        old = latest.get((milestone, False))
        if old is None:
            changed.append(fresh)
        elif milestone == "update" and not (old.running or old.paused):
            continue  # between two rounds: the next one starts with its own allowance
        elif old.open and old.stopped_at is None:
            base = old.paused_at if old.paused and old.paused_at is not None else now
            earlier = base + (fresh.due_at - now)
            if earlier < old.due_at:
                changed.append(
                    msgspec.structs.replace(old, due_at=earlier, allowance_ms=earlier - old.started_at, rule=fresh.rule)
                )
    for bound in _bounds(case_type, sub_type, opened_at, reported_at, policy):
        old = latest.get((bound.milestone, True))
        if old is None:
            changed.append(bound)
        elif old.open and old.stopped_at is None and bound.due_at < old.due_at:
            changed.append(
                msgspec.structs.replace(
                    old, due_at=bound.due_at, allowance_ms=bound.due_at - old.started_at, rule=bound.rule
                )
            )
    return tuple(changed)


def first_update(
    clocks: Clocks,
    *,
    met: Milestone,
    case_type: CaseType,
    sub_type: SubType | None,
    severity: Severity,
    now: int,
    policy: Policy,
) -> Clocks:
    """The first update's clock, once `met` was met (ack; for an EDR verify); none if updates do not start with it."""
    row_name, row = row_for(case_type, sub_type, severity, policy)
    if row.updates_from != met or any(clock.milestone == "update" and clock.running for clock in clocks):
        return ()
    return _one(clock_of(row_name, row, "update", now, policy, next_round("update", clocks)))


def next_update(
    clocks: Clocks,
    *,
    case_type: CaseType,
    sub_type: SubType | None,
    severity: Severity,
    now: int,
    policy: Policy,
) -> Clocks:
    """The next round's clock after an update was posted; none if the row asks for no updates."""
    row_name, row = row_for(case_type, sub_type, severity, policy)
    return _one(clock_of(row_name, row, "update", now, policy, next_round("update", clocks)))


def ack_again(
    severity: Severity,
    case_type: CaseType,
    now: int,
    policy: Policy,
    *,
    sub_type: SubType | None = None,
    clocks: Clocks = (),
) -> Clocks:
    """A new ack clock, in the next round of `clocks`: a claim lapsed, or a case came back without an owner."""
    row_name, row = row_for(case_type, sub_type, severity, policy)
    return _one(clock_of(row_name, row, "ack", now, policy, next_round("ack", clocks)))


def reopened(
    clocks: Clocks,
    *,
    case_type: CaseType,
    sub_type: SubType | None,
    severity: Severity,
    now: int,
    policy: Policy,
    owned: bool,
) -> Clocks:
    """New clocks for a case that comes back: each target in its next round, from now; the old ones are kept.

    An owned case needs no new ack and its updates go on at once (an EDR's once it is verified again). Outer bounds are
    never set anew: they count from the report.
    """
    row_name, row = row_for(case_type, sub_type, severity, policy)
    wanted = [milestone for milestone in _FROM_THE_START if milestone != "ack" or not owned]
    if owned and row.updates_from == "ack":
        wanted.append("update")
    made = (clock_of(row_name, row, each, now, policy, next_round(each, clocks)) for each in wanted)
    return tuple(clock for clock in made if clock is not None)


def chase(at: int, now: int, clocks: Clocks = ()) -> Clocks:
    """A clock to chase somebody outside, due at `at`."""
    return (
        Clock(
            milestone="chase",
            round=next_round("chase", clocks),
            started_at=now,
            due_at=at,
            allowance_ms=max(0, at - now),
            rule="chase",
        ),
    )


def breached(clocks: Iterable[Clock], now: int) -> Clocks:
    """Each running clock with due_at < `now` that is not marked yet, in due order, marked late since its due."""
    late = (clock for clock in clocks if clock.running and clock.breached_at is None and clock.due_at < now)
    return tuple(msgspec.structs.replace(clock, breached_at=clock.due_at) for clock in sorted(late, key=_by_due))


def pause(clocks: Iterable[Clock], now: int) -> Clocks:
    """The earliest running answer or resolve, paused; none if that one is late. Outer bounds never pause."""
    waiting = [
        clock
        for clock in clocks
        if clock.running and not clock.outer_bound and clock.milestone in ("answer", "resolve")
    ]
    if not waiting:
        return ()
    first = min(waiting, key=_by_due)
    if first.breached_at is not None or first.due_at < now:
        return ()
    return (msgspec.structs.replace(first, paused=True, paused_at=now),)


def resume(clocks: Iterable[Clock], now: int) -> Clocks:
    """The paused clocks, running again with their due shifted by as long as they stood."""
    return tuple(
        msgspec.structs.replace(clock, paused=False, paused_at=None, due_at=clock.due_at + _stood(clock, now))
        for clock in clocks
        if clock.paused and clock.owed
    )


def heat(clock: Clock, now: int, policy: Policy) -> Heat:
    """How close a running clock is: amber and red by the share of its allowance that is left."""
    left = clock.due_at - now
    if left < 0:
        return "late"
    if left * 100 <= clock.allowance_ms * policy.clocks.red_percent:
        return "red"
    if left * 100 <= clock.allowance_ms * policy.clocks.amber_percent:
        return "amber"
    return "calm"


def next_round(milestone: Milestone, clocks: Iterable[Clock], party: str | None = None) -> int:
    """The round that the next clock of this milestone has: 0 for the first."""
    rounds = [clock.round for clock in clocks if clock.milestone == milestone and clock.party == party]
    return max(rounds, default=-1) + 1


def _stood(clock: Clock, now: int) -> int:
    return max(0, now - clock.paused_at) if clock.paused_at is not None else 0


def _by_due(clock: Clock) -> tuple[int, int, bool, str, int]:
    """Due order; equal dues in the order of the milestones, so that two nodes write the same log."""
    return (clock.due_at, MILESTONES.index(clock.milestone), clock.outer_bound, clock.party or "", clock.round)


def _latest(clocks: Iterable[Clock]) -> dict[tuple[Milestone, bool], Clock]:
    """The newest round of each milestone, target and outer bound apart."""
    latest: dict[tuple[Milestone, bool], Clock] = {}
    for clock in sorted(clocks, key=lambda each: each.round):
        latest[clock.milestone, clock.outer_bound] = clock
    return latest


def _updates_run(clocks: Clocks, row: ClockRow) -> bool:
    """Whether the step that updates wait for was met."""
    return any(clock.milestone == row.updates_from and clock.met_at is not None for clock in clocks)


def _targets(case_type: CaseType, sub_type: str | None, severity: Severity, at: int, policy: Policy) -> Clocks:
    row_name, row = row_for(case_type, sub_type, severity, policy)
    made = (clock_of(row_name, row, milestone, at, policy) for milestone in _FROM_THE_START)
    return tuple(clock for clock in made if clock is not None)


def _bounds(
    case_type: CaseType, sub_type: str | None, opened_at: int, reported_at: int | None, policy: Policy
) -> Clocks:
    # A report is never later than its acceptance, whatever the reporter's clock says.
    since = opened_at if reported_at is None else min(reported_at, opened_at)
    made = (
        clock_of(name, bounds, milestone, since, policy, outer_bound=True)
        for name, bounds in bounds_for(case_type, sub_type, policy)
        for milestone in _BOUNDED
    )
    return tuple(clock for clock in made if clock is not None)


def _one(clock: Clock | None) -> Clocks:
    return () if clock is None else (clock,)
