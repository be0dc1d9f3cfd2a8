"""What leaves the feed: nothing sealed to whom it is not for, and rows that fold to the same."""

from typing import Any, Literal, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.access import Audience, project_case, project_event, project_row, stub_of
from casework.audience import AUDIT_CASE
from casework.events import Event
from casework.evolve import evolve
from casework.facts import (
    FACTS,
    SCHEMA_VERSION,
    CaseOpened,
    CaseRetired,
    CaseStub,
    EscalationUpdated,
    Fact,
    RefusalRecorded,
    UnknownFact,
)
from casework.model import Case, Clock, Content, Result, Row, Stub
from casework.projection import IN_ROWS, NEVER_SENT
from casework.rows import evolve_row, row_of

WORD = "PLANTED"
T0 = 1_795_309_323_000
#: All that stands in a log; a stub is on the wire only.
LOGGED = {name: kind for name, kind in FACTS.items() if kind is not CaseStub}
#: What may come after an opening, in any order; an Undone only follows what it undoes.
FOLLOWING = sorted(set(LOGGED) - {"CaseOpened", "CaseRetired", "Undone"})
WHOLE = Audience(clearances=frozenset({"us"}))
MASKED = Audience(clearances=frozenset({"us"}), masked=True, audits=True)
OUTSIDE = Audience(clearances=frozenset({"eu"}))
GRANTED = Audience(granted=frozenset({"C-00000001"}))
AUDIENCES = {"whole": WHOLE, "masked": MASKED, "outside": OUTSIDE, "granted": GRANTED}
Form = Literal["row", "whole"]


#: Fields that name people and things; no text that anybody wrote.
NAMES = {"action", "action_id", "task_id", "digest", "by", "proposed_by", "approved_by", "done_by"}


def filled(kind: Any, word: str) -> Any:
    """A value of `kind` with `word` in every text that is not a token."""
    match kind:
        case msgspec.inspect.StrType():
            return word
        case msgspec.inspect.LiteralType():
            return kind.values[0]
        case msgspec.inspect.IntType():
            return 3
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.UnionType():
            known = [each for each in kind.types if not isinstance(each, msgspec.inspect.NoneType)]
            return filled(known[0], word)
        case msgspec.inspect.VarTupleType():
            return (filled(kind.item_type, word),)
        case msgspec.inspect.TupleType():
            return tuple(filled(each, word) for each in kind.item_types)
        case msgspec.inspect.DictType():
            return {"field": filled(kind.value_type, word)}
        case msgspec.inspect.StructType():
            return kind.cls(
                **{
                    field.name: filled(field.type, "open" if field.name in NAMES else word)
                    for field in kind.fields
                    if field.name != "result"
                }
            )
        case _:
            return {}


def fact_of(kind: type[Fact]) -> Fact:
    """A fact with `WORD` in its sealed fields, and `open` in its other texts."""
    values: dict[str, Any] = {}
    (info,) = msgspec.inspect.multi_type_info([kind])
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        if field.name == "result":
            continue
        values[field.name] = filled(field.type, WORD if field.name in kind.SEALED else "open")
    fact = kind(**values)
    if isinstance(fact, CaseOpened):
        opened = Result(
            state="NEW",
            severity="S1",
            band=1,
            clocks=(Clock(milestone="ack", started_at=T0, due_at=T0 + 9, allowance_ms=9),),
        )
        fact = replace(fact, boundary="us", result=opened)
    return fact


def event_of(fact: Fact, version: int = 1, **more: Any) -> Event:
    return Event(
        seq=100 + version,
        case_id="C-00000001",
        version=version,
        type=type(fact).__name__,
        at=T0 + version,
        actor="ana",
        fact=fact,
        hash="ab",
        idem="key-1",
        context={"seq": 1},
        **more,
    )


OPENED = event_of(fact_of(CaseOpened))
CASE: Case = evolve(None, OPENED)
ROW: Row = row_of(CASE)


