"""What leaves the feed, as its audience may see it: rows, whole cases and events (domain, section 8).

Three grades. *Stub*: without the clearance, the same few fields whatever happens. *Masked*: an auditor sees everything
but sealed text. *Whole*: all but what never travels (sensitive values, a report's origin). Independently of the grade
an event has two forms: *whole* for a case that somebody opened, *row* for the lists, without what rows do not show.

Folding projected row events gives the projection of the folded row. For that, everything here is a function of the
audience and of the case after the event, and what rows are made of is dropped by grade only, never by form.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Literal

import msgspec

from casework.audience import AUDIT_CASE, Audience, sees_whole
from casework.events import Event
from casework.facts import (
    SCHEMA_VERSION,
    AwaitStarted,
    CaseOpened,
    CaseRetired,
    CaseStub,
    EscalationUpdated,
    Fact,
    HoldPlaced,
    RefusalRecorded,
    UnknownFact,
)
from casework.model import Action, Await, Case, Common, Contact, Content, Flags, Hold, Row, Stub, Target

Form = Literal["row", "whole"]

#: Never sent to anybody: values are revealed one by one, the origin is the feed's own bookkeeping.
NEVER_SENT: Final = frozenset({"sensitive_values", "origin"})

_REPORT: Final = frozenset({"summary", "translation", "subjects", "content", "sensitive"})
#: The sealed fields that rows are made of. Every other sealed field is absent from the row form, unknown ones too.
IN_ROWS: Final[dict[type[Fact], frozenset[str]]] = {
    CaseOpened: _REPORT | {"source"},
    EscalationUpdated: _REPORT,
    AwaitStarted: frozenset({"why", "who"}),
    HoldPlaced: frozenset({"why"}),
}


def stub_of(case: Common) -> Stub:
    """What a person without the clearance sees of a row or a case; both give the same stub."""
    return Stub(
        case_id=case.case_id,
        version=case.version,
        seq=case.seq,
        opened_seq=case.opened_seq,
        case_type=case.case_type,
        severity=case.severity,
        band=case.band,
        state=case.state,
        owner=case.owner,
        clocks=tuple(clock for clock in case.clocks if clock.met_at is None),
        boundary=case.boundary,
        opened_at=case.opened_at,
    )


def project_row(row: Row, audience: Audience) -> Row | Stub:
    """The row as `audience` may see it."""
    if not sees_whole(row.boundary, row.case_id, audience):
        return stub_of(row)
    return msgspec.structs.replace(row, **_masked_common(row)) if audience.masked else row


def project_case(case: Case, audience: Audience) -> Case | Stub:
    """The whole case as `audience` may see it."""
    if not sees_whole(case.boundary, case.case_id, audience):
        return stub_of(case)
    if not audience.masked:
        return case
    return msgspec.structs.replace(
        case,
        **_masked_common(case),
        narrative="",
        factor_notes={name: msgspec.structs.replace(note, evidence="") for name, note in case.factor_notes.items()},
        contacts=tuple(_masked_contact(contact) for contact in case.contacts),
        actions=tuple(_masked_action(action) for action in case.actions),
        tasks=tuple(msgspec.structs.replace(task, text="", owner="", due_at=None) for task in case.tasks),
        notes=tuple(msgspec.structs.replace(note, text="") for note in case.notes),
        not_reportable=(
            None if case.not_reportable is None else msgspec.structs.replace(case.not_reportable, reason="")
        ),
        recent=(),  # what an undo would restore holds evidence notes; who reads masked undoes nothing
    )


def project_event(event: Event, row_after: Common | None, audience: Audience, *, form: Form) -> Event:
    """The event as `audience` may see it; `row_after` is its case (or row) after the event.

    Without the clearance: a `CaseStub` with the same place and hash, and no actor. `CaseRetired` goes to everybody as
    it is: it says nothing, and mirrors of stubs must drop the case as well. `idem` and `context` never travel in what
    several people share. Total: a fact of an unknown type goes out without data, and a case of which nothing is known
    (no `row_after`) shows nothing but its place.
    """
    if event.case_id == AUDIT_CASE:
        return _bare(event) if audience.audits else _hidden(event)
    if isinstance(event.fact, CaseRetired):
        return _bare(event)
    if row_after is None:
        return _hidden(event)
    if not sees_whole(row_after.boundary, event.case_id, audience):
        return msgspec.structs.replace(
            event,
            type=CaseStub.__name__,
            v=SCHEMA_VERSION,
            actor="",
            fact=CaseStub(stub=stub_of(row_after)),
            redacted=True,
            idem=None,
            context=None,
        )
    fact = event.fact
    if isinstance(fact, UnknownFact):
        return _hidden(event, actor=event.actor)
    sealed = frozenset(fact.SEALED)
    dropped = sealed & NEVER_SENT
    if form == "row":
        dropped |= sealed - IN_ROWS.get(type(fact), frozenset())
    if audience.masked:
        dropped |= sealed
    fact = _without(fact, dropped)
    if form == "row" and isinstance(fact, CaseOpened | EscalationUpdated):
        fact = _without_captions(fact)
    return _bare(event, fact=fact, redacted=event.redacted or (audience.masked and bool(sealed)))


def _bare(event: Event, **changes: Any) -> Event:
    return msgspec.structs.replace(event, idem=None, context=None, **changes)


def _hidden(event: Event, actor: str = "") -> Event:
    """The event's place in the log and nothing of what it says."""
    fact: Fact = UnknownFact(raw={})
    if isinstance(event.fact, RefusalRecorded):
        # Its type is known to every reader, so it must still decode there.
        fact = RefusalRecorded(principal="", what="")
    return _bare(event, fact=fact, actor=actor, redacted=True)


@cache
def _blank(kind: type[Fact]) -> dict[str, Any]:
    """The defaults of the sealed fields of a fact: what they are without the case's key, too."""
    return {field.name: field for field in msgspec.structs.fields(kind) if field.name in kind.SEALED}


def _without(fact: Fact, names: frozenset[str]) -> Fact:
    if not names:
        return fact
    fields = _blank(type(fact))
    blanks: dict[str, Any] = {}
    for name in names:
        field = fields[name]
        blanks[name] = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return msgspec.structs.replace(fact, **blanks)


def _without_captions(fact: CaseOpened | EscalationUpdated) -> Fact:
    if not fact.content or all(item.caption is None for item in fact.content):
        return fact
    return msgspec.structs.replace(fact, content=tuple(_without_caption(item) for item in fact.content))


def _without_caption(item: Content) -> Content:
    return item if item.caption is None else msgspec.structs.replace(item, caption=None)


def _masked_common(case: Common) -> dict[str, Any]:
    """What folding masked events leaves of the shared fields."""
    return {
        "summary": "",
        "translation": None,
        "source": None,
        "subjects": (),
        "content": (),
        "sensitive": {},
        "flags": _masked_flags(case.flags),
        "unreadable": True,
    }


def _masked_flags(flags: Flags) -> Flags:
    awaiting, hold = flags.awaiting, flags.hold
    return msgspec.structs.replace(
        flags,
        awaiting=None if awaiting is None else Await(why="", who="", chase_at=awaiting.chase_at),
        hold=None if hold is None else Hold(why="", by=hold.by, at=hold.at),
    )


def _masked_contact(contact: Contact) -> Contact:
    return msgspec.structs.replace(contact, channel="", number_source="", person="", reference="", outcome="")


def _masked_action(action: Action) -> Action:
    return msgspec.structs.replace(
        action, target=Target(kind="", id=""), policy="", reason="", fields={}, why="", reference=""
    )
