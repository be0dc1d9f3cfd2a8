"""The documents say what the decoders do: no more, no less."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from casework import query
from casework.access import Person
from casework.commands import COMMANDS, AnyCommand
from casework.escalation import Escalation
from casework.policy import defaults
from casework.runbookfile import shipped
from protocol import answers, asyncapi, cloudevents, codec, cursor, examples, openapi, problems, querypattern, shapes
from protocol.catalogue import catalogue_out
from protocol.codec import Malformed
from protocol.frames import Events, FromClient, FromFeed
from tests.protocol import obedient_app, samples

DOCUMENT = openapi.document()
FEED = asyncapi.document()


def walk(part: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from walk(value)
    elif isinstance(part, list):
        for value in part:
            yield from walk(value)


def resolve(document: dict[str, Any], ref: str) -> Any:
    found: Any = document
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def validator(name_or_schema: str | dict[str, Any], document: dict[str, Any] = DOCUMENT) -> Any:
    schema = {"$ref": f"#/components/schemas/{name_or_schema}"} if isinstance(name_or_schema, str) else name_or_schema
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


def faults(name: str, value: Any, document: dict[str, Any] = DOCUMENT) -> list[str]:
    sent = json.loads(codec.encode(value))
    return [f"{fault.instance_path}: {fault.message}" for fault in validator(name, document).iter_errors(sent)]


def test_it_is_openapi_3_1() -> None:
    assert [str(fault) for fault in OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)] == []
    assert not OPENAPI_31_VALIDATOR.is_valid({**DOCUMENT, "paths": {"healthz": {}}})  # the control


def test_every_route_of_the_contract_is_there() -> None:
    routes = {
        f"{method.upper()} {path}"
        for path, item in DOCUMENT["paths"].items()
        for method in item.keys() & {"get", "post"}
    }
    assert routes == {
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /asyncapi.json",
        "POST /v1/intake",
        "GET /v1/cases",
        "GET /v1/cases/{id}",
        "GET /v1/cases/{id}/events",
        "POST /v1/cases/{id}/commands",
        "POST /v1/cases/{id}/preview",
        "POST /v1/commands",
        "GET /v1/events",
        "GET /v1/snapshot",
        "GET /v1/catalogue",
        "GET /v1/audit/head",
    }


@pytest.mark.parametrize("document", [DOCUMENT, FEED], ids=["openapi", "asyncapi"])
def test_references_lead_somewhere_and_schemas_are_schemas(document: dict[str, Any]) -> None:
    refs = {part["$ref"] for part in walk(document) if isinstance(part.get("$ref"), str)}
    assert refs
    for ref in refs:
        assert resolve(document, ref) is not None
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name
    # Only Python needs that ending, and no name of the code stands in for a name of the wire.
    text = json.dumps(document)
    assert "(?!\\\\n)" not in text
    assert "\\\\Z" not in text
    assert "RowOut" not in text
    assert "casework." not in text


def test_only_what_the_contract_names_is_open_to_everybody() -> None:
    open_paths = {path for path, item in DOCUMENT["paths"].items() if item.get("get", {}).get("security") == []}
    assert open_paths == {"/healthz", "/readyz", "/openapi.json", "/asyncapi.json"}
    for path, item in DOCUMENT["paths"].items():
        for method in item.keys() & {"get", "post"}:
            responses = item[method]["responses"]
            assert "403" in responses, path
            if path not in open_paths:
                assert {"400", "401", "429", "503"} <= responses.keys(), path
            if method == "post":
                assert "413" in responses


def test_refusals_are_problem_documents() -> None:
    for response in DOCUMENT["components"]["responses"].values():
        assert list(response["content"]) == [problems.MEDIA_TYPE]
    refused = problems.problem("stale-version", "no", version=2, by="bo", at=4, events=["CaseClaimed"])
    assert faults("Problem", refused) == []
    assert faults("Problem", {"type": "x"}) != []


def test_the_key_is_required_on_a_command() -> None:
    parameters = DOCUMENT["paths"]["/v1/cases/{id}/commands"]["post"]["parameters"]
    key = resolve(DOCUMENT, parameters[0]["$ref"])
    assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", True)


def test_what_the_feed_writes_fits_what_the_document_says() -> None:
    row = shapes.row_out(samples.row())
    assert faults("Row", row) == []
    assert faults("Case", shapes.case_out(samples.case())) == []
    assert faults("Stub", samples.STUB) == []
    page = answers.CasesPage(cases=[codec.raw(row), codec.raw(samples.STUB)], cursor=None, head=4)
    assert faults("CasesPage", page) == []
    event = shapes.event_out(samples.event(samples.OPENED))
    assert faults("EventsPage", answers.EventsPage(events=[event], head=4)) == []
    assert faults("EventsPage", answers.EventsPage(events=[event])) == []
    snapshot = answers.Snapshot(epoch="e", seq=4, head_hash="", cases=[codec.raw(row)])
    assert faults("Snapshot", snapshot) == []
    person = Person(principal="ana", roles=frozenset({"lead"}))
    assert faults("Catalogue", catalogue_out(defaults(), person, shipped())) == []
    assert faults("Readiness", answers.Readiness(ready=False, checks={"clock": False}, failing=["clock"])) == []


def test_the_document_would_see_a_missing_member() -> None:
    sent = json.loads(codec.encode(shapes.row_out(samples.row())))
    for name in sent:
        without = {key: value for key, value in sent.items() if key != name}
        assert not validator("Row").is_valid(without), name


def test_the_catalogue_has_the_verbs_of_its_reader_and_clocks_for_every_pair() -> None:
    viewer = catalogue_out(defaults(), Person(principal="v", roles=frozenset({"viewer"})), shipped())
    lead = catalogue_out(defaults(), Person(principal="l", roles=frozenset({"lead"})), shipped())
    assert viewer.verbs == ()
    assert {verb.verb for verb in lead.verbs} == set(COMMANDS)
    assert len(lead.clocks) == 15 * 5 + 3
    ttl = next(row for row in lead.clocks if (row.case_type, row.severity) == ("TTL", "S0"))
    assert ttl.spans["contain"] == "10m"


def request_examples() -> Iterator[tuple[str, str, Any]]:
    for path, item in DOCUMENT["paths"].items():
        for media, body in item.get("post", {}).get("requestBody", {}).get("content", {}).items():
            for example in body["examples"].values():
                yield path, media, example["value"]


def test_examples_of_requests_fit_their_schema_and_decode() -> None:
    found = list(request_examples())
    assert len(found) == 7
    for path, media, value in found:
        schema = DOCUMENT["paths"][path]["post"]["requestBody"]["content"][media]["schema"]
        assert validator(schema).is_valid(value)
        body = json.dumps(value).encode()
        if path == "/v1/intake":
            incoming = cloudevents.decode({"content-type": media}, body)
            for one in incoming if isinstance(incoming, list) else [incoming]:
                assert isinstance(one, cloudevents.Incoming)
        elif path == "/v1/commands":
            assert all(isinstance(item, answers.CommandItem) for item in answers.decode_commands(body))
        elif path.endswith("/preview"):
            codec.decode_body(body, answers.PreviewQuestion)
        else:
            codec.decode_body(body, AnyCommand)


def test_examples_of_refusals_are_problems() -> None:
    for example in (examples.PROBLEM, examples.INVALID):
        document = msgspec.convert(example, problems.Problem)
        assert document == msgspec.structs.replace(
            problems.problem(document.slug, document.detail),  # type: ignore[arg-type]  # the slug is under test
            **{name: getattr(document, name) for name in ("pointer", "version", "by", "at", "events")},
        )


def test_every_verb_is_a_branch_of_the_command() -> None:
    mapping = DOCUMENT["components"]["schemas"]["Command"]["discriminator"]["mapping"]
    assert mapping.keys() == COMMANDS.keys()


def test_the_length_of_texts_is_the_decoders() -> None:
    schema = validator("Escalation")
    for length in (0, 1, 280, 281):
        report = {**examples.ESCALATION, "summary": "é" * length}
        try:
            codec.decode_body(json.dumps(report).encode(), Escalation)
            decodes = True
        except Malformed:
            decodes = False
        assert schema.is_valid(report) == decodes


# --- the decoders against the document, with data made from it


SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", obedient_app.app)
HEADERS = {"Authorization": f"Bearer {obedient_app.TOKEN}"}
POSTS = ["/v1/intake", "/v1/cases/{id}/commands", "/v1/commands"]


@pytest.mark.parametrize("path", POSTS)
def test_what_the_document_allows_is_accepted_and_what_it_forbids_refused(path: str) -> None:
    operation = SCHEMA[path]["POST"]

    for mode in schemathesis.GenerationMode:

        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            case.call_and_validate(headers=HEADERS)

        run()


@settings(max_examples=80, deadline=None)
@given(st.from_regex(re.compile(querypattern.pattern()), fullmatch=True).filter(lambda text: len(text) <= 1_000))
def test_a_query_that_the_pattern_allows_is_a_query(text: str) -> None:
    query.parse(f"{query.VIEWS['all']} {text}")


@settings(max_examples=300, deadline=None)
@given(st.text('ab"\\ -\n', max_size=12))
def test_a_query_of_words_that_the_pattern_forbids_is_none(text: str) -> None:
    try:
        query.parse(text)
        parses = True
    except query.QueryFault:
        parses = False
    assert (re.search(querypattern.pattern(), text) is not None) == parses


@pytest.mark.parametrize("text", ["a:b", "sev:", "late<", "=", 'text~"a', "type:xyz", ">1"])
def test_a_mistake_in_a_query_is_seen_by_the_pattern(text: str) -> None:
    with pytest.raises(query.QueryFault):
        query.parse(text)
    assert re.search(querypattern.pattern(), text) is None


@settings(max_examples=100, deadline=None)
@given(st.from_regex(cursor.PATTERN))
def test_a_cursor_that_the_pattern_allows_is_one(text: str) -> None:
    assert cursor.decode(cursor.encode(cursor.decode(text))) == cursor.decode(text)


@pytest.mark.parametrize(
    "text", ["", "1", "1.0.5.-883.9\n", "1.3.5.-883.9", "a.b.c.d.e", "1.0.5.-883.9.9", "\u0663.0.5.-8.9"]
)
def test_another_cursor_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        cursor.decode(text)


# --- the feed


def test_every_frame_is_a_message_and_its_operation_says_who_sends_it() -> None:
    messages = FEED["components"]["messages"]
    for operation, kinds in (("feedSends", get_args(FromFeed)), ("feedReceives", get_args(FromClient))):
        listed = [ref["$ref"].rpartition("/")[2] for ref in FEED["operations"][operation]["messages"]]
        assert listed == [kind.__name__ for kind in kinds]
        for kind in kinds:
            assert messages[kind.__name__]["name"] == kind.__struct_config__.tag
            payload = resolve(FEED, messages[kind.__name__]["payload"]["$ref"])
            assert payload["properties"]["type"]["enum"] == [kind.__struct_config__.tag]
            assert messages[kind.__name__]["summary"]
    assert FEED["channels"]["feed"]["messages"].keys() == messages.keys()


def test_it_has_what_asyncapi_3_requires() -> None:
    assert FEED["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= FEED["info"].keys()
    for operation in FEED["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert resolve(FEED, operation["channel"]["$ref"])["address"] == "/v1/feed"
        assert all(ref["$ref"].startswith("#/channels/feed/messages/") for ref in operation["messages"])


def test_the_example_conversation_fits_the_document_and_the_decoders() -> None:
    cursor_at = None
    for side, frame in examples.CONVERSATION:
        body = json.dumps(frame).encode()
        decoded = codec.from_feed(body) if side == ">" else codec.from_client(body)
        assert not isinstance(decoded, codec.UnknownFrame)
        assert validator(type(decoded).__name__, FEED).is_valid(frame)
        if frame["type"] in ("events", "mark"):
            assert frame["prev"] == cursor_at
        if frame["type"] in ("snapshot.end", "events", "mark"):
            cursor_at = frame["seq"]
        if isinstance(decoded, Events):
            assert shapes.event_in(decoded.events[0]).fact.result.owner == "ana"
