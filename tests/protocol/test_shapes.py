"""Cases, rows and events on the wire: the contract's names, and nothing that must stay at home."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from casework.actionfacts import ActionProposed
from casework.facts import (
    FACTS,
    CaseClaimed,
    CaseOpened,
    CaseStub,
    EscalationUpdated,
    NoteAdded,
    ReachUpdated,
    UnknownFact,
)
from casework.model import Case, Common, Result, Row, Stub
from protocol import codec, shapes
from protocol.codec import Malformed
from protocol.frames import Events, WireEvent
from tests.protocol import samples

#: As the public contract writes it; values are shapes, not data.
CONTRACT = json.loads("""
{"case_id": "C-7F3A9K2M", "version": 14, "seq": 9120, "case_type": "TTL", "sub_type": null, "severity": "S1", "band": 1,
 "state": "CONTAINING", "flags": {"awaiting": null, "hold": null, "snoozed_until": null, "rca_due": false},
 "owner": "ana", "score": 88.0, "factors": {}, "language": null, "translation": null, "graphic_level": null,
 "sensitivities": [], "occurred_at": null, "sensitive": {"requester_email": {"ref": "", "masked": ""}},
 "summary": "…", "narrative": "…", "boundary": "us", "stub": false, "opened_at": 0, "reported_at": 0,
 "contained_at": null, "secured_at": null,
 "clocks": [{"milestone": "contain", "party": null, "round": 0, "started_at": 0, "due_at": 0, "allowance_ms": 1800000,
             "met_at": null, "breached_at": null, "waived": null, "paused": false, "outer_bound": false}],
 "next": {"milestone": "contain", "due_at": 0}, "why": ["…"], "source": {}, "subjects": [], "content": [],
 "contacts": [],
 "actions": [{"action_id": "", "action": "", "target": {"kind": "", "id": ""}, "policy": "", "reason": "", "fields": {},
              "state": "", "proposed_by": "", "approved_by": null, "digest": ""}],
 "tasks": [], "notes": [{"seq": 1, "by": "ana", "at": 0, "text": "…"}], "related": [], "runbook": []}
