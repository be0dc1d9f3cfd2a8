"""A real feed process over HTTP: who may come in, what a body may be, what the routes answer."""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from casework import order
from protocol import shapes
from protocol.codec import encode

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}


@pytest.fixture
async def ana(feed: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with feed.client(feed.token("ana")) as client:
        yield client


def fresh() -> str:
    return secrets.token_hex(6)


async def opened(client: httpx.AsyncClient, make: Any, **data: Any) -> str:
    answer = await client.post("/v1/intake", content=encode(make.report(fresh(), **data)), headers=STRUCTURED)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["case_id"])


async def command(client: httpx.AsyncClient, case_id: str, key: str | None = None, **body: Any) -> httpx.Response:
    return await client.post(
        f"/v1/cases/{case_id}/commands", json=body, headers={"idempotency-key": key or secrets.token_hex(8)}
    )


def is_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert (document["type"], document["status"]) == (f"/problems/{slug}", status)
    assert document["title"]
    return document


# --- who may come in


async def test_health_and_documents_need_no_token(feed: Any) -> None:
    async with feed.client() as client:
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert ready.json() == {
            "ready": True,
            "checks": {"log": True, "lag": True, "state": True, "clock": True},
            "failing": [],
        }
        assert (await client.get("/openapi.json")).json()["openapi"].startswith("3.")
        assert (await client.get("/asyncapi.json")).json()["asyncapi"].startswith("3.")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/cases"),
        ("GET", "/v1/cases/C-00000000"),
        ("GET", "/v1/cases/C-00000000/events"),
        ("POST", "/v1/cases/C-00000000/commands"),
        ("POST", "/v1/commands"),
        ("POST", "/v1/intake"),
        ("GET", "/v1/events"),
        ("GET", "/v1/snapshot"),
        ("GET", "/v1/catalogue"),
        ("GET", "/v1/audit/head"),
        ("GET", "/metrics"),
        ("POST", "/v1/admin/clock"),
    ],
)
async def test_everything_else_needs_one(feed: Any, method: str, path: str) -> None:
    async with feed.client() as client:
        answer = await client.request(method, path)
        is_problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        wrong = await client.request(method, path, headers={"authorization": "Bearer wf_" + "x" * 43})
        is_problem(wrong, 401, "unauthenticated")


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "bearer", "Token abc", "Bearer \u00e9".encode()])
async def test_a_header_that_is_no_bearer_token(feed: Any, header: str) -> None:
    async with feed.client() as client:
        is_problem(await client.get("/v1/cases", headers={"authorization": header}), 401, "unauthenticated")


async def test_a_token_in_the_address_counts_for_nothing(feed: Any) -> None:
    token = feed.token("ana")
    async with feed.client() as client:
        is_problem(await client.get(f"/v1/cases?access_token={token}"), 401, "unauthenticated")


async def test_a_revoked_token_counts_no_longer(feed: Any, until: Any) -> None:
    async with feed.client(feed.token("rev")) as client:
        assert (await client.get("/v1/cases")).status_code == 200
        feed.revoke("rev")
        async with asyncio.timeout(5):
            while (await client.get("/v1/cases")).status_code == 200:  # noqa: ASYNC110 - at most its cache's life
                await asyncio.sleep(0.1)


async def test_an_expired_token_says_so(feed: Any) -> None:
    token = feed.token("old", ttl_ms=1)
    async with feed.client(token) as client:
        await asyncio.sleep(0.01)
        assert "expired" in is_problem(await client.get("/v1/cases"), 401, "unauthenticated")["detail"]


async def test_a_page_from_elsewhere_is_refused(feed: Any, ana: httpx.AsyncClient) -> None:
    is_problem(await ana.get("/v1/cases", headers={"origin": "https://evil.example"}), 403, "forbidden")
    is_problem(await ana.get("/healthz", headers={"origin": "null"}), 403, "forbidden")


