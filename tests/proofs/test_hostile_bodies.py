"""Every POST route against bodies that want to harm it: a problem document, the feed alive, nothing stored."""

from __future__ import annotations

import json
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest
from msgspec import Struct

from tests.floorprocess import FeedProcess
from tests.proofs.hostile import MIB, PATIENCE_S, Hostile, Watch, dial, exchange, inputs, read_reply

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
JSON: Final = "application/json"
RAISED: Final = "org.watchfloor.escalation.raised.v1"


class Route(Struct, frozen=True):
    """A POST route with a body that it accepts. `core` is the object in the body that faults are put into, `at` its
    place as a pointer, `wrap` puts it into the body; `each` says that items of the body are judged alone.
    """

    path: str
    headers: dict[str, str]
    core: dict[str, Any]
    at: str
    before: str
    after: str
    text: str
    number: str
    each: bool = False

    def body(self, core: str | None = None) -> bytes:
        given = json.dumps(self.core) if core is None else core
        return f"{self.before}{given}{self.after}".encode("utf-8", "surrogatepass")

    def with_member(self, member: str) -> str:
        """The core with one more member, given as JSON text."""
        return json.dumps(self.core)[:-1] + ", " + member + "}"

    def in_place_of(self, name: str, value: str) -> str:
        """The core with another value, given as JSON text, of one member."""
        marked = json.dumps({**self.core, name: "§"})
        return marked.replace(json.dumps("§"), value)


DATA: Final[dict[str, Any]] = {
    "summary": "a report",
    "case_type": "QUERY",
    "graphic_level": 1,
    "source": {"kind": "internal"},
}
EVENT: Final = {"specversion": "1.0", "id": "hostile", "source": "/hostile", "type": RAISED}
NOTE: Final = {"text": "a note", "expected_version": 1, "type": "note"}
EVENT_START: Final = json.dumps(EVENT)[:-1] + ', "data": '


def routes(case_id: str) -> dict[str, Route]:
    item = {"key": "hostile", "case_id": case_id, **NOTE}
    ce = {f"ce-{name}": value for name, value in EVENT.items()}
    event = ("summary", "graphic_level")
    command = ("text", "expected_version")
    key = {"content-type": JSON, "idempotency-key": "hostile"}
    return {
        "structured": Route("/v1/intake", {"content-type": STRUCTURED}, DATA, "/data", EVENT_START, "}", *event),
        "binary": Route("/v1/intake", {"content-type": JSON, **ce}, DATA, "", "", "", *event),
        "batch": Route(
            "/v1/intake", {"content-type": BATCH}, DATA, "/0/data", f"[{EVENT_START}", "}]", *event, each=True
        ),
        "command": Route(f"/v1/cases/{case_id}/commands", key, NOTE, "", "", "", *command),
        "commands": Route(
            "/v1/commands", {"content-type": JSON}, item, "/items/0", '{"items": [', "]}", *command, each=True
        ),
        "clock": Route("/v1/admin/clock", {"content-type": JSON}, {"trust": "feed"}, "", "", "", "trust", "trust"),
    }


ROUTES: Final = tuple(routes("C-00000000"))


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeedProcess]:
    with FeedProcess(tmp_path_factory.mktemp("bodies")) as process:
        yield process


@pytest.fixture(scope="module")
def token(feed: FeedProcess) -> str:
    return feed.token("ana", "responder,lead,admin")


@pytest.fixture(scope="module")
def client(feed: FeedProcess, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=feed.url, headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=PATIENCE_S
    ) as client:
        yield client


@pytest.fixture(scope="module")
def case_id(client: httpx.Client) -> str:
    event = {**EVENT, "id": "the case", "data": DATA}
    answer = client.post("/v1/intake", json=event, headers={"content-type": STRUCTURED})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["case_id"])


@pytest.fixture(scope="module")
def watch(feed: FeedProcess, case_id: str) -> Iterator[Watch]:
    watching = Watch(feed)
    yield watching
    watching.alive()
    watching.bounded()
    watching.close()


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest, case_id: str) -> Route:
    return routes(case_id)[request.param]