""")
LISTS = {"contacts", "actions", "tasks", "notes", "related", "runbook"}


def names_missing(expected: Any, given: Any, at: str = "") -> list[str]:
    """Names of the contract that `given` lacks, with their place; lists are compared by their first element."""
    if isinstance(expected, dict):
        missing = [f"{at}/{name}" for name in expected if not isinstance(given, dict) or name not in given]
        for name in expected.keys() & (given or {}).keys():
            missing += names_missing(expected[name], given[name], f"{at}/{name}")
        return missing
    if isinstance(expected, list) and expected:
        return names_missing(expected[0], given[0], f"{at}/0") if given else [f"{at} is empty"]
    return []


def wire(value: Any) -> Any:
    return json.loads(codec.encode(value))


def test_a_case_has_every_name_of_the_contract() -> None:
    sent = wire(shapes.case_out(samples.case()))
    assert names_missing(CONTRACT, sent) == []
    assert sent["score"] == 88.3
    assert sent["next"] == {"milestone": "contain", "due_at": 1_801_000}
    assert sent["why"]
    assert all(isinstance(part, str) for part in sent["why"])


def test_a_score_is_a_number_with_one_decimal_also_when_whole() -> None:
    assert b'"score":88.0,' in codec.encode(shapes.row_out(samples.row(score_tenths=880)))


def test_a_row_encoded_at_once_is_the_same_row() -> None:
    for row in (samples.row(), samples.row(clocks=()), samples.STUB):
        assert shapes.row_bytes(row) == codec.encode(shapes.row_out(row))


def test_what_only_decide_needs_does_not_travel() -> None:
    body = codec.encode(shapes.case_out(samples.case()))
    assert not shapes.INTERNAL & wire(shapes.case_out(samples.case())).keys()
    assert b"mallory" not in body
    assert b"77777" not in body


def test_every_other_field_of_a_case_travels() -> None:
    """A field added to Case is added to the wire, or declared internal."""
    sent = set(shapes.CaseOut.__struct_fields__) - {"score", "next", "why"}
    assert sent == set(Case.__struct_fields__) - shapes.INTERNAL


def test_the_row_form_has_counts_and_no_lists_and_no_narrative() -> None:
    sent = wire(shapes.row_out(samples.row()))
    assert names_missing({name: CONTRACT[name] for name in CONTRACT.keys() - LISTS - {"narrative"}}, sent) == []
    assert not sent.keys() & (LISTS | {"narrative"})
    assert set(sent["counts"]) == LISTS


def test_a_stub_tells_exactly_what_access_allows() -> None:
    sent = wire(shapes.row_out(samples.STUB))
    assert set(sent) == set(Stub.__struct_fields__)
    assert sent["stub"] is True
    assert wire(shapes.case_out(samples.STUB)) == sent


def test_rows_and_cases_come_back() -> None:
    row = samples.row()
    assert shapes.row_in(codec.encode(shapes.row_out(row))) == row
    case = samples.case()
    back = shapes.case_in(codec.encode(shapes.case_out(case)))
    for name in set(Case.__struct_fields__) - shapes.INTERNAL:
        assert getattr(back, name) == getattr(case, name), name


def test_a_stub_comes_back_as_a_row_that_says_so() -> None:
    row = shapes.row_in(codec.encode(shapes.row_out(samples.STUB)))
    assert isinstance(row, Row)
    assert row.stub
    assert row.summary == ""
    assert row.clocks == samples.STUB.clocks


def test_a_row_of_a_newer_feed_is_read() -> None:
    newer = {**wire(shapes.row_out(samples.row())), "weather": {"wind": 3}}
    assert shapes.row_in(json.dumps(newer).encode()) == samples.row()


@pytest.mark.parametrize("at", [10**15, -(10**15), "soon", 1.5])
def test_a_row_whose_times_no_calendar_has_is_malformed(at: Any) -> None:
    sent = wire(shapes.row_out(samples.row()))
    for changed in ({**sent, "opened_at": at}, {**sent, "clocks": [{**sent["clocks"][0], "due_at": at}]}):
        with pytest.raises(Malformed):
            shapes.row_in(json.dumps(changed).encode())


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"case_id":"C-7F3A9K2M"}', b"\xff", b"[" * 100_000])
def test_a_torn_row_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        shapes.row_in(raw)


@pytest.mark.parametrize(
    "fact",
    [
        CaseClaimed(result=Result(owner="ana", state="ACKED", owner_since=5)),
        CaseClaimed(result=Result(owner=None)),
        NoteAdded(text="\u202e noted"),
        ActionProposed(action_id="a1", action_type="hide", digest="d", action=samples.case().actions[0]),
        CaseStub(stub=samples.STUB),
        ReachUpdated(result=Result(score_tenths=3, clocks=(samples.CLOCK,), dropped=(samples.CLOCK.name,))),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_events_come_back(fact: Any) -> None:
    event = samples.event(fact)
    back = shapes.event_in(shapes.event_out(event))
    assert back == msgspec.structs.replace(event, idem=None, context=None)


def test_events_come_back_through_a_frame() -> None:
    event = samples.event(NoteAdded(text="noted"))
    frame = Events(sub="main", prev=1, seq=9_120, head_hash="", events=[shapes.event_out(event, data_form="row")])
    read = codec.from_feed(codec.encode(frame))
    assert isinstance(read, Events)
    assert shapes.event_in(read.events[0]).fact == event.fact


def test_sensitive_values_and_origin_never_travel() -> None:
    updated = EscalationUpdated(
        sensitive_values=samples.OPENED.sensitive_values, origin=samples.OPENED.origin, summary="s"
    )
    reach = ReachUpdated(origin=samples.OPENED.origin)
    unknown = UnknownFact(raw={"origin": samples.OPENED.origin, "sensitive_values": {"a": "secret"}, "kept": 1})
    for fact in (samples.OPENED, updated, reach, unknown):
        for form in ("row", "whole"):
            body = codec.encode(shapes.event_out(samples.event(fact), data_form=form))
            assert b"secret" not in body
            assert b"origin" not in body
    # The control: the encoder itself would have let them through.
    assert b"jane-secret" in codec.encode(samples.OPENED)


def test_every_fact_that_has_a_field_of_this_name_is_covered() -> None:
    holders = {name for name, kind in FACTS.items() if set(shapes.NEVER_SENT) & set(kind.__struct_fields__)}
    assert holders == {"CaseOpened", "EscalationUpdated", "ReachUpdated"}


def test_the_row_form_of_an_opening_has_no_narrative() -> None:
    event = samples.event(samples.OPENED)
    assert b"whole story" not in codec.encode(shapes.event_out(event, data_form="row"))
    assert b"whole story" in codec.encode(shapes.event_out(event, data_form="whole"))


def test_the_key_travels_to_its_own_principal_only_and_the_context_to_nobody() -> None:
    event = samples.event(CaseClaimed())
    assert "idem" not in wire(shapes.event_out(event))
    assert "idem" not in wire(shapes.event_out(event, to="bo"))
    mine = wire(shapes.event_out(event, to="ana"))
    assert mine["idem"] == "key-1"
    assert "context" not in mine


def incoming(**changes: Any) -> WireEvent:
    body = {**wire(shapes.event_out(samples.event(CaseClaimed()))), **changes}
    return msgspec.json.decode(json.dumps(body).encode(), type=WireEvent)


def test_an_event_type_of_a_newer_feed_is_kept_as_it_came() -> None:
    event = shapes.event_in(incoming(type="CaseTeleported", data={"where": "moon"}))
    assert event.fact == UnknownFact(raw={"where": "moon"})
    assert event.type == "CaseTeleported"


def test_a_newer_schema_that_does_not_fit_is_unknown_and_one_that_fits_is_read() -> None:
    fits = shapes.event_in(incoming(type="CaseAssigned", v=99, data={"to": "bo", "why": "new"}))
    assert type(fits.fact).__name__ == "CaseAssigned"
    assert isinstance(shapes.event_in(incoming(type="CaseAssigned", v=99, data={"toward": "bo"})).fact, UnknownFact)


def test_an_older_schema_is_lifted() -> None:
    event = shapes.event_in(incoming(type="FactorsSet", v=1, data={"result": {"score": 88}}))
    assert event.fact.result.score_tenths == 880


@pytest.mark.parametrize("v", [1, 2])
def test_data_that_does_not_fit_its_type_is_malformed(v: int) -> None:
    with pytest.raises(Malformed):
        shapes.event_in(incoming(type="CaseAssigned", v=v, data={"to": 7}))


def test_common_fields_stand_in_both_forms() -> None:
    for name in Common.__struct_fields__:
        assert name in shapes.RowOut.__struct_fields__
        assert name in shapes.CaseOut.__struct_fields__
    assert CaseOpened.__name__ in FACTS