@pytest.mark.parametrize(
    ("roles", "cases", "head", "metrics", "intake"),
    [
        ("viewer", 200, 200, 403, 403),
        ("intake", 403, 403, 403, 202),
        ("responder", 200, 200, 403, 202),
        ("auditor", 200, 200, 403, 403),
        ("admin", 403, 403, 200, 403),
    ],
)
async def test_roles(feed: Any, make: Any, roles: str, cases: int, head: int, metrics: int, intake: int) -> None:
    async with feed.client(feed.token(f"r-{roles}", roles)) as client:
        assert (await client.get("/v1/cases")).status_code == cases
        assert (await client.get("/v1/audit/head")).status_code == head
        assert (await client.get("/metrics")).status_code == metrics
        sent = await client.post("/v1/intake", content=encode(make.report(fresh())), headers=STRUCTURED)
        assert sent.status_code == intake


async def test_metrics_have_no_case_and_no_person_in_them(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make)
    async with feed.client(feed.token("root", "admin")) as admin:
        text = (await admin.get("/metrics")).text
    assert "watchfloor_cases" in text
    assert case_id not in text
    assert "ana" not in text


# --- intake


def cloud_event(ident: str, **data: Any) -> CloudEvent:
    attributes = {
        "id": ident,
        "source": "/reference",
        "type": "org.watchfloor.escalation.raised.v1",
        "specversion": "1.0",
        "datacontenttype": "application/json",
    }
    body = {"case_type": "SSH", "summary": "from the reference", "source": {"kind": "detector"}, **data}
    return CloudEvent(attributes, body)


async def test_intake_structured_binary_and_batch_are_one_identity(ana: httpx.AsyncClient, make: Any) -> None:
    ident = fresh()
    structured = to_structured_event(cloud_event(ident))
    first = await ana.post("/v1/intake", content=structured.body, headers=dict(structured.headers))
    assert first.status_code == 202
    assert first.json()["duplicate"] is False
    binary = to_binary_event(cloud_event(ident))
    second = await ana.post("/v1/intake", content=binary.body, headers=dict(binary.headers))
    assert second.status_code == 200
    assert second.json() == {**first.json(), "duplicate": True}
    batch = [json.loads(structured.body), {"broken": True}, make.report(fresh())]
    third = await ana.post("/v1/intake", content=encode(batch), headers=BATCH)
    assert third.status_code == 200
    known, broken, new = third.json()["results"]
    assert (known["status"], known["case_id"], known["duplicate"]) == (200, first.json()["case_id"], True)
    assert (broken["status"], broken["problem"]["type"]) == (400, "/problems/invalid")
    assert broken["problem"]["pointer"].startswith("/1")
    assert (new["status"], new["duplicate"]) == (202, False)


async def test_an_update_that_finds_nothing_may_come_again(ana: httpx.AsyncClient, make: Any) -> None:
    event = make.report(fresh(), updated=True, subject=fresh(), language="en")
    answer = await ana.post("/v1/intake", content=encode(event), headers=STRUCTURED)
    is_problem(answer, 404, "not-found")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 400, "invalid"),
        (b"{", 400, "invalid"),
        (b"\xff\xfe", 400, "invalid"),
        (b"[" * 100_000, 400, "invalid"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, 400, "invalid"),
        (b'{"specversion":"1.0","id":"\\ud800"}', 400, "invalid"),
        (b"1" * 10_000, 400, "invalid"),
        (b'"' + b"x" * (1024 * 1024) + b'"', 413, "too-large"),
        (b" " * (3 * 1024 * 1024), 413, "too-large"),
    ],
    ids=("empty", "cut", "utf8", "deep", "objects", "surrogate", "digits", "large", "larger"),
)
async def test_hostile_bodies_are_refused_and_the_feed_lives(
    feed: Any, ana: httpx.AsyncClient, body: bytes, status: int, slug: str
) -> None:
    head = (await ana.get("/v1/audit/head")).json()
    is_problem(await ana.post("/v1/intake", content=body, headers=STRUCTURED), status, slug)
    is_problem(await ana.post("/v1/commands", content=body), status, slug)
    assert (await ana.get("/v1/audit/head")).json() == head
    assert (await ana.get("/readyz")).status_code == 200


