"""A feed's stand-in to measure consoles with: it speaks `watchfloor.v1`, and holds frames that were encoded beforehand.

Run as `python -m bench.standinfeed CASES`. With a real feed its engine, log and hub would be measured as well, and
share the processors with the console. What is sent is what a feed sends: hello, the snapshot in its pages, events in
batches of 10 ms, heartbeats, answers to `time`, single cases. It prints `ready ADDRESS` and is told what to do in
lines of JSON on stdin: `fresh`, `prepare`, `go`, `count`; each is answered by one line.
"""

from __future__ import annotations

import asyncio
import http
import json
import signal
import sys
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from bench.floorload import EPOCH_MS, FloorLoad, Frame, head_hash
from casework.access import Person
from casework.policy import defaults
from casework.runbookfile import shipped
from feed.transport import text_frame
from protocol import codec, frames, limits, shapes
from protocol.catalogue import catalogue_out

EPOCH: Final = "bench"
_PERSON: Final = Person(principal="kim", roles=frozenset({"responder", "lead"}))
_HEAD: Final = b'{"type":"snapshot.chunk","sub":"%b","cases":['


class Count(Struct):
    """What consoles did since the last `fresh`: more than one connection or one `all` means that one lost its place."""

    connections: int = 0
    everything: int = 0
    """Subscriptions on all cases."""
    cases: int = 0
    """Subscriptions on one case."""
    fetched: int = 0
    """Cases that were asked for over HTTP without being followed: the console had lost track of them."""
    live: bool = False
    """The snapshot went out whole."""
    sent: int = 0
    """Events of the last load that went out."""
    late_ms: float = 0.0
    """How far behind its time the last load ever was."""
    waiting: int = 0
    """The most bytes that ever waited for the console to read them."""
    loading: bool = False