def said(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("name", LOGGED)
def test_nothing_sealed_reaches_a_masked_reader(name: str, form: Form) -> None:
    fact = fact_of(LOGGED[name])
    assert (WORD in said(fact)) is bool(fact.SEALED)
    found = project_event(event_of(fact, 2), CASE, MASKED, form=form)
    assert WORD not in said(found)
    assert found.redacted is bool(fact.SEALED)
    assert (found.seq, found.version, found.hash, found.type) == (102, 2, "ab", name)


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("name", LOGGED)
def test_a_stub_is_all_that_anybody_without_the_clearance_gets(name: str, form: Form) -> None:
    event = event_of(fact_of(LOGGED[name]), 2)
    found = project_event(event, ROW, OUTSIDE, form=form)
    if LOGGED[name] is CaseRetired:
        assert found == replace(event, idem=None, context=None)
        return
    assert found == Event(
        seq=102,
        case_id="C-00000001",
        version=2,
        type="CaseStub",
        v=SCHEMA_VERSION,
        at=T0 + 2,
        actor="",
        fact=CaseStub(stub=stub_of(ROW)),
        hash="ab",
        redacted=True,
    )
    assert WORD not in said(found)


@pytest.mark.parametrize("name", LOGGED)
def test_the_whole_form_lacks_only_what_never_travels(name: str) -> None:
    fact = fact_of(LOGGED[name])
    found = project_event(event_of(fact, 2), CASE, WHOLE, form="whole")
    for field in fact.__struct_fields__:
        if field in NEVER_SENT:
            assert not getattr(found.fact, field), field
        else:
            assert getattr(found.fact, field) == getattr(fact, field), field
    assert (found.idem, found.context, found.redacted, found.actor) == (None, None, False, "ana")


@pytest.mark.parametrize("name", LOGGED)
def test_the_row_form_has_of_sealed_text_only_what_rows_show(name: str) -> None:
    kind = LOGGED[name]
    fact = fact_of(kind)
    found = project_event(event_of(fact, 2), CASE, WHOLE, form="row")
    kept = IN_ROWS.get(kind, frozenset())
    for field in kind.SEALED:
        assert (WORD in said(getattr(found.fact, field))) is (field in kept), field
    assert found.redacted is False
    if isinstance(found.fact, CaseOpened | EscalationUpdated):
        assert found.fact.content is not None
        assert [item.caption for item in found.fact.content] == [None]


def test_narrative_captions_and_sensitive_values_never_reach_a_row() -> None:
    rows = {"summary", "translation", "source", "subjects", "content", "sensitive"}
    assert IN_ROWS[CaseOpened] == rows
    assert IN_ROWS[EscalationUpdated] == rows - {"source"}
    assert not any(NEVER_SENT & kept for kept in IN_ROWS.values())
    assert all(kept <= set(kind.SEALED) for kind, kept in IN_ROWS.items())


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(FOLLOWING), max_size=12))
def test_folding_projected_row_events_is_projecting_the_folded_row(audience: Audience, names: list[str]) -> None:
    case, mirror = CASE, _mirrored(None, OPENED, ROW, audience)
    for version, name in enumerate(names, start=2):
        event = event_of(fact_of(LOGGED[name]), version)
        case = evolve(case, event)
        mirror = _mirrored(mirror, event, row_of(case), audience)
        seen = project_row(row_of(case), audience)
        if isinstance(seen, Stub):
            assert mirror is not None
            assert stub_of(mirror) == seen
        else:
            assert mirror == seen
    assert _mirrored(mirror, event_of(CaseRetired(), len(names) + 2), None, audience) is None


def _mirrored(mirror: Row | None, event: Event, after: Row | None, audience: Audience) -> Row | None:
    return evolve_row(mirror, project_event(event, after, audience, form="row"))


def test_a_masked_case_has_its_shape_and_no_text() -> None:
    case = CASE
    for version, name in enumerate(FOLLOWING, start=2):
        case = evolve(case, event_of(fact_of(LOGGED[name]), version))
    found = project_case(case, MASKED)
    assert isinstance(found, Case)
    assert WORD in said(case)
    assert WORD not in said(found)
    for name in ("notes", "actions", "tasks", "contacts", "related", "runbook", "factor_notes"):
        assert len(getattr(found, name)) == len(getattr(case, name))
    assert project_case(case, WHOLE) is case
    assert project_case(case, OUTSIDE) == stub_of(case)


def test_a_stub_has_the_contract_s_fields_and_the_unmet_clocks() -> None:
    met = Clock(milestone="ack", started_at=T0, due_at=T0, allowance_ms=0, met_at=T0)
    case = replace(CASE, clocks=(met, *(replace(clock, round=1) for clock in CASE.clocks)))
    assert stub_of(case) == stub_of(row_of(case))
    assert [clock.round for clock in stub_of(case).clocks] == [1]
    assert set(Stub.__struct_fields__) == {
        "case_id",
        "version",
        "seq",
        "opened_seq",
        "case_type",
        "severity",
        "band",
        "state",
        "owner",
        "clocks",
        "boundary",
        "opened_at",
        "stub",
    }


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
def test_it_is_total(audience: Audience) -> None:
    unknown = event_of(UnknownFact(raw={"text": WORD}), 2)
    for form in get_args(Form):
        found = project_event(unknown, ROW, audience, form=form)
        assert WORD not in said(found)
        assert found.redacted
        assert isinstance(found.fact, UnknownFact | CaseStub)
        nowhere = project_event(OPENED, None, audience, form=form)
        assert WORD not in said(nowhere)
        assert (nowhere.seq, nowhere.hash, nowhere.actor) == (OPENED.seq, OPENED.hash, "")


def test_refusals_are_for_auditors() -> None:
    refusal = RefusalRecorded(principal="bo", what="approve", case_id="C-00000001", sentence="Not permitted.")
    event = replace(event_of(refusal), case_id=AUDIT_CASE)
    assert project_event(event, None, MASKED, form="row").fact == refusal
    hidden = project_event(event, None, WHOLE, form="row")
    assert (hidden.fact, hidden.actor, hidden.redacted) == (RefusalRecorded(principal="", what=""), "", True)


def test_a_key_that_was_destroyed_stays_told() -> None:
    redacted = event_of(fact_of(LOGGED["NoteAdded"]), 2, redacted=True)
    assert project_event(redacted, CASE, WHOLE, form="whole").redacted


def test_captions_that_are_not_there_cost_nothing() -> None:
    content = (Content(kind="video", id="v1"),)
    fact = replace(fact_of(CaseOpened), content=content)
    assert isinstance(fact, CaseOpened)
    found = project_event(event_of(fact), ROW, WHOLE, form="row")
    assert isinstance(found.fact, CaseOpened)
    assert found.fact.content is content