async def test_an_oversized_body_is_answered_also_in_pieces_of_unknown_length(ana: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    is_problem(await ana.post("/v1/intake", content=pieces(), headers=STRUCTURED), 413, "too-large")


async def test_a_body_beyond_all_bounds_is_cut(feed: Any) -> None:
    host, port = feed.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/intake HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {feed.token('ana')}\r\n"
    writer.write(f"{head}Content-Length: {9 * 1024 * 1024}\r\n\r\n".encode())
    async with asyncio.timeout(5):
        answer = await reader.read()  # to the end: the connection was closed
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    writer.close()


@pytest.mark.parametrize("time", ["2026-11-22T01:02:03", "yesterday", 5])
async def test_a_naive_time_is_refused(ana: httpx.AsyncClient, make: Any, time: Any) -> None:
    answer = await ana.post("/v1/intake", content=encode(make.report(fresh(), occurred_at=time)), headers=STRUCTURED)
    assert is_problem(answer, 400, "invalid")["pointer"] == "/data/occurred_at"


# --- commands


async def test_a_command_from_claim_to_resolve(ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make, case_type="QUERY")
    shown = f"{case_id[:6]}-{case_id[6:]}"
    first = await command(ana, shown, "k-" + case_id, type="claim", expected_version=1)
    assert first.status_code == 200
    assert first.json()["events"][0] == "CaseClaimed"
    again = await command(ana, case_id, "k-" + case_id, type="claim", expected_version=1)
    assert (again.status_code, again.content) == (200, first.content)
    other = await command(ana, case_id, "k-" + case_id, type="claim", expected_version=2)
    is_problem(other, 422, "idempotency-mismatch")
    case = (await ana.get(f"/v1/cases/{case_id}")).json()
    assert (case["owner"], case["state"], case["version"]) == ("ana", "ACKED", first.json()["version"])
    events = (await ana.get(f"/v1/cases/{case_id}/events")).json()["events"]
    assert [event["version"] for event in events] == list(range(1, case["version"] + 1))


async def test_the_same_key_at_the_same_time_over_http(ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make)
    key = secrets.token_hex(8)
    answers = await asyncio.gather(
        *(command(ana, case_id, key, type="note", expected_version=1, text="once") for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len((await ana.get(f"/v1/cases/{case_id}")).json()["notes"]) == 1


async def test_stale_and_illegal(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make)
    async with feed.client(feed.token("ben")) as ben:
        assert (await command(ben, case_id, type="claim", expected_version=1)).status_code == 200
    stale = is_problem(await command(ana, case_id, type="escalate", expected_version=1, level=1), 409, "stale-version")
    assert (stale["by"], stale["events"]) == ("ben", ["CaseClaimed"])
    assert stale["version"] >= 2
    illegal = await command(ana, case_id, type="unsnooze", expected_version=stale["version"])
    is_problem(illegal, 409, "illegal-transition")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"type": "claim"}, "/expected_version"),
        ({"type": "no_such_verb", "expected_version": 1}, "/type"),
        ({"type": "claim", "expected_version": 1, "extra": 1}, "/extra"),
        ({"type": "claim", "expected_version": -1}, "/expected_version"),
        ({"type": "note", "expected_version": 1, "text": ""}, "/text"),
        ({"type": "note", "expected_version": 1, "text": 5}, "/text"),
    ],
)
async def test_a_bad_command_points_at_its_fault(ana: httpx.AsyncClient, make: Any, body: Any, pointer: str) -> None:
    case_id = await opened(ana, make)
    answer = await ana.post(f"/v1/cases/{case_id}/commands", json=body, headers={"idempotency-key": "k"})
    assert is_problem(answer, 400, "invalid")["pointer"] == pointer
    assert (await ana.get(f"/v1/cases/{case_id}")).json()["version"] == 1


@pytest.mark.parametrize("key", [None, "", "a b", "x" * 129, "k\u00e9y".encode()])
async def test_a_command_needs_a_key(ana: httpx.AsyncClient, make: Any, key: Any) -> None:
    case_id = await opened(ana, make)
    headers = {} if key is None else {"idempotency-key": key}
    body = {"type": "claim", "expected_version": 1}
    is_problem(await ana.post(f"/v1/cases/{case_id}/commands", json=body, headers=headers), 400, "invalid")