def refusal(route: Route, answer: httpx.Response) -> dict[str, Any]:
    """The problem that answers this body, or its one item."""
    if route.each and answer.status_code == 200:
        (result,) = answer.json()["results"]
        assert result.keys() == {"status", "problem"}
        problem = result["problem"]
        assert problem["status"] == result["status"]
    else:
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert problem["status"] == answer.status_code
    assert problem["type"].startswith("/problems/")
    assert problem["title"]
    assert problem["detail"]
    assert len(answer.content) < 4_096, "the answer repeats what it was sent"
    return dict(problem)


def post(client: httpx.Client, route: Route, body: bytes) -> httpx.Response:
    return client.post(route.path, content=body, headers=route.headers)


def test_the_bodies_that_faults_are_put_into_are_accepted(client: httpx.Client, route: Route) -> None:
    """The control: without its fault each body of this file does something."""
    answer = post(client, route, route.body())
    assert answer.status_code in (200, 202), answer.text
    if route.each:
        assert answer.json()["results"][0]["status"] in (200, 202)


# --- one fault in a body that is right otherwise

DEEP: Final = "[" * 40 + "]" * 40


def _member(member: str) -> Callable[[Route], str]:
    return lambda route: route.with_member(member)


def _text(value: str) -> Callable[[Route], str]:
    return lambda route: route.in_place_of(route.text, value)


def _number(value: str) -> Callable[[Route], str]:
    return lambda route: route.in_place_of(route.number, value)


def _twice(route: Route) -> str:
    return route.with_member(f"{json.dumps(route.text)}: {json.dumps(route.core[route.text])}")


#: name: (the core with its fault, where the pointer leads; None: nowhere in particular)
FAULTS: Final[dict[str, tuple[Callable[[Route], str], str | None]]] = {
    "unknown field": (_member('"role": "admin"'), "/role"),
    "unknown field by escape": (_member('"r\\u006fle": "admin"'), "/role"),
    "member twice": (_twice, "/{text}"),
    "prototype": (_member('"__proto__": {"admin": true}'), "/__proto__"),
    "nested in an unknown field": (_member(f'"x": {DEEP}'), None),
    "nested in a field": (_text(DEEP), None),
    "lone high surrogate": (_text('"A\\ud800B"'), None),
    "lone low surrogate": (_text('"\\udc00"'), None),
    "surrogate as bytes": (_text('"\ud800"'), None),
    "NUL as a byte": (_text('"a\0b"'), None),
    "line feed as a byte": (_text('"a\nb"'), None),
    "number for text": (_text("5"), "/{text}"),
    "null for text": (_text("null"), "/{text}"),
    "list for text": (_text('["a"]'), "/{text}"),
    "integer of 4,000 digits": (_number("9" * 4_000), None),
    "integer of 20 digits": (_number("9" * 20), None),
    "exponent": (_number("1e400"), None),
    "text for a number": (_number('"1"'), "/{number}"),
    "fraction": (_number("1.5"), "/{number}"),
    "negative": (_number("-1"), "/{number}"),
    "Infinity": (_number("Infinity"), None),
    "NaN": (_number("NaN"), None),
    "leading zero": (_number("007"), None),
    "hexadecimal": (_number("0x1"), None),
    "truth for a number": (_number("true"), "/{number}"),
}


def test_a_fault_is_refused_and_pointed_at(client: httpx.Client, watch: Watch, route: Route) -> None:
    with watch.nothing_stored():
        for name, (make, pointer) in FAULTS.items():
            answer = post(client, route, route.body(make(route)))
            problem = refusal(route, answer)
            assert (problem["type"], problem["status"]) == ("/problems/invalid", 400), name
            if pointer is not None:
                wanted = route.at + pointer.format(text=route.text, number=route.number)
                assert problem["pointer"] == wanted, name


