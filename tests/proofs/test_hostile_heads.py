"""Requests that are wrong before their body is: logins, heads, framing, handshakes. On a raw connection."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from feed.http import asking
from feed.http.app import make_app
from feed.transport import REQUEST_SECONDS
from tests.floorprocess import FeedProcess
from tests.proofs.hostile import Reply, Watch, descriptors, dial, exchange, read_reply

POSTS: Final = ("/v1/intake", "/v1/cases/C-00000000/commands", "/v1/commands", "/v1/admin/clock")
GETS: Final = (
    "/v1/cases",
    "/v1/cases/C-00000000",
    "/v1/cases/C-00000000/events",
    "/v1/events",
    "/v1/snapshot",
    "/v1/catalogue",
    "/v1/audit/head",
    "/metrics",
)
EVENT: Final = json.dumps(
    {
        "specversion": "1.0",
        "id": "smuggled",
        "source": "/hostile",
        "type": "org.watchfloor.escalation.raised.v1",
        "data": {"case_type": "QUERY", "summary": "smuggled", "source": {"kind": "internal"}},
    }
).encode()


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeedProcess]:
    with FeedProcess(tmp_path_factory.mktemp("heads")) as process:
        yield process


@pytest.fixture(scope="module")
def token(feed: FeedProcess) -> str:
    return feed.token("ana", "responder,lead,admin")


@pytest.fixture(scope="module")
def watch(feed: FeedProcess) -> Iterator[Watch]:
    watching = Watch(feed)
    yield watching
    watching.alive()
    watching.bounded()
    watching.close()


def head(method: str, path: str, *lines: str, version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/{version}", "Host: feed", *lines, "", "")).encode("latin-1")


def is_problem(reply: Reply, status: int, slug: str) -> dict[str, Any]:
    problem = reply.problem()
    assert (reply.status, problem["type"]) == (status, f"/problems/{slug}"), problem
    return problem


# --- who asks

CREDENTIALS: Final = {
    "none": (),
    "another scheme": ("Authorization: Basic YW5hOmFuYQ==",),
    "no token": ("Authorization: Bearer",),
    "blank token": ("Authorization: Bearer  ",),
    "unknown token": ("Authorization: Bearer wf_" + "A" * 43,),
    "huge token": ("Authorization: Bearer " + "A" * 8_000,),
    "alg none": ("Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEiLCJyb2xlIjoiYWRtaW4ifQ.",),
    "embedded key": ('Authorization: Bearer {"alg":"ES256","jwk":{}}',),
    "SQL": ("Authorization: Bearer ' OR 1=1 --",),
    "latin-1": ("Authorization: Bearer \xe9\xe9",),
    "folded": ("Authorization: Bearer A\r\n B",),
    "cookie": ("Cookie: token={token}",),
    "other header": ("X-Authorization: Bearer {token}", "X-Forwarded-User: root", "X-Remote-User: ana"),
    "twice": ("Authorization: Bearer {token}", "Authorization: Bearer {token}"),
    "two persons": ("Authorization: Bearer {token}", "Authorization: Bearer wf_B"),
    "joined": ("Authorization: Bearer {token}, Bearer {token}",),
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_without_a_good_token_nothing_is_told_or_done(feed: FeedProcess, token: str, watch: Watch, name: str) -> None:
    lines = [line.format(token=token) if "{token}" in line else line for line in CREDENTIALS[name]]
    body = ("Content-Type: application/cloudevents+json", f"Content-Length: {len(EVENT)}")
    with watch.nothing_stored(refused_logins=True):
        for path in POSTS:
            problem = is_problem(exchange(feed, head("POST", path, *lines, *body) + EVENT), 401, "unauthenticated")
            assert token not in json.dumps(problem)
        for path in GETS:
            reply = exchange(feed, head("GET", path, *lines))
            is_problem(reply, 401, "unauthenticated")
            assert reply.headers["www-authenticate"].startswith("Bearer")
            assert "etag" not in reply.headers


@pytest.mark.parametrize("name", ["token", "access_token", "authorization"])
def test_a_token_in_an_address_counts_for_nothing(feed: FeedProcess, token: str, watch: Watch, name: str) -> None:
    with watch.nothing_stored():
        for path in GETS:
            is_problem(exchange(feed, head("GET", f"{path}?{name}={token}")), 401, "unauthenticated")
        upgrade = handshake(path=f"/v1/feed?{name}={token}")
        assert exchange(feed, upgrade).status in (400, 401)
    assert token not in (feed.folder / "feed.err").read_text(), "the log line has the token"


def test_unknown_and_revoked_tokens_are_told_the_same(feed: FeedProcess, watch: Watch) -> None:
    from feed.log.tokens import TokenStore

    revoked = feed.token("gone", "responder")
    store = TokenStore(feed.log)
    store.revoke("gone")
    store.close()
    answers = [
        exchange(feed, head("GET", "/v1/cases", f"Authorization: Bearer {given}"))
        for given in (revoked, revoked[:-1] + "x", "wf_" + "0" * 43)
    ]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
    watch.alive()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "file://", ""])
def test_a_page_from_elsewhere_is_refused_on_every_route(
    feed: FeedProcess, token: str, watch: Watch, origin: str
) -> None:
    lines = (f"Origin: {origin}", f"Authorization: Bearer {token}")
    with watch.nothing_stored():
        for path in (*GETS, "/healthz", "/readyz", "/openapi.json"):
            is_problem(exchange(feed, head("GET", path, *lines)), 403, "forbidden")
        for path in POSTS:
            body = ("Content-Type: application/cloudevents+json", f"Content-Length: {len(EVENT)}")
            is_problem(exchange(feed, head("POST", path, *lines, *body) + EVENT), 403, "forbidden")
        is_problem(exchange(feed, handshake(f"Authorization: Bearer {token}", f"Origin: {origin}")), 403, "forbidden")


# --- heads that are too long, and bytes that are no head

LONG: Final = {
    "line of 9 KB": ["X-Long: " + "A" * 9_000],
    "line of 60 KB": ["X-Long: " + "A" * 60_000],
    "129 headers": [f"X-{number}: 1" for number in range(129)],
    "1,000 headers": [f"X-{number}: 1" for number in range(1_000)],
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_head_is_served_or_refused_and_not_kept(feed: FeedProcess, token: str, watch: Watch, name: str) -> None:
    before = descriptors(watch.pid)
    with watch.nothing_stored():
        for path in ("/healthz", "/v1/cases"):
            reply = exchange(feed, head("GET", path, f"Authorization: Bearer {token}", *LONG[name]))
            assert reply.status == 200 or reply.problem()["type"] == "/problems/too-large"
        reply = exchange(feed, handshake(f"Authorization: Bearer {token}", *LONG[name]))
        assert reply.status == 101 or reply.problem()["type"] == "/problems/too-large"
        assert reply.seconds < 2
    assert settled(watch, before), "a refused handshake stays open"


@pytest.mark.parametrize("size", [100_000, 4_000_000])
def test_a_head_over_64_kib_is_cut(feed: FeedProcess, watch: Watch, size: int) -> None:
    with watch.nothing_stored():
        reply = exchange(feed, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ", *([b"A" * 50_000] * (size // 50_000)))
    assert is_problem(reply, 431, "too-large")
    assert reply.ended
    watch.bounded()


NOT_HTTP: Final = {
    "TLS": bytes.fromhex("16030100a5010000a1030386") + b"\0" * 100 + b"\r\n\r\n",
    "zeros": b"\0" * 200 + b"\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "no colon": b"GET /healthz HTTP/1.1\r\nHost: x\r\nwhatever\r\n\r\n",
    "blank before colon": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
    "NUL in header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "carriage return in header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
    "control in target": b"GET /health\x01z HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes in target": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", NOT_HTTP)
def test_bytes_that_are_no_request_get_a_problem_and_the_door(feed: FeedProcess, watch: Watch, name: str) -> None:
    with watch.nothing_stored():
        reply = exchange(feed, NOT_HTTP[name])
    is_problem(reply, 400, "invalid")
    assert reply.ended
    assert reply.seconds < 2


# --- two lengths for one body

SMUGGLED: Final = head("POST", "/v1/admin/clock", "Content-Length: 0")
FRAMINGS: Final = {
    "both": (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + SMUGGLED),
    "both, other order": (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n" + SMUGGLED),
    "two lengths": (["Content-Length: 5", "Content-Length: 6"], b"12345" + SMUGGLED),
    "list of lengths": (["Content-Length: 5, 6"], b"12345" + SMUGGLED),
    "signed length": (["Content-Length: +5"], b"12345" + SMUGGLED),
    "hexadecimal length": (["Content-Length: 0x5"], b"12345" + SMUGGLED),
    "length with underscore": (["Content-Length: 1_0"], b"1234567890" + SMUGGLED),
    "superscript length": (["Content-Length: \xb2"], b"12" + SMUGGLED),
    "negative length": (["Content-Length: -1"], SMUGGLED),
    "endless length": (["Content-Length: " + "9" * 400], SMUGGLED),
    "coding nobody knows": (["Transfer-Encoding: xchunked"], b"0\r\n\r\n" + SMUGGLED),
    "two codings": (["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n" + SMUGGLED),
    "chunked twice": (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + SMUGGLED),
    "tab before coding": (["Transfer-Encoding:\tchunked", "Content-Length: 4"], b"0\r\n\r\n" + SMUGGLED),
    "chunk size with sign": (["Transfer-Encoding: chunked"], b"+5\r\n12345\r\n0\r\n\r\n"),
    "chunk size endless": (["Transfer-Encoding: chunked"], b"f" * 40 + b"\r\n12345\r\n0\r\n\r\n"),
    "chunk without end": (["Transfer-Encoding: chunked"], b"5\r\n12345XX0\r\n\r\n"),
    "chunk size of no digit": (["Transfer-Encoding: chunked"], b"zz\r\n12345\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("name", FRAMINGS)
def test_a_body_whose_length_is_in_doubt_is_refused_and_the_connection_closed(
    feed: FeedProcess, token: str, watch: Watch, name: str
) -> None:
    lines, body = FRAMINGS[name]
    with watch.nothing_stored():
        for path in POSTS:
            media = "Content-Type: application/cloudevents+json"
            reply = exchange(feed, head("POST", path, f"Authorization: Bearer {token}", media, *lines) + body)
            problem = reply.problem()
            assert reply.status in (400, 413, 501), problem
            assert problem["type"] in ("/problems/invalid", "/problems/too-large", "about:blank")
            assert reply.ended, "what came behind was taken for a request"


def test_the_same_in_a_framing_without_doubt_is_taken(feed: FeedProcess, token: str) -> None:
    """The control."""
    lines = (f"Authorization: Bearer {token}", "Content-Type: application/cloudevents+json")
    chunked = f"{len(EVENT):x};ext=1\r\n".encode() + EVENT + b"\r\n0\r\nTrailer: x\r\n\r\n"
    first = exchange(feed, head("POST", "/v1/intake", *lines, "Transfer-Encoding: chunked"), chunked)
    second = exchange(feed, head("POST", "/v1/intake", *lines, f"Content-Length: {len(EVENT)}"), EVENT)
    assert (first.status, second.status) == (202, 200)


# --- heads and bodies that do not come


def test_a_hundred_heads_that_come_by_drops_hold_nobody_up(feed: FeedProcess, watch: Watch) -> None:
    before = descriptors(watch.pid)
    held = [dial(feed) for _ in range(100)]
    with watch.nothing_stored():
        for sock in held:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        for _ in range(5):
            for sock in held:
                sock.sendall(b"a")
            began = time.monotonic()
            watch.alive()
            assert time.monotonic() - began < 2
    for sock in held:
        sock.close()
    assert settled(watch, before)


@pytest.mark.torture("hostile")
def test_a_head_that_does_not_come_is_cut(feed: FeedProcess) -> None:
    with dial(feed) as sock:
        sock.settimeout(REQUEST_SECONDS + 5)
        began = time.monotonic()
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        assert sock.recv(1) == b""
        assert REQUEST_SECONDS - 1 < time.monotonic() - began < REQUEST_SECONDS + 4


@pytest.mark.torture("hostile")
def test_a_body_that_does_not_come_is_cut(feed: FeedProcess, token: str, watch: Watch) -> None:
    lines = (f"Authorization: Bearer {token}", "Content-Type: application/cloudevents+json", "Content-Length: 10")
    with watch.nothing_stored(), dial(feed) as sock:
        sock.settimeout(asking.BODY_SECONDS + 5)
        sock.sendall(head("POST", "/v1/intake", *lines) + b"{")
        reply = read_reply(sock, time.monotonic())
    is_problem(reply, 400, "invalid")
    assert reply.ended


async def test_the_wait_for_a_body_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rule in a moment, inside this process."""
    from casework import policy
    from feed.clock import SystemClock
    from feed.config import FeedConfig
    from feed.log.memory import MemoryLog
    from feed.node import Node
    from tests.proofs.test_queue_order import CREW

    monkeypatch.setattr(asking, "BODY_SECONDS", 0.05)
    clock = SystemClock()
    log = MemoryLog(now=clock.now_ms)
    node = Node(config=FeedConfig(), log=log, clock=clock, policy=policy.defaults(), find_token=CREW.get)
    app = make_app(node)
    for path in POSTS:
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"authorization", b"Bearer ana"), (b"content-length", b"10")],
            "root_path": "",
            "scheme": "http",
            "server": ("feed", 80),
            "http_version": "1.1",
        }
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any, into: list[Any] = sent) -> None:
            into.append(message)

        async with asyncio.timeout(5):
            await app(scope, receive, send)
        assert sent[0]["status"] == 400
        assert (b"connection", b"close") in sent[0]["headers"]
    assert log.head().seq == 0
    await log.close()