async def test_a_viewer_may_not_act_and_an_unknown_case_is_not_there(
    feed: Any, ana: httpx.AsyncClient, make: Any
) -> None:
    case_id = await opened(ana, make)
    async with feed.client(feed.token("vic", "viewer")) as viewer:
        is_problem(await command(viewer, case_id, type="claim", expected_version=1), 403, "forbidden")
    is_problem(await command(ana, "C-00000000", type="claim", expected_version=1), 404, "not-found")
    is_problem(await ana.get("/v1/cases/C-0000-0000"), 404, "not-found")
    is_problem(await ana.get("/v1/cases/%00"), 404, "not-found")


async def test_a_refused_approval_is_on_record_for_auditors_only(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make)
    body: dict[str, Any] = {"type": "approve", "expected_version": 1, "action_id": "a", "digest": "0" * 64}
    async with feed.client(feed.token("res", "responder")) as responder:
        is_problem(await command(responder, case_id, **body), 403, "forbidden")
    async with feed.client(feed.token("aud", "auditor")) as auditor, asyncio.timeout(5):
        found: list[Any] = []
        while not found:
            events = (await auditor.get("/v1/events?limit=1000")).json()["events"]
            found = [e for e in events if e["type"] == "RefusalRecorded" and e["data"].get("case_id") == case_id]
    assert (found[0]["data"]["principal"], found[0]["data"]["what"]) == ("res", "approve")
    mine = (await ana.get("/v1/events?limit=1000")).json()["events"]
    assert all(event["case_id"] != "_audit" for event in mine)


async def test_a_batch_of_commands_stands_item_by_item(ana: httpx.AsyncClient, make: Any) -> None:
    first, second = await opened(ana, make), await opened(ana, make)
    items = [
        {"case_id": first, "key": fresh(), "type": "claim", "expected_version": 1},
        {"case_id": second, "key": fresh(), "type": "nonsense", "expected_version": 1},
        {"case_id": "C-00000000", "key": fresh(), "type": "claim", "expected_version": 1},
        {"case_id": second, "key": fresh(), "type": "note", "expected_version": 1, "text": "hello"},
    ]
    answer = await ana.post("/v1/commands", json={"items": items})
    assert answer.status_code == 200
    assert [result["status"] for result in answer.json()["results"]] == [200, 400, 404, 200]
    single = {name: value for name, value in items[3].items() if name not in ("case_id", "key")}
    repeated = await command(ana, second, str(items[3]["key"]), **single)
    assert repeated.json()["seq"] == answer.json()["results"][3]["seq"]
    too_many = {"items": [items[0]] * 1_001}
    is_problem(await ana.post("/v1/commands", json=too_many), 400, "invalid")


# --- reading


async def test_the_list_is_the_queue_in_pages(ana: httpx.AsyncClient, make: Any) -> None:
    for severity in ("S2", "S0", "S3", "S1"):
        await opened(ana, make, case_type="QUERY", severity=severity)
    whole = (await ana.get("/v1/cases?limit=1000")).json()
    rows = [shapes.row_in(encode(row)) for row in whole["cases"]]
    assert [row.case_id for row in rows] == [row.case_id for row in sorted(rows, key=order.key)]
    assert whole["cursor"] is None
    paged: list[str] = []
    cursor = ""
    while True:
        page = (await ana.get(f"/v1/cases?limit=3{cursor}")).json()
        paged += [row["case_id"] for row in page["cases"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert paged == [row.case_id for row in rows]


async def test_views_queries_and_states(ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make, summary="needle in the queue")
    assert (await command(ana, case_id, type="claim", expected_version=1)).status_code == 200
    mine = (await ana.get("/v1/cases?view=mine&limit=1000")).json()["cases"]
    assert case_id in {row["case_id"] for row in mine}
    assert {row["owner"] for row in mine} == {"ana"}
    found = (await ana.get("/v1/cases", params={"q": "needle"})).json()["cases"]
    assert [row["case_id"] for row in found] == [case_id]
    acked = (await ana.get("/v1/cases?state=ACKED,TRIAGED&limit=1000")).json()["cases"]
    assert {row["state"] for row in acked} <= {"ACKED", "TRIAGED"}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=-1",
        "view=nope",
        "state=NOPE",
        "cursor=%%%",
        "stat=NEW",
        "q=sev:",
        "limit=5&limit=6",
    ],
)
async def test_a_parameter_that_is_wrong_is_said(ana: httpx.AsyncClient, query: str) -> None:
    is_problem(await ana.get(f"/v1/cases?{query}"), 400, "invalid")