class StandIn:
    """One floor, and at most one console on it that counts."""

    def __init__(self, floor: FloorLoad) -> None:
        self.floor = floor
        self.count = Count()
        self._connection: ServerConnection | None = None
        self._began = 0.0
        self._sent_seq = 0
        self._subs: dict[str, int] = {}
        """Where each subscription stands; `main`, and cases that are followed."""
        self._followed: set[str] = set()
        """Cases that were ever subscribed to."""
        self._ready: list[tuple[Frame, bytes]] = []
        self._load: asyncio.Task[None] | None = None

    def now_ms(self) -> int:
        return EPOCH_MS + int((asyncio.get_running_loop().time() - self._began) * 1_000)

    # --- HTTP

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """What is asked over HTTP; None lets the WebSocket through."""
        path = request.path.partition("?")[0]
        if path == "/v1/feed":
            return None
        if path == "/v1/catalogue":
            return _json(http.HTTPStatus.OK, msgspec.json.encode(catalogue_out(defaults(), _PERSON, shipped())))
        if path.startswith("/v1/cases/"):
            case_id, _, part = path.removeprefix("/v1/cases/").partition("/")
            case = self.floor.case(case_id)
            if part == "events":
                return _json(http.HTTPStatus.OK, b'{"events":[' + b",".join(self.floor.history(case_id)) + b"]}")
            if case is not None and not part:
                self.count.fetched += case_id not in self._followed
                return _json(http.HTTPStatus.OK, codec.encode(shapes.case_out(case)))
        return _json(http.HTTPStatus.NOT_FOUND, b'{"type":"/problems/not-found","title":"Not found","status":404}')

    # --- the connection

    async def serve(self, connection: ServerConnection) -> None:
        """A console connected: it gets the floor as it was at the start."""
        self.count.connections += 1
        self._connection = connection
        self._began = asyncio.get_running_loop().time()
        self._subs.clear()
        self._followed.clear()
        if self._load is None or self._load.done():
            self.floor.fresh()
            self._ready.clear()
            self._sent_seq = self.floor.seq
        hello = frames.Hello(
            proto=frames.SUBPROTOCOL,
            node="bench",
            epoch=EPOCH,
            head=self._sent_seq,
            server_time=self.now_ms(),
            hb_ms=limits.HEARTBEAT_MS,
            max_frame=limits.FRAME_OUT,
            principal=_PERSON.principal,
            roles=tuple(sorted(_PERSON.roles)),
        )
        try:
            await self._tell(connection, hello)
            beating = asyncio.create_task(self._beat(connection))
            try:
                async for message in connection:
                    await self._received(connection, codec.from_client(message))
            finally:
                beating.cancel()
        except ConnectionClosed:
            pass

    async def _received(self, connection: ServerConnection, frame: frames.Frame) -> None:
        match frame:
            case frames.TimeAsked():
                now = self.now_ms()
                await self._tell(connection, frames.TimeAnswer(t0=frame.t0, t1=now, t2=now))
            case frames.Subscribe() if frame.filter.all:
                self.count.everything += 1
                await self._send_rows(connection, frame.sub)
            case frames.Subscribe():
                self.count.cases += 1
                await self._send_case(connection, frame.sub, frame.filter.case_id or "")
            case frames.Unsubscribe():
                self._subs.pop(frame.sub, None)
            case _:
                pass

    async def _send_rows(self, connection: ServerConnection, sub: str) -> None:
        rows, seq = self.floor.encoded, self._sent_seq
        await self._tell(
            connection, frames.SnapshotBegin(sub=sub, epoch=EPOCH, seq=seq, count=len(rows), audience="bench")
        )
        for page in pages(rows):
            await connection.send(_HEAD % sub.encode() + b",".join(page) + b"]}", text=True)
        await self._tell(connection, frames.SnapshotEnd(sub=sub, seq=seq, head_hash=head_hash(seq)))
        self._subs[sub] = seq
        self.count.live = True

    async def _send_case(self, connection: ServerConnection, sub: str, case_id: str) -> None:
        self._followed.add(case_id)
        case = self.floor.case(case_id)
        if case is None:
            return
        seq = self._sent_seq
        raw = msgspec.Raw(codec.encode(shapes.case_out(case)))
        await self._tell(connection, frames.SnapshotBegin(sub=sub, epoch=EPOCH, seq=seq, count=1))
        await self._tell(connection, frames.SnapshotChunk(sub=sub, cases=[raw]))
        await self._tell(connection, frames.SnapshotEnd(sub=sub, seq=seq, head_hash=head_hash(seq)))
        self._subs[sub] = seq

    async def _beat(self, connection: ServerConnection) -> None:
        while True:
            await asyncio.sleep(limits.HEARTBEAT_MS / 1_000)
            seq, digest = self._sent_seq, head_hash(self._sent_seq)
            for sub, prev in self._subs.items():
                if prev < seq and sub.startswith("case."):
                    self._subs[sub] = seq
                    await self._tell(connection, frames.Mark(sub=sub, prev=prev, seq=seq, head_hash=digest))
            await self._tell(
                connection, frames.Heartbeat(server_time=self.now_ms(), head=seq, seq=seq, head_hash=digest)
            )

    async def _tell(self, connection: ServerConnection, frame: frames.Frame) -> None:
        await connection.send(codec.encode(frame), text=True)

    # --- the load

    async def prepare(self, *, per_second: int, seconds: float) -> int:
        """Encode what `go` sends, heartbeats going on meanwhile; how many events that is."""
        self._ready = []
        for frame in self.floor.load(per_second=per_second, seconds=seconds):
            self._ready.append((frame, text_frame(frame.payload)))
            await asyncio.sleep(0)
        return sum(len(frame.events) for frame, _ in self._ready)

    def go(self) -> None:
        """Send it, each frame at its time."""
        self.count.sent, self.count.late_ms, self.count.waiting, self.count.loading = 0, 0.0, 0, True
        self._load = asyncio.create_task(self._send_load())

    async def _send_load(self) -> None:
        loop, count = asyncio.get_running_loop(), self.count
        began = loop.time()
        connection = self._connection
        assert connection is not None
        for frame, sent in self._ready:
            wait = began + frame.at - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            count.late_ms = max(count.late_ms, -wait * 1_000)
            transport = connection.transport
            transport.write(sent)
            self._sent_seq = frame.seq
            self.floor.sent(frame)
            self._subs["main"] = frame.seq
            self._to_cases(frame)
            count.sent += len(frame.events)
            count.waiting = max(count.waiting, transport.get_write_buffer_size())
        self._ready = []
        count.loading = False

    def _to_cases(self, frame: Frame) -> None:
        connection = self._connection
        assert connection is not None
        for sub in [sub for sub in self._subs if sub.startswith("case.")]:
            case_id = sub.removeprefix("case.")
            events = [event.encoded for event in frame.events if event.case_id == case_id]
            if events:
                connection.transport.write(text_frame(frame.on(sub, self._subs[sub], events)))
                self._subs[sub] = frame.seq

    def fresh(self) -> None:
        self.count = Count()


def pages(rows: list[bytes]) -> Iterator[list[bytes]]:
    """`rows` in pages as a feed makes them, bounded by rows and by bytes."""
    page: list[bytes] = []
    size = 0
    for row in rows:
        if page and (len(page) == limits.SNAPSHOT_ROWS or size + len(row) >= limits.SNAPSHOT_BYTES - 256):
            yield page
            page, size = [], 0
        page.append(row)
        size += len(row) + 1
    if page:
        yield page


def _json(status: http.HTTPStatus, body: bytes) -> Response:
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status.value, status.phrase, headers, body)


async def _told(stand_in: StandIn, told: dict[str, Any]) -> dict[str, Any]:
    match told["do"]:
        case "prepare":
            return {"events": await stand_in.prepare(per_second=told["per_second"], seconds=told["seconds"])}
        case "go":
            stand_in.go()
        case "fresh":
            stand_in.fresh()
    found: dict[str, Any] = msgspec.to_builtins(stand_in.count)
    return found


async def main(count: int) -> None:
    stand_in = StandIn(FloorLoad(count))
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with serve(
        stand_in.serve,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(frames.SUBPROTOCOL)],
        process_request=stand_in.answer,
        compression=None,
        ping_interval=None,
        write_limit=limits.FRAME_OUT,
        close_timeout=1,
    ) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"ready http://127.0.0.1:{port}", flush=True)
        while line := await lines.readline():
            print(json.dumps(await _told(stand_in, json.loads(line))), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    asyncio.run(main(int(sys.argv[1])))
