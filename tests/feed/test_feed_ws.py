"""A real feed process over WebSocket: snapshot, events without gap or repeat, resume, resync, closing."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from casework import order
from casework.model import Row
from casework.rows import evolve_row
from feed.log.tokens import TokenStore
from protocol import shapes
from protocol.codec import encode, from_feed
from protocol.frames import Events, WireEvent

STRUCTURED = {"content-type": "application/cloudevents+json"}


def fresh() -> str:
    return secrets.token_hex(6)


def dial(feed: Any, token: str | None, **more: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return connect(
        more.pop("url", feed.ws_url),
        subprotocols=more.pop("subprotocols", ["watchfloor.v1"]),
        additional_headers={**headers, **more.pop("headers", {})},
        proxy=None,
        max_size=4 * 1024 * 1024,
        **more,
    )


class Console:
    """Reads frames and keeps what a console would: rows, and a cursor per subscription."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.frames: list[dict[str, Any]] = []
        self.rows: dict[str, Row] = {}
        self.cursors: dict[str, int] = {}
        self.hashes: dict[str, str] = {}
        self.snapshots = 0

    async def say(self, **frame: Any) -> None:
        await self.ws.send(json.dumps(frame))

    async def subscribe(self, sub: Any = "main", **more: Any) -> None:
        await self.say(type="subscribe", sub=sub, **{"filter": {"all": True}, **more})

    async def read(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            raw = await self.ws.recv()
        assert isinstance(raw, str)
        frame: dict[str, Any] = json.loads(raw)
        from_feed(raw)  # it fits its Struct
        self.frames.append(frame)
        self._take(frame)
        return frame

    def _take(self, frame: dict[str, Any]) -> None:
        sub = frame.get("sub")
        match frame["type"]:
            case "snapshot.begin":
                self.snapshots += 1
                if sub == "main":
                    self.rows.clear()
            case "snapshot.chunk" if sub == "main":
                assert len(frame["cases"]) <= 500
                for raw in frame["cases"]:
                    row = shapes.row_in(encode(raw))
                    self.rows[row.case_id] = row
            case "snapshot.end":
                self.cursors[str(sub)] = frame["seq"]
                self.hashes[str(sub)] = frame["head_hash"]
            case "events" | "mark":
                assert frame["prev"] == self.cursors[str(sub)], "a gap or a repeat"
                self.cursors[str(sub)] = frame["seq"]
                self.hashes[str(sub)] = frame["head_hash"]
                if frame["type"] == "events":
                    self._fold(str(sub), frame)

    def _fold(self, sub: str, frame: dict[str, Any]) -> None:
        assert len(frame["events"]) <= 64
        seqs = [event["seq"] for event in frame["events"]]
        assert seqs == sorted(set(seqs))
        assert frame["prev"] < seqs[0]
        assert seqs[-1] <= frame["seq"]
        if sub != "main":
            return
        for raw in frame["events"]:
            event = shapes.event_in(shapes_event(raw))
            row = evolve_row(self.rows.get(event.case_id), event)
            if row is None:
                self.rows.pop(event.case_id, None)
            else:
                self.rows[event.case_id] = row

    async def until(self, holds: Callable[[], object]) -> None:
        while not holds():
            await self.read()

    async def loaded(self, sub: str = "main") -> None:
        await self.until(lambda: sub in self.cursors)

    @property
    def order(self) -> list[str]:
        return [row.case_id for row in sorted(self.rows.values(), key=order.key)]


def shapes_event(raw: dict[str, Any]) -> WireEvent:
    from protocol.codec import decode_body

    found: WireEvent = decode_body(encode(raw), WireEvent)
    return found


@pytest.fixture
async def ana(feed: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with feed.client(feed.token("ana")) as client:
        yield client


async def opened(client: httpx.AsyncClient, make: Any, **data: Any) -> str:
    answer = await client.post("/v1/intake", content=encode(make.report(fresh(), **data)), headers=STRUCTURED)
    assert answer.status_code in (200, 202), answer.text
    return str(answer.json()["case_id"])


async def command(client: httpx.AsyncClient, case_id: str, **body: Any) -> httpx.Response:
    answer = await client.post(f"/v1/cases/{case_id}/commands", json=body, headers={"idempotency-key": fresh()})
    assert answer.status_code == 200, answer.text
    return answer


# --- the handshake


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"token": None}, 401),
        ({"token": "wf_nonsense"}, 401),
        ({"subprotocols": None}, 400),
        ({"subprotocols": ["other.v1"]}, 400),
        ({"origin": "https://evil.example"}, 403),
        ({"query": "?token=x"}, 400),
    ],
)
async def test_who_may_not_come_in_gets_a_problem_document(feed: Any, more: Any, status: int) -> None:
    token = more.pop("token", feed.token("ana"))
    url = feed.ws_url + more.pop("query", "")
    with pytest.raises(InvalidStatus) as refused:
        async with dial(feed, token, url=url, **more):
            pass
    assert refused.value.response.status_code == status
    assert refused.value.response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("roles", "status"), [("intake", 403), ("admin", 403)])
