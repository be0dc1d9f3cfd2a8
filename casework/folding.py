"""What an event does to the fields that a case and its row share.

`evolve` and `evolve_row` both apply `shared_changes`, so that the row of a fold is the fold of the row. Everything here
reads (fields, event) only: no configuration, no clock, no environment.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from casework.events import Event
from casework.facts import (
    AwaitEnded,
    AwaitStarted,
    CaseAbsorbed,
    CaseOpened,
    CaseSeparated,
    EscalationUpdated,
    Fact,
    HoldLifted,
    HoldPlaced,
)
from casework.model import Await, Clock, Common, Flags, Hold, Result
from casework.tokens import ENDED_STATES, MILESTONES

#: Fields of a result that are fields of a case under the same name.
PLAIN: Final[tuple[str, ...]] = (
    "state",
    "owner",
    "owner_since",
    "case_type",
    "sub_type",
    "severity",
    "band",
    "score_tenths",
    "floors",
    "grounds",
    "factors",
    "contained_at",
    "secured_at",
    "ended_at",
    "merged_into",
)

_plain_of = attrgetter(*PLAIN)
_NOTHING: Final = Result()
#: Facts that change shared fields by more than their result.
_SPEAKING: Final[frozenset[type[Fact]]] = frozenset(
    {AwaitStarted, AwaitEnded, HoldPlaced, HoldLifted, EscalationUpdated, CaseAbsorbed, CaseSeparated}
)

#: What a further report may replace; None in the fact means: as before.
REPORTED: Final[tuple[str, ...]] = (
    "language",
    "graphic_level",
    "sensitivities",
    "occurred_at",
    "summary",
    "translation",
    "subjects",
    "content",
    "sensitive",
)

_PLACE: Final[dict[str, int]] = {milestone: place for place, milestone in enumerate(MILESTONES)}


def clock_order(clock: Clock) -> tuple[int, str, int, bool]:
    """The order in which a case holds its clocks: by name, so that a clock that comes back finds its old place."""
    return (_PLACE[clock.milestone], clock.party or "", clock.round, clock.outer_bound)


def with_clocks(clocks: tuple[Clock, ...], result: Result) -> tuple[Clock, ...]:
    """`clocks` after `result`: replaced by name, added, dropped; in `clock_order`."""
    if not result.clocks and not result.dropped:
        return clocks
    by_name = {clock.name: clock for clock in clocks}
    by_name.update((clock.name, clock) for clock in result.clocks)
    for name in result.dropped:
        by_name.pop((name[0], name[1], name[2], name[3]), None)
    return tuple(sorted(by_name.values(), key=clock_order))


def flags_after(flags: Flags, event: Event) -> Flags:
    """`flags` after `event`. An end of the case ends waiting and snoozing; a hold and an owed review outlive it."""
    fact, result = event.fact, event.fact.result
    changes: dict[str, Any] = {}
    if isinstance(fact, AwaitStarted):
        changes["awaiting"] = Await(why=fact.why, who=fact.who, chase_at=fact.chase_at)
    elif isinstance(fact, AwaitEnded):
        changes["awaiting"] = None
    elif isinstance(fact, HoldPlaced):
        changes["hold"] = Hold(why=fact.why, by=event.actor, at=event.at)
    elif isinstance(fact, HoldLifted):
        changes["hold"] = None
    if result.state is not UNSET and result.state in ENDED_STATES:
        changes["awaiting"] = None
        changes["snoozed_until"] = None
    if result.snoozed_until is not UNSET:
        changes["snoozed_until"] = result.snoozed_until
    if result.rca_due is not UNSET:
        changes["rca_due"] = result.rca_due
    return replace(flags, **changes) if changes else flags


def shared_changes(common: Common, event: Event) -> dict[str, Any]:
    """The fields of `common` that `event` changes, as keyword arguments of `msgspec.structs.replace`."""
    fact, result = event.fact, event.fact.result
    changes: dict[str, Any] = {"version": event.version, "seq": event.seq}
    if event.redacted and not common.unreadable:
        changes["unreadable"] = True
    # Half of all events (notes, ticks, contacts …) change nothing that a rule computed.
    if result == _NOTHING and type(fact) not in _SPEAKING:
        return changes
    changes.update((name, value) for name, value in zip(PLAIN, _plain_of(result), strict=True) if value is not UNSET)
    clocks = with_clocks(common.clocks, result)
    if clocks is not common.clocks:
        changes["clocks"] = clocks
    flags = flags_after(common.flags, event)
    if flags is not common.flags:
        changes["flags"] = flags
    if result.credibility is not UNSET and common.source is not None:
        changes["source"] = replace(common.source, credibility=result.credibility)
    if isinstance(fact, EscalationUpdated):
        changes["updates"] = common.updates + 1
        for name in REPORTED:
            value = getattr(fact, name)
            if value is not None:
                changes[name] = value
    elif isinstance(fact, CaseAbsorbed):
        changes["updates"] = common.updates + 1
    elif isinstance(fact, CaseSeparated):
        changes["updates"] = common.updates - 1
    return changes


def shared_at_opening(event: Event, fact: CaseOpened) -> dict[str, Any]:
    """The shared fields of a case that `fact` opens, before its result is applied.

    Raises `ValueError` if the fact carries no severity, band or state: it was not made by `open_case`.
    """
    result = fact.result
    if result.severity is UNSET or result.band is UNSET or result.state is UNSET:
        raise ValueError(f"CaseOpened at seq {event.seq} carries no severity, band or state")
    return {
        "case_id": event.case_id,
        "version": event.version,
        "seq": event.seq,
        "opened_seq": event.seq,
        "case_type": fact.case_type,
        "sub_type": fact.sub_type,
        "severity": result.severity,
        "band": result.band,
        "state": result.state,
        "opened_at": event.at,
        "reported_at": fact.reported_at,
        "boundary": fact.boundary,
        "language": fact.language,
        "translation": fact.translation,
        "graphic_level": fact.graphic_level,
        "sensitivities": fact.sensitivities,
        "occurred_at": fact.occurred_at,
        "sensitive": fact.sensitive,
        "summary": fact.summary,
        "source": fact.source,
        "subjects": fact.subjects,
        "content": fact.content,
    }
