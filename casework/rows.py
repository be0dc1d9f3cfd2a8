"""Rows: a case as lists and the feed carry it, folded from events of their own.

A row keeps what places and names a case. Counts stand for its lists, its clocks are the unmet ones, captions and the
narrative stay behind. `evolve_row(row_of(case), event) == row_of(evolve(case, event))` for every event.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from casework.actionfacts import ActionProposed
from casework.afoot import afoot_after, afoot_of
from casework.events import Event
from casework.facts import (
    CaseLinked,
    CaseOpened,
    CaseRetired,
    CaseStub,
    ContactLogged,
    NoteAdded,
    StepTicked,
    TaskAdded,
    Undone,
)
from casework.folding import shared_at_opening, shared_changes
from casework.model import Case, Clock, Common, Content, Counts, Row, Stub

_SHARED: Final[tuple[str, ...]] = Common.__struct_fields__


def row_of(case: Case) -> Row:
    """The row form of `case`."""
    shared: dict[str, Any] = {name: getattr(case, name) for name in _SHARED}
    shared["clocks"] = unmet(case.clocks)
    shared["content"] = without_captions(case.content)
    counts = Counts(
        notes=len(case.notes),
        actions=len(case.actions),
        tasks=len(case.tasks),
        contacts=len(case.contacts),
        related=len(case.related),
        runbook=len(case.runbook),
    )
    return Row(counts=counts, afoot=afoot_of(case.actions), **shared)


def row_of_stub(stub: Stub) -> Row:
    """The row of a case that its reader may only know to exist."""
    return Row(
        case_id=stub.case_id,
        version=stub.version,
        seq=stub.seq,
        opened_seq=stub.opened_seq,
        case_type=stub.case_type,
        severity=stub.severity,
        band=stub.band,
        state=stub.state,
        owner=stub.owner,
        clocks=unmet(stub.clocks),
        boundary=stub.boundary,
        opened_at=stub.opened_at,
        stub=True,
    )


def evolve_row(row: Row | None, event: Event) -> Row | None:
    """`row` after `event`; None once the case left the floor.

    Raises `ValueError` if there is no row and the event does not make one.
    """
    fact = event.fact
    if isinstance(fact, CaseRetired):
        return None
    if isinstance(fact, CaseStub):
        return row_of_stub(fact.stub)
    if isinstance(fact, CaseOpened):
        row = Row(**shared_at_opening(event, fact))
    if row is None:
        raise ValueError(f"seq {event.seq}: {event.type} on {event.case_id}, which has no row")
    changes = shared_changes(row, event)
    if "clocks" in changes:
        changes["clocks"] = unmet(changes["clocks"])
    content = changes.get("content", row.content)
    changes["content"] = without_captions(content)
    counts = counts_after(row.counts, event)
    if counts is not row.counts:
        changes["counts"] = counts
    afoot = afoot_after(row.afoot, event)
    if afoot is not row.afoot:
        changes["afoot"] = afoot
    return replace(row, **changes)


def unmet(clocks: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """The clocks that a row keeps."""
    return tuple(clock for clock in clocks if clock.met_at is None)


def without_captions(content: tuple[Content, ...]) -> tuple[Content, ...]:
    """`content` without what people wrote on it; the same tuple if nobody wrote anything."""
    if all(item.caption is None for item in content):
        return content
    return tuple(item if item.caption is None else replace(item, caption=None) for item in content)


def counts_after(counts: Counts, event: Event) -> Counts:
    """`counts` after `event`; the same object if it adds to no list."""
    fact = event.fact
    match fact:
        case NoteAdded():
            return replace(counts, notes=counts.notes + 1)
        case ActionProposed():
            return replace(counts, actions=counts.actions + 1)
        case TaskAdded():
            return replace(counts, tasks=counts.tasks + 1)
        case ContactLogged():
            return replace(counts, contacts=counts.contacts + 1)
        case CaseLinked():
            return replace(counts, related=counts.related + 1)
        case CaseOpened() if fact.continues is not None:
            return replace(counts, related=counts.related + 1)
        case StepTicked():
            return replace(counts, runbook=counts.runbook + 1)
        case Undone() if fact.step is not None:
            return replace(counts, runbook=counts.runbook - 1)
        case _:
            return counts
