"""Intake's envelope, checked against what the reference implementation of CloudEvents sends."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.escalation import RAISED, UPDATED, Escalation, EscalationUpdate
from protocol import cloudevents
from protocol.cloudevents import Incoming
from protocol.codec import Malformed
from protocol.problems import Problem

DATA: dict[str, Any] = {
    "case_type": "SSH",
    "summary": "“Goodbye” in a live stream",
    "source": {"kind": "user_report"},
    "reported_at": "2026-11-22T01:02:30+02:00",
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "r-1",
    "source": "https://reports.example/app",
    "type": RAISED,
    "subject": "thread-9",
    "time": "2026-11-22T01:02:03.5Z",
    "datacontenttype": "application/json",
    "data": DATA,
}
STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=UTF-8"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
BINARY = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "r-1",
    "ce-source": "https://reports.example/app",
    "ce-type": RAISED,
}


def one(headers: dict[str, str], body: bytes) -> Incoming:
    incoming = cloudevents.decode(headers, body)
    assert isinstance(incoming, Incoming)
    return incoming


def structured(**changes: Any) -> Incoming:
    event = {name: value for name, value in {**EVENT, **changes}.items() if value is not ...}
    return one(STRUCTURED, json.dumps(event).encode())


def refused(headers: dict[str, str], body: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        cloudevents.decode(headers, body)
    return caught.value


def reference(**attributes: Any) -> CloudEvent:
    given = {"id": "r-1", "source": "https://reports.example/app", "type": RAISED, "specversion": "1.0", **attributes}
    given.setdefault("datacontenttype", "application/json")
    return CloudEvent(given, DATA)


def test_a_structured_event() -> None:
    incoming = structured()
    assert (incoming.source, incoming.id, incoming.subject) == ("https://reports.example/app", "r-1", "thread-9")
    assert incoming.kind == "raised"
    assert incoming.time == 1_795_309_323_500
    assert isinstance(incoming.data, Escalation)
    assert incoming.data.summary == DATA["summary"]
    assert incoming.origin["subject"] == "thread-9"


@pytest.mark.parametrize("subject", [None, "thread 9 / “ü” 100% \U0001f6a8", '"quoted"', "a\\b", "%41"])
def test_what_the_reference_sends_is_read_the_same_in_all_three_modes(subject: str | None) -> None:
    attributes: dict[str, Any] = {"time": datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC), "traceparent": "00-ab-cd-01"}
    if subject is not None:
        attributes["subject"] = subject
    event = reference(**attributes)

    structured_message = to_structured_event(event)
    binary_message = to_binary_event(event)
    first = one(dict(structured_message.headers), bytes(structured_message.body))
    second = one(dict(binary_message.headers), bytes(binary_message.body))
    batch = cloudevents.decode(BATCH, b"[" + bytes(structured_message.body) + b"]")

    assert first == second
    assert batch == [first]
    assert first.subject == subject
    assert first.time == 1_795_309_323_000
    assert isinstance(first.data, Escalation)
    assert first.data.summary == DATA["summary"]


# The reference refuses control characters itself, and so does intake; anything else must come through.
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda text: text == text.strip()
)


@settings(max_examples=100, deadline=None)
@given(NAMES, NAMES)
def test_names_survive_the_percent_encoding_of_the_reference(source: str, id: str) -> None:
    message = to_binary_event(reference(source=source, id=id))
    incoming = one(dict(message.headers), bytes(message.body))
    assert (incoming.source, incoming.id) == (source, id)


def test_an_update_has_any_subset_of_the_data() -> None:
    incoming = structured(type=UPDATED, data={"factors": {"live_viewers": 9}})
    assert incoming.kind == "updated"
    assert isinstance(incoming.data, EscalationUpdate)
    assert incoming.data.summary is None


def test_extension_attributes_are_tolerated() -> None:
    assert structured(traceparent="00-ab", sequence=7, sampled=True) == structured()


def test_data_may_come_in_base64() -> None:
    encoded = base64.b64encode(json.dumps(DATA).encode()).decode()
    assert structured(data=..., data_base64=encoded) == structured()


def test_a_quoted_header_value_is_unquoted_first() -> None:
    assert one({**BINARY, "ce-id": '"r\\"1%20x"'}, json.dumps(DATA).encode()).id == 'r"1 x'


def test_header_names_in_any_case() -> None:
    headers = {name.title(): value for name, value in BINARY.items()}
    assert one(headers, json.dumps(DATA).encode()).id == "r-1"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"specversion": "0.3"}, "/specversion"),
        ({"specversion": ...}, "/specversion"),
        ({"id": ""}, "/id"),
        ({"id": ...}, "/id"),
        ({"id": 7}, "/id"),
        ({"id": "x" * 1_025}, "/id"),
        ({"source": ""}, "/source"),
        ({"source": "a\0b"}, "/source"),
        ({"source": "a\n"}, "/source"),
        ({"source": "x" * 1_025}, "/source"),
        ({"subject": ""}, "/subject"),
        ({"subject": "x" * 1_025}, "/subject"),
        ({"type": "org.watchfloor.escalation.raised.v2"}, "/type"),
        ({"type": ...}, "/type"),
        ({"time": "2026-11-22T01:02:03"}, "/time"),
        ({"time": "yesterday"}, "/time"),
        ({"datacontenttype": "text/xml"}, "/datacontenttype"),
        ({"data": ...}, "/data"),
        ({"data": None}, "/data"),
        ({"data": {**DATA, "case_type": "XXX"}}, "/data/case_type"),
        ({"data": {**DATA, "surprise": 1}}, "/data/surprise"),
        ({"data": {**DATA, "factors": {"live_viewers": int("9" * 30)}}}, "/data"),
        ({"data": {**DATA, "reported_at": "2026-11-22T01:02:30"}}, "/data/reported_at"),
        ({"data": json.dumps(DATA)}, "/data"),
        ({"data_base64": "e30="}, "/data_base64"),
        ({"data": ..., "data_base64": "e30"}, "/data_base64"),
        ({"data": ..., "data_base64": "%%%%"}, "/data_base64"),
        ({"data": ..., "data_base64": ""}, "/data_base64"),
        ({"data": ..., "data_base64": "/w=="}, "/data_base64"),
        ({"data": ..., "data_base64": base64.b64encode(b"[" * 90_000).decode()}, "/data_base64"),
        ({"data": ..., "data_base64": base64.b64encode(b'{"case_type":"X"}').decode()}, "/data_base64/case_type"),
    ],
)
def test_a_structured_event_that_is_not_right_is_pointed_at(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Malformed) as caught:
        structured(**changes)
    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ce-id": ""}, "length >= 1"),
        ({"ce-id": None}, "`id`"),
        ({"ce-source": "a%00b"}, "regex"),
        ({"ce-source": "caf\xe9"}, "not percent-encoded"),
        ({"ce-source": "a%zz"}, "percent"),
        ({"ce-source": "a%ff"}, "UTF-8"),
        ({"ce-type": "x"}, "'x'"),
        ({"ce-specversion": "1.1"}, "'1.1'"),
        ({"ce-specversion": None}, "is not a CloudEvent"),
        ({"ce-time": "2026-11-22T01:02:03"}, "timezone"),
        ({"content-type": "text/plain"}, "JSON"),
        ({"content-type": "application/json; charset=latin-1"}, "UTF-8"),
        ({"content-type": "application/cloudevents+avro"}, "this feed takes"),
        ({"CE-ID": "again"}, "twice"),
    ],
)
def test_a_binary_event_that_is_not_right_is_refused(changes: dict[str, str | None], says: str) -> None:
    headers = {name: value for name, value in {**BINARY, **changes}.items() if value is not None}
    assert says in refused(headers, json.dumps(DATA).encode()).reason
    one(BINARY, json.dumps(DATA).encode())  # the control


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 90_000, b"\xef\xbb\xbf{}", b"null"])
@pytest.mark.parametrize("headers", [STRUCTURED, BATCH, BINARY, {}], ids=["structured", "batch", "binary", "bare"])
def test_bodies_that_are_no_json_are_refused_in_every_mode(headers: dict[str, str], body: bytes) -> None:
    refused(headers, body)


def test_a_fault_in_the_data_of_a_binary_event_points_into_its_body() -> None:
    assert refused(BINARY, json.dumps({**DATA, "case_type": "X"}).encode()).pointer == "/case_type"


def test_of_a_batch_each_event_is_judged_on_its_own() -> None:
    events = [EVENT, {**EVENT, "id": ""}, 7, {**EVENT, "data": {**DATA, "summary": ""}}, {**EVENT, "type": UPDATED}]
    results = cloudevents.decode(BATCH, json.dumps(events).encode())
    assert isinstance(results, list)
    pointers = [result.pointer if isinstance(result, Problem) else result.kind for result in results]
    assert pointers == ["raised", "/1/id", "/2", "/3/data/summary", "updated"]
    assert all(result.status == 400 for result in results if isinstance(result, Problem))


def test_a_batch_holds_a_thousand_events_and_no_more() -> None:
    event = json.dumps(EVENT)
    results = cloudevents.decode(BATCH, ("[" + ",".join([event] * 1_000) + "]").encode())
    assert isinstance(results, list)
    assert len(results) == 1_000
    assert "at most 1000" in refused(BATCH, ("[" + ",".join(["1"] * 1_001) + "]").encode()).reason
    assert cloudevents.decode(BATCH, b"[]") == []


def test_refs_are_the_identity_of_a_report_without_its_text() -> None:
    intake_ref, subject_ref = cloudevents.refs("s", "1", "t")
    assert intake_ref == hashlib.sha256(b"s\x001").hexdigest()
    assert subject_ref == hashlib.sha256(b"s\x00t").hexdigest()
    # A report without a subject is found by its id.
    assert cloudevents.refs("s", "1", None) == (intake_ref, intake_ref)
    assert structured().refs == cloudevents.refs("https://reports.example/app", "r-1", "thread-9")


def test_two_reports_never_share_a_ref_by_where_the_line_is_drawn() -> None:
    assert cloudevents.refs("ab", "c", None) != cloudevents.refs("a", "bc", None)
    with pytest.raises(Malformed, match="NUL"):
        cloudevents.refs("a\0b", "c", None)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["content-type", "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-x"]),
        st.sampled_from(
            ["application/json", "1.0", "%", "a%00", "", '"', "application/cloudevents+json", RAISED, "\xff"]
        ),
    ),
    st.binary(max_size=40) | st.just(json.dumps(DATA).encode()) | st.just(json.dumps(EVENT).encode()),
)
def test_whatever_comes_it_is_an_event_or_malformed(headers: dict[str, str], body: bytes) -> None:
    try:
        result = cloudevents.decode(headers, body)
    except Malformed:
        return
    assert isinstance(result, Incoming | list)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-11-22T01:02:03.9999Z", 1_795_309_323_999),
        ("2026-11-22T03:02:03+02:00", 1_795_309_323_000),
        ("0001-01-01T00:00:00+23:59", -62_135_596_800_000 - 86_340_000),
    ],
)
def test_times_are_whole_milliseconds_rounded_down(text: str, expected: int) -> None:
    assert structured(time=text).time == expected