async def test_the_snapshot_has_an_etag_and_is_compressed(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    await opened(ana, make)
    plain = await ana.get("/v1/snapshot", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == "private"
    assert "Authorization" in plain.headers["vary"]
    document = plain.json()
    tag = plain.headers["etag"]
    assert tag.startswith(f'"{document["epoch"]}-{document["seq"]}-')
    assert (await ana.get("/v1/snapshot", headers={"if-none-match": tag})).status_code == 304
    async with ana.stream("GET", "/v1/snapshot", headers={"accept-encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join([part async for part in packed.aiter_raw()])
    assert json.loads(gzip.decompress(raw)) == document
    async with feed.client(feed.token("aud2", "auditor")) as auditor:
        assert (await auditor.get("/v1/snapshot", headers={"if-none-match": tag})).status_code == 200


async def test_the_log_as_json_and_lines(ana: httpx.AsyncClient, make: Any) -> None:
    await opened(ana, make)
    page = (await ana.get("/v1/events?after=0&limit=2")).json()
    assert [event["seq"] for event in page["events"]] == sorted(event["seq"] for event in page["events"])
    assert page["head"] >= page["events"][-1]["seq"]
    lines = await ana.get("/v1/events?after=0&limit=2", headers={"accept": "application/x-ndjson"})
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in lines.text.splitlines()] == page["events"]


async def test_a_stub_says_no_more_than_a_stub(feed: Any, make: Any) -> None:
    async with (
        feed.client(feed.token("eva", clearances=["eu"])) as cleared,
        feed.client(feed.token("una")) as other,
    ):
        case_id = await opened(
            cleared, make, boundary="eu", summary="secretword", sensitive={"subject_phone": "+12025550123"}
        )
        await command(cleared, case_id, type="note", expected_version=1, text="secretword again")
        assert (await cleared.get(f"/v1/cases/{case_id}")).json()["summary"] == "secretword"
        for path in (
            f"/v1/cases/{case_id}",
            f"/v1/cases/{case_id}/events",
            "/v1/cases?limit=1000",
            "/v1/events?limit=1000",
            "/v1/snapshot",
        ):
            text = (await other.get(path)).text
            assert case_id in text, path
            assert "secretword" not in text, path
            assert "2025550123" not in (await cleared.get(path)).text, path
        assert (await other.get(f"/v1/cases/{case_id}")).json()["stub"] is True
        assert (await other.get("/v1/cases", params={"q": "secretword"})).json()["cases"] == []
        is_problem(await command(other, case_id, type="claim", expected_version=2), 403, "forbidden")


async def test_break_glass_opens_one_case(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make, boundary="eu", factors={"imminence": "now", "harm": "death"})
    async with feed.client(feed.token("gil")) as gil:
        assert (await gil.get(f"/v1/cases/{case_id}")).json()["stub"] is True
        broken = await command(gil, case_id, type="break_glass", expected_version=1, reason="nobody else is here")
        assert broken.status_code == 200, broken.text
        assert (await gil.get(f"/v1/cases/{case_id}")).json()["stub"] is False


async def test_every_address_answers_problem_documents(ana: httpx.AsyncClient) -> None:
    is_problem(await ana.get("/nowhere"), 404, "not-found")
    is_problem(await ana.get("/v1/cases/"), 404, "not-found")
    wrong = await ana.delete("/v1/cases")
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in wrong.headers["allow"]
    assert (await ana.get("/v1/catalogue")).json()["verbs"]


async def test_what_is_sent_fits_what_is_promised(feed: Any, ana: httpx.AsyncClient) -> None:
    """Every route and method that this feed has stands in its OpenAPI document, and the other way round."""
    from feed.http.app import ROUTES

    paths = (await ana.get("/openapi.json")).json()["paths"]
    promised = {
        (method.upper(), path.replace("{case_id}", "{id}"))
        for path, item in paths.items()
        for method in item
        if method in ("get", "post")
    }
    there = {(method, path) for method, path, _ in ROUTES}
    assert promised - there <= {("POST", "/v1/cases/{id}/reveal"), ("GET", "/v1/feed")}
    assert there - promised <= {("POST", "/v1/admin/clock")}