@pytest.mark.parametrize(("levels", "status"), [(31, 202), (32, 400), (100_000, 400)])
def test_32_levels_are_enough_also_where_nobody_looks(client: httpx.Client, levels: int, status: int) -> None:
    """An extension attribute of a CloudEvent is tolerated and not read; its depth counts all the same."""
    event = json.dumps({**EVENT, "id": f"{levels} levels", "data": DATA, "extension": 0})
    body = event.replace('"extension": 0', '"extension": ' + "[" * levels + "]" * levels)
    answer = client.post("/v1/intake", content=body, headers={"content-type": STRUCTURED})
    assert answer.status_code == status, answer.text
    if status == 400:
        assert "nested" in answer.json()["detail"]


TIMES: Final[tuple[Any, ...]] = (
    "2026-11-22T01:02:03",
    "2026-03-08T02:30:00",
    "2026-11-01T01:30:00",
    "2026-11-22",
    "2026-W53-1T00:00:00Z",
    "2026-11-22T25:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-11-22T01:02:03+25:00",
    "2026-11-22T01:02:03 America/New_York",
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "yesterday",
    "",
    5,
    1.5,
    True,
    {},
)


@pytest.mark.parametrize("form", ["structured", "binary", "batch"])
@pytest.mark.parametrize("member", ["occurred_at", "reported_at"])
def test_a_time_that_is_naive_or_none_is_refused(
    client: httpx.Client, watch: Watch, case_id: str, form: str, member: str
) -> None:
    route = routes(case_id)[form]
    with watch.nothing_stored():
        for value in TIMES:
            answer = post(client, route, route.body(route.with_member(json.dumps({member: value})[1:-1])))
            problem = refusal(route, answer)
            assert (problem["type"], problem["pointer"]) == ("/problems/invalid", f"{route.at}/{member}"), value


def test_times_at_the_edges_of_what_is_possible_are_taken_or_refused(client: httpx.Client, watch: Watch) -> None:
    for number, value in enumerate(
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "2016-12-31T23:59:60Z")
    ):
        event = {**EVENT, "id": f"edge {number}", "data": {**DATA, "occurred_at": value, "reported_at": value}}
        answer = client.post("/v1/intake", json=event, headers={"content-type": STRUCTURED})
        assert answer.status_code in (202, 400), answer.text
        if answer.status_code == 202:
            assert client.get(f"/v1/cases/{answer.json()['case_id']}").status_code == 200
        watch.alive()


# --- bodies that are nothing at all

