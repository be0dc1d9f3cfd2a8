"""Cases, rows and events as they travel, built from the model and read back.

`score` is a number with one decimal beside `score_tenths`; `next` and `why` say what places the case in the queue.
What only `decide` needs never travels, nor do the values of sensitive fields and where a report came from.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, structs

from casework import order
from casework.events import Event, fact_of
from casework.facts import FACTS, SCHEMA_VERSION, Fact, UnknownFact
from casework.model import (
    Action,
    Case,
    Common,
    Contact,
    FactorNote,
    Grant,
    Next,
    Note,
    NotReportable,
    Pending,
    Related,
    Row,
    Stub,
    Task,
    Tick,
)
from casework.tokens import State
from protocol.codec import Malformed, decode_part, encode
from protocol.frames import WireEvent

#: Fields of facts that stay in the log, sealed, whoever asks. `casework.access` drops them; this is the second lock.
NEVER_SENT: Final = ("sensitive_values", "origin")


class RowOut(Row, frozen=True, kw_only=True):
    """The row form: lists, snapshots, the feed."""

    score: float
    next: Next | None
    why: tuple[str, ...]


class CaseOut(Common, frozen=True, kw_only=True):
    """The whole case, as one person may see it."""

    score: float
    next: Next | None
    why: tuple[str, ...]
    narrative: str = ""
    factor_notes: dict[str, FactorNote] = {}
    contacts: tuple[Contact, ...] = ()
    actions: tuple[Action, ...] = ()
    tasks: tuple[Task, ...] = ()
    notes: tuple[Note, ...] = ()
    related: tuple[Related, ...] = ()
    runbook: tuple[Tick, ...] = ()
    pending: tuple[Pending, ...] = ()
    offered_to: str | None = None
    triage_noted: bool = False
    triage_due_at: int | None = None
    outcome: str | None = None
    not_reportable: NotReportable | None = None
    ended_from: State | None = None
    busy_until: int | None = None
    retired_at: int | None = None
    absorbed: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    policy_version: str = ""
    defaults_digest: str = ""


#: What `decide` needs and nobody is shown.
INTERNAL: Final = frozenset({"at", "material", "outside", "recent"})
_DERIVED: Final = ("score", "next", "why")
_ROW: Final = Row.__struct_fields__
_CASE: Final = tuple(name for name in CaseOut.__struct_fields__ if name not in _DERIVED)


def row_out(row: Row | Stub) -> RowOut | Stub:
    """The row as lists, snapshots and the feed carry it. A stub is itself: nothing is added to what it may tell."""
    if isinstance(row, Stub):
        return row
    fields: dict[str, Any] = {name: getattr(row, name) for name in _ROW}
    return RowOut(**fields, score=row.score_tenths / 10, next=order.next_of(row), why=order.why(row))


def row_bytes(row: Row | Stub) -> bytes:
    """`row_out` encoded, at half the cost: what is added stands behind the row's own members."""
    if isinstance(row, Stub):
        return encode(row)
    derived = _Derived(score=row.score_tenths / 10, next=order.next_of(row), why=order.why(row))
    return encode(row)[:-1] + b"," + encode(derived)[1:]


class _Derived(Struct, frozen=True, kw_only=True):
    score: float
    next: Next | None
    why: tuple[str, ...]


def case_out(case: Case | Stub) -> CaseOut | Stub:
    """The whole case. A stub is itself."""
    if isinstance(case, Stub):
        return case
    fields: dict[str, Any] = {name: getattr(case, name) for name in _CASE}
    return CaseOut(**fields, score=case.score_tenths / 10, next=order.next_of(case), why=order.why(case))


def row_in(raw: Raw | bytes) -> Row:
    """A row or a stub from the wire (a stub as a row with `stub` true and the rest empty). Raises `Malformed`."""
    row: Row = decode_part(raw, Row, numbers=False)
    return row


def case_in(raw: Raw | bytes) -> Case:
    """A whole case from the wire (a stub as a case with `stub` true and the rest empty). Raises `Malformed`."""
    case: Case = decode_part(raw, Case, numbers=False)
    return case


def event_out(event: Event, *, data_form: Literal["row", "whole"] = "whole", to: str | None = None) -> WireEvent:
    """`event`, already projected for its audience, for the wire. `idem` travels only to its own principal, `to`.

    The context that the console gave stays in the log.
    """
    return WireEvent(
        seq=event.seq,
        case_id=event.case_id,
        version=event.version,
        type=event.type,
        v=event.v,
        at=event.at,
        actor=event.actor,
        part=event.part,
        hash=event.hash,
        redacted=event.redacted,
        idem=event.idem if event.idem is not None and event.actor == to else UNSET,
        data=Raw(encode(_sendable(event.fact, data_form))),
    )


def _sendable(fact: Fact, data_form: Literal["row", "whole"]) -> Any:
    if isinstance(fact, UnknownFact):
        return {name: value for name, value in fact.raw.items() if name not in NEVER_SENT}
    fields = type(fact).__struct_fields__
    emptied: dict[str, Any] = {name: {} for name in NEVER_SENT if name in fields and getattr(fact, name)}
    if data_form == "row" and getattr(fact, "narrative", None):
        emptied["narrative"] = _default(type(fact), "narrative")
    return structs.replace(fact, **emptied) if emptied else fact


@lru_cache(maxsize=64)
def _default(kind: type[Struct], name: str) -> Any:
    return next(field.default for field in structs.fields(kind) if field.name == name)


def event_in(event: WireEvent) -> Event:
    """The event with its typed fact. A type, or a newer schema that does not fit, becomes an `UnknownFact`.

    Raises `Malformed` if the data does not fit a type and schema that are known here.
    """
    return Event(
        seq=event.seq,
        case_id=event.case_id,
        version=event.version,
        type=event.type,
        v=event.v,
        at=event.at,
        actor=event.actor,
        part=event.part,
        fact=_fact_in(event),
        hash=event.hash,
        redacted=event.redacted,
        idem=None if isinstance(event.idem, msgspec.UnsetType) else event.idem,
    )


def _fact_in(event: WireEvent) -> Fact:
    kind = FACTS.get(event.type)
    if kind is not None and event.v == SCHEMA_VERSION:
        fact: Fact = decode_part(event.data, kind, numbers=False)
        return fact
    data: dict[str, Any] = decode_part(event.data, dict[str, Any], numbers=False)
    try:
        return fact_of(event.type, event.v, data)
    except msgspec.ValidationError as fault:
        if event.v > SCHEMA_VERSION:
            return UnknownFact(raw=data)
        raise Malformed("/data", str(fault)) from None