async def test_who_reads_no_cases_gets_no_feed(feed: Any, roles: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with dial(feed, feed.token("x" + roles, roles)):
            pass
    assert refused.value.response.status_code == status


async def hello_comes_first_and_a_heartbeat_each_two_seconds(feed: Any) -> None:
    async with dial(feed, feed.token("ana")) as ws:
        console = Console(ws)
        hello = await console.read()
        assert hello["type"] == "hello"
        assert hello["hb_ms"] == 2_000
        await console.until(lambda: sum(frame["type"] == "hb" for frame in console.frames) == 2)
        first, second = (frame for frame in console.frames if frame["type"] == "hb")
        assert 1_500 <= second["server_time"] - first["server_time"] <= 3_500
        assert first["seq"] <= first["head"]


# --- snapshot and events


async def test_a_console_that_folds_has_what_the_list_shows(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    for _ in range(5):
        await opened(ana, make)
    async with dial(feed, feed.token("ben")) as ws:
        console = Console(ws)
        await console.subscribe()
        await console.loaded()
        case_ids = await asyncio.gather(*(opened(ana, make, case_type=kind) for kind in ("SSH", "QUERY", "EDR") * 20))
        await asyncio.gather(*(command(ana, case_id, type="claim", expected_version=1) for case_id in case_ids))
        last = await command(ana, case_ids[0], type="escalate", expected_version=99, level=2)
        await console.until(lambda: console.cursors["main"] >= last.json()["seq"])
        listed = (await ana.get("/v1/cases?limit=1000")).json()
        assert console.order == [row["case_id"] for row in listed["cases"]]
        shown = {row["case_id"]: shapes.row_in(encode(row)) for row in listed["cases"]}
        assert console.rows == shown
        assert console.snapshots == 1
        head = (await ana.get("/v1/audit/head")).json()
        assert (console.cursors["main"], console.hashes["main"]) == (head["seq"], head["head_hash"])


async def test_one_case_whole_and_its_events(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make, narrative="long words")
    async with dial(feed, feed.token("ben")) as ws:
        console = Console(ws)
        await console.subscribe("one", filter={"case_id": case_id})
        await console.loaded("one")
        chunk = next(frame for frame in console.frames if frame["type"] == "snapshot.chunk")
        assert chunk["cases"][0]["narrative"] == "long words"
        done = await command(ana, case_id, type="note", expected_version=1, text="a note")
        await opened(ana, make)
        await console.until(lambda: console.cursors["one"] >= done.json()["seq"])
        event = next(frame for frame in console.frames if frame["type"] == "events")["events"][0]
        assert (event["type"], event["data"]["text"]) == ("NoteAdded", "a note")
        assert "idem" not in event  # it is ana's
        # a mark covers what was not for this subscription
        await console.until(lambda: console.cursors["one"] > done.json()["seq"])
        assert console.frames[-1]["type"] == "mark"


async def test_row_events_carry_no_words_of_the_case(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    async with dial(feed, feed.token("ben")) as ws:
        console = Console(ws)
        await console.subscribe()
        await console.loaded()
        case_id = await opened(ana, make, narrative="wordsofthenarrative")
        done = await command(ana, case_id, type="note", expected_version=1, text="wordsofthenote")
        await console.until(lambda: console.cursors["main"] >= done.json()["seq"])
        assert "wordsof" not in json.dumps(console.frames)


async def test_without_the_clearance_every_event_is_a_stub(feed: Any, make: Any) -> None:
    async with feed.client(feed.token("eva", clearances=["eu"])) as eva, dial(feed, feed.token("una")) as ws:
        console = Console(ws)
        await console.subscribe()
        await console.loaded()
        case_id = await opened(eva, make, boundary="eu", summary="secretword")
        done = await command(eva, case_id, type="claim", expected_version=1)
        await console.until(lambda: console.cursors["main"] >= done.json()["seq"])
        events = [e for f in console.frames if f["type"] == "events" for e in f["events"] if e["case_id"] == case_id]
        assert {event["type"] for event in events} == {"CaseStub"}
        assert events[-1]["data"]["stub"]["owner"] == "eva"
        assert "secretword" not in json.dumps(console.frames)


# --- resuming


async def position(feed: Any, ana: httpx.AsyncClient) -> dict[str, Any]:
    head: dict[str, Any] = (await ana.get("/v1/audit/head")).json()
    return {"epoch": head["epoch"], "seq": head["seq"], "head_hash": head["head_hash"]}


async def test_a_resume_gets_exactly_what_is_missing(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    await opened(ana, make)
    where = await position(feed, ana)
    case_id = await opened(ana, make)
    done = await command(ana, case_id, type="claim", expected_version=1)
    async with dial(feed, feed.token("ben")) as ws:
        console = Console(ws)
        console.cursors["main"] = where["seq"]
        await console.subscribe(**{"from": where})
        await console.until(lambda: console.cursors["main"] >= done.json()["seq"])
        seqs = [event["seq"] for frame in console.frames if frame["type"] == "events" for event in frame["events"]]
        assert seqs == list(range(where["seq"] + 1, done.json()["seq"] + 1))
        assert console.snapshots == 0


@pytest.mark.parametrize("reason", ["epoch", "forked", "ahead"])
async def test_a_resume_from_elsewhere_says_why_it_takes_a_snapshot(
    feed: Any, ana: httpx.AsyncClient, make: Any, reason: str
) -> None:
    await opened(ana, make)
    where = await position(feed, ana)
    wrong = {"epoch": {"epoch": "0" * 32}, "forked": {"head_hash": "0" * 64}, "ahead": {"seq": where["seq"] + 1_000}}
    async with dial(feed, feed.token("ben")) as ws:
        console = Console(ws)
        await console.subscribe(**{"from": {**where, **wrong[reason]}})
        await console.loaded()
        resync = next(frame for frame in console.frames if frame["type"] == "resync")
        assert resync["reason"] == ("forked" if reason == "ahead" else reason)
        assert console.snapshots == 1


async def test_a_resume_from_before_the_ring_is_trimmed(feed_process: Any, make: Any) -> None:
    process = feed_process()
    config = process.directory / "feed.toml"
    config.write_text("[limits]\nring_events = 64\n")
    process.options += ["--config", str(config)]
    process.start()
    async with process.client(process.token("ana")) as ana:
        await opened(ana, make)
        where = await position(process, ana)
        for _ in range(8):
            await ana.post(
                "/v1/intake",
                content=encode([make.report(fresh()) for _ in range(10)]),
                headers={"content-type": "application/cloudevents-batch+json"},
            )
        async with dial(process, process.token("ben")) as ws:
            console = Console(ws)
            await console.subscribe(**{"from": where})
            await console.loaded()
            assert next(f for f in console.frames if f["type"] == "resync")["reason"] == "trimmed"
            assert len(console.rows) == 81


async def test_break_glass_resyncs_the_audience(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make, boundary="eu", factors={"imminence": "now", "harm": "death"})
    token = feed.token("gil")
    async with feed.client(token) as gil, dial(feed, token) as ws:
        console = Console(ws)
        await console.subscribe()
        await console.loaded()
        assert console.rows[case_id].stub
        await command(gil, case_id, type="break_glass", expected_version=1, reason="nobody else is here")
        await console.until(lambda: console.snapshots == 2)
        await console.until(lambda: console.frames[-1]["type"] == "snapshot.end")
        assert next(f for f in console.frames if f["type"] == "resync")["reason"] == "audience"
        assert not console.rows[case_id].stub


# --- frames from the console


async def test_time_is_answered(feed: Any) -> None:
    async with dial(feed, feed.token("ana")) as ws:
        console = Console(ws)
        await console.say(type="time", t0=-5)
        await console.until(lambda: console.frames and console.frames[-1]["type"] == "time")
        answer = console.frames[-1]
        assert answer["t0"] == -5
        assert answer["t1"] <= answer["t2"]


async def test_presence_reaches_others_and_is_never_logged(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    case_id = await opened(ana, make)
    async with dial(feed, feed.token("ben")) as ben, dial(feed, feed.token("eva")) as eva:
        head = (await ana.get("/v1/audit/head")).json()
        console, other = Console(eva), Console(ben)
        await other.say(type="presence", case_id=case_id, doing="reading")
        await console.until(lambda: console.frames and console.frames[-1]["type"] == "presence")
        seen = console.frames[-1]
        assert (seen["case_id"], seen["who"], seen["doing"]) == (case_id, "ben", "reading")
        assert (await ana.get("/v1/audit/head")).json() == head


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x00\x01", 1003),
        ("{", None),
        ('{"type":"nonsense"}', None),
        ('{"type":"hello"}', None),
        ('{"type":"time","t0":1,"extra":1}', None),
        ('{"type":"subscribe","sub":"a b","filter":{"all":true}}', None),
        ('{"type":"subscribe","sub":"a","filter":{}}', None),
        ('{"type":"subscribe","sub":"a","filter":{"all":true,"case_id":"C-00000000"}}', None),
        ('{"type":"subscribe","sub":"a","filter":{"case_id":"C-00000000"}}', None),
        ("[" * 5_000, None),
    ],
    ids=range(10),
)
async def test_a_bad_frame_is_said_and_hurts_nobody_else(feed: Any, frame: Any, code: int | None) -> None:
    async with dial(feed, feed.token("ana")) as ws, dial(feed, feed.token("ben")) as neighbor:
        console, other = Console(ws), Console(neighbor)
        await ws.send(frame)
        await console.until(lambda: console.frames and console.frames[-1]["type"] == "error")
        assert console.frames[-1]["problem"]["status"] >= 400
        if code is not None:
            with pytest.raises(ConnectionClosed) as closed:
                await console.until(lambda: False)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code
        else:
            await console.say(type="time", t0=1)
            await console.until(lambda: console.frames[-1]["type"] == "time")
        await other.say(type="time", t0=1)
        await other.until(lambda: other.frames and other.frames[-1]["type"] == "time")


async def test_many_bad_frames_end_the_connection(feed: Any) -> None:
    async with dial(feed, feed.token("ana")) as ws:
        console = Console(ws)
        for _ in range(16):
            await ws.send("{")
        with pytest.raises(ConnectionClosed) as closed:
            await console.until(lambda: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4002


async def unsubscribed_is_quiet(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    async with dial(feed, feed.token("ben")) as ws:
        console = Console(ws)
        await console.subscribe()
        await console.loaded()
        await console.say(type="unsubscribe", sub="main")
        await console.say(type="time", t0=1)
        await console.until(lambda: console.frames[-1]["type"] == "time")
        count = len(console.frames)
        await opened(ana, make)
        await console.until(lambda: console.frames[-1]["type"] == "hb" and len(console.frames) > count + 1)
        assert {frame["type"] for frame in console.frames[count:]} == {"hb"}


# --- tokens


async def a_revoked_token_is_cut_within_five_seconds(feed: Any) -> None:
    async with dial(feed, feed.token("rev")) as ws:
        console = Console(ws)
        await console.read()
        feed.revoke("rev")
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(5):
                await console.until(lambda: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4001


async def an_expired_token_is_told_before_and_then_ends_the_connection(feed: Any) -> None:
    async with dial(feed, feed.token("old", ttl_ms=500)) as ws:
        console = Console(ws)
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(9):
                await console.until(lambda: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4010
        assert "auth.expiring" in {frame["type"] for frame in console.frames}


async def a_new_token_of_the_same_person_goes_on_and_of_another_ends(feed: Any) -> None:
    async with dial(feed, feed.token("dee", ttl_ms=500)) as ws:
        console = Console(ws)
        await console.say(type="auth", token=feed.token("dee"))
        beats = len(console.frames)
        async with asyncio.timeout(12):
            await console.until(lambda: sum(f["type"] == "hb" for f in console.frames[beats:]) >= 3)
        await console.say(type="auth", token=feed.token("somebody-else"))
        with pytest.raises(ConnectionClosed) as closed:
            await console.until(lambda: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4001


async def lost_clearance_resyncs(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    """A token's record that says less counts within seconds, also on an open connection."""
    case_id = await opened(ana, make, boundary="eu")
    token = feed.token("kim", clearances=["eu"])
    async with dial(feed, token) as ws:
        console = Console(ws)
        await console.subscribe()
        await console.loaded()
        assert not console.rows[case_id].stub
        store = TokenStore(feed.log)
        store._file.execute(
            "UPDATE tokens SET record = CAST(replace(CAST(record AS TEXT), '[\"eu\"]', '[]') AS BLOB) "
            "WHERE principal = 'kim'"
        )
        store.close()
        await console.until(lambda: console.snapshots == 2)
        await console.until(lambda: console.frames[-1]["type"] == "snapshot.end")
        assert console.rows[case_id].stub


async def test_what_takes_its_time(feed: Any, ana: httpx.AsyncClient, make: Any) -> None:
    """Each of these waits for heartbeats or for the next look at the tokens; they wait together."""
    await asyncio.gather(
        hello_comes_first_and_a_heartbeat_each_two_seconds(feed),
        unsubscribed_is_quiet(feed, ana, make),
        a_revoked_token_is_cut_within_five_seconds(feed),
        an_expired_token_is_told_before_and_then_ends_the_connection(feed),
        a_new_token_of_the_same_person_goes_on_and_of_another_ends(feed),
        lost_clearance_resyncs(feed, ana, make),
    )


def test_frames_of_events_are_what_the_structs_say() -> None:
    from feed.ring import Batch

    batch = Batch(
        1, 3, "0" * 64, (b'{"seq":2,"case_id":"C-00000000","version":1,"type":"X","v":2,"at":1,"actor":"a","data":{}}',)
    )
    frame = from_feed(batch.frame("main"))
    assert isinstance(frame, Events)
    assert (frame.sub, frame.prev, frame.seq) == ("main", 1, 3)
    mark = from_feed(Batch(1, 3, "0" * 64, ()).frame("main"))
    assert type(mark).__name__ == "Mark"