# --- handshakes

KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="


def handshake(*lines: str, path: str = "/v1/feed", key: str = KEY, version: str = "1.1") -> bytes:
    return head(
        "GET",
        path,
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: watchfloor.v1",
        *lines,
        version=version,
    )


def test_a_good_handshake_is_accepted(feed: FeedProcess, token: str) -> None:
    """The control."""
    reply = exchange(feed, handshake(f"Authorization: Bearer {token}"))
    assert (reply.status, reply.headers["sec-websocket-protocol"]) == (101, "watchfloor.v1")


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        ((b"Sec-WebSocket-Protocol: watchfloor.v1\r\n", b""), 400, "invalid"),
        ((b"watchfloor.v1", b"watchfloor.v2"), 400, "invalid"),
        ((b"watchfloor.v1", b"graphql-ws, chat"), 400, "invalid"),
        ((b"/v1/feed", b"/metrics"), 404, "not-found"),
        ((b"/v1/feed", b"/"), 404, "not-found"),
        ((b"/v1/feed", b"/v1/cases"), 404, "not-found"),
        ((b"/v1/feed", b"/v1/feed/../feed"), 404, "not-found"),
        ((b"/v1/feed", b"/v1/feed?x=1"), 400, "invalid"),
        ((b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 8"), 400, "invalid"),
        ((b"Sec-WebSocket-Version: 13\r\n", b""), 400, "invalid"),
        ((b"Sec-WebSocket-Key: " + KEY.encode() + b"\r\n", b""), 400, "invalid"),
        ((KEY.encode(), b"short"), 400, "invalid"),
        ((KEY.encode(), b"!" * 24), 400, "invalid"),
    ],
    ids=range(13),
)
def test_a_handshake_for_something_else_is_refused(
    feed: FeedProcess, token: str, watch: Watch, change: tuple[bytes, bytes], status: int, slug: str
) -> None:
    with watch.nothing_stored():
        reply = exchange(feed, handshake(f"Authorization: Bearer {token}").replace(*change))
        assert reply.problem()["type"] == f"/problems/{slug}"
        assert reply.status == status
        assert reply.ended
        assert reply.seconds < 2


def test_a_handshake_in_http_1_0_is_none(feed: FeedProcess, token: str, watch: Watch) -> None:
    with watch.nothing_stored():
        reply = exchange(feed, handshake(f"Authorization: Bearer {token}", version="1.0"))
        assert reply.status != 101
        is_problem(reply, 404, "not-found")


def test_a_post_that_asks_for_an_upgrade_is_none(feed: FeedProcess, token: str, watch: Watch) -> None:
    with watch.nothing_stored():
        asked = handshake(f"Authorization: Bearer {token}").replace(b"GET ", b"POST ", 1)
        assert exchange(feed, asked).status != 101


# --- many of them


def settled(watch: Watch, before: int) -> bool:
    """Whether the feed lets go of connections: its descriptors are what they were, but for a few."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if descriptors(watch.pid) <= before + 3:
            return True
        time.sleep(0.02)
    return False


def test_connections_that_say_nothing_are_let_go(feed: FeedProcess, watch: Watch) -> None:
    before = descriptors(watch.pid)
    held: list[socket.socket] = [dial(feed) for _ in range(200)]
    watch.alive()
    for sock in held:
        sock.close()
    assert settled(watch, before)