WHOLE: Final = [
    *(item for item in inputs() if len(item.raw) <= MIB and item.name != "command over the feed"),
    Hostile("nothing", b"", text=False),
    Hostile("NUL bytes", b"\0" * 1_000, text=False),
    Hostile("objects 40 deep", b'{"a":' * 40 + b"1" + b"}" * 40, text=True),
    Hostile("objects 1e5 deep", b'{"a":' * 100_000, text=True),
    Hostile("digits", b"1" * 100_000, text=True),
    Hostile("gzip", bytes.fromhex("1f8b0800000000000003ab5628") + b"\0" * 64, text=False),
    Hostile("form", b"type=claim&expected_version=1", text=True),
    Hostile("XML", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', text=True),
]


def test_what_is_no_body_of_this_route_is_refused(client: httpx.Client, watch: Watch, route: Route) -> None:
    with watch.nothing_stored():
        for item in WHOLE:
            answer = post(client, route, item.raw)
            if item.raw == b"[]" and route.headers["content-type"] == BATCH:
                assert answer.json() == {"results": []}
                continue
            assert answer.status_code == 400, (item.name, answer.text)
            problem = refusal(route, answer)
            assert problem["type"] == "/problems/invalid", item.name
            assert "pointer" in problem, item.name


@pytest.mark.parametrize("size", [MIB + 1, 8 * MIB])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_over_1_mib_is_read_and_refused(
    client: httpx.Client, watch: Watch, route: Route, size: int, chunked: bool
) -> None:
    body = route.body() + b" " * (size - len(route.body()))
    content: Any = (body[start : start + 65_536] for start in range(0, size, 65_536)) if chunked else body
    with watch.nothing_stored():
        answer = client.post(route.path, content=content, headers=route.headers)
    problem = refusal(route, answer)
    assert (answer.status_code, problem["type"]) == (413, "/problems/too-large")
    watch.bounded()


def test_a_body_of_1_mib_is_read(client: httpx.Client, route: Route) -> None:
    """The control: one byte less is no fault, and the same connection goes on."""
    answer = post(client, route, route.body() + b" " * (MIB - len(route.body())))
    assert answer.status_code in (200, 202), answer.text


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_over_8_mib_is_cut(feed: FeedProcess, token: str, watch: Watch, route: Route, chunked: bool) -> None:
    headers = "".join(f"{name}: {value}\r\n" for name, value in route.headers.items())
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {64 * MIB}"
    head = f"POST {route.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}{framing}\r\n\r\n"
    piece = b"10000\r\n" + b"[" * 65_536 + b"\r\n" if chunked else b"[" * 65_536
    with watch.nothing_stored():
        reply = exchange(feed, head.encode(), *([piece] * 160))
    assert (reply.status, reply.problem()["type"]) == (413, "/problems/too-large")
    assert reply.ended
    watch.bounded()


MEDIA: Final = (
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/cloudevents+xml",
    "x",
    "a/b/c",
)


def test_another_content_type_is_refused(client: httpx.Client, watch: Watch, route: Route) -> None:
    with watch.nothing_stored():
        for media in MEDIA:
            answer = client.post(route.path, content=route.body(), headers={**route.headers, "content-type": media})
            assert refusal(route, answer)["type"] == "/problems/invalid", media


def test_a_command_without_a_proper_key_is_refused(client: httpx.Client, watch: Watch, case_id: str) -> None:
    with watch.nothing_stored():
        for key in (None, "", "a b", "x" * 129, "clé", 'a"b', "a,b", "../k"):
            headers = {} if key is None else {b"idempotency-key": key.encode()}
            answer = client.post(f"/v1/cases/{case_id}/commands", json=NOTE, headers=headers)
            assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid"), key


def test_a_batch_of_more_than_a_thousand_is_refused_whole(client: httpx.Client, watch: Watch, case_id: str) -> None:
    items = {"items": [{"key": "k", "case_id": case_id, **NOTE}] * 1_001}
    events = [{**EVENT, "id": "many", "data": DATA}] * 1_001
    with watch.nothing_stored():
        answers = [
            client.post("/v1/commands", json=items),
            client.post("/v1/intake", json=events, headers={"content-type": BATCH}),
        ]
    assert [(answer.status_code, answer.json()["type"]) for answer in answers] == [(400, "/problems/invalid")] * 2


# --- bodies that do not come


def _head(route: Route, token: str, length: int) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in route.headers.items())
    return (
        f"POST {route.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def test_bodies_that_stop_half_way_hold_nobody_up_and_store_nothing(
    feed: FeedProcess, token: str, client: httpx.Client, watch: Watch, case_id: str
) -> None:
    """Sixty connections send a body but for its last byte; others are served; the sixty go away."""
    held: list[socket.socket] = []
    with watch.nothing_stored():
        for route in list(routes(case_id).values()) * 10:
            body = route.body()
            sock = dial(feed)
            sock.sendall(_head(route, token, len(body)) + body[:-1])
            held.append(sock)
        began = time.monotonic()
        assert client.get("/v1/cases").status_code == 200
        assert time.monotonic() - began < 2
        for sock in held:
            sock.close()


def test_a_body_that_comes_byte_by_byte_is_a_body(feed: FeedProcess, token: str, case_id: str) -> None:
    route = routes(case_id)["structured"]
    body = route.body().replace(b"hostile", secrets.token_hex(4).encode())
    with dial(feed) as sock:
        sock.sendall(_head(route, token, len(body)))
        for byte in body:
            sock.sendall(bytes((byte,)))
        reply = read_reply(sock, time.monotonic())
    assert reply.status == 202
    assert re.fullmatch(r"C-\w{8}", json.loads(reply.body)["case_id"])
