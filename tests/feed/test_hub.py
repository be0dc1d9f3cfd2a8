"""The hub and a connection on a transport that a test fills and drains: batches, live sets, slow readers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from casework import commands
from feed.auth import Login
from feed.connection import SLOW, FeedConnection
from feed.node import Node
from feed.ring import AudienceRing, Ring
from feed.transport import Link, text_frame
from protocol import limits


class Transport:
    """Holds what is written until a test drains it."""

    def __init__(self, link_of: list[Link]) -> None:
        self._link_of = link_of
        self.written = bytearray()
        self.held = 0
        self.stalled = False
        self.closing = False
        self.high = 0

    def set_write_buffer_limits(self, *, high: int, low: int) -> None:
        self.high, self.low = high, low

    def write(self, data: bytes) -> None:
        self.written += data
        if self.stalled:
            self.held += len(data)
            if self.held > self.high:
                self._link_of[0].paused = True
                self._link_of[0].room.clear()

    def get_write_buffer_size(self) -> int:
        return self.held

    def drain(self, size: int | None = None) -> None:
        self.held = 0 if size is None else max(0, self.held - size)
        if self.held <= self.low:
            self._link_of[0].paused = False
            self._link_of[0].room.set()

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing


class Reader:
    """A connection and what came over it."""

    def __init__(self, node: Node, person: Any) -> None:
        holder: list[Link] = []
        self.transport = Transport(holder)
        self.link = Link(transport=self.transport, peer_uid=None)  # type: ignore[arg-type]
        holder.append(self.link)
        self.sent: list[dict[str, Any]] = []
        self.connection = FeedConnection(node, Login(person=person), self.link, self._send)
        node.hub.join(self.connection)

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def subscribe(self, **more: Any) -> None:
        frame = {"type": "subscribe", "sub": "main", "filter": {"all": True}, **more}
        await self.connection._received({"type": "websocket.receive", "text": json.dumps(frame)})

    def frames(self) -> list[dict[str, Any]]:
        found, data = [], bytes(self.transport.written)
        while data:
            if data[0] == 0x88:
                found.append({"type": "close", "code": int.from_bytes(data[2:4], "big")})
                break
            size, start = data[1], 2
            if size == 126:
                size, start = int.from_bytes(data[2:4], "big"), 4
            elif size == 127:
                size, start = int.from_bytes(data[2:10], "big"), 10
            found.append(json.loads(data[start : start + size]))
            data = data[start + size :]
        return found

    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.frames()]

    @property
    def cursor(self) -> int:
        cursor = -1
        for frame in self.frames():
            if frame["type"] == "snapshot.end":
                cursor = frame["seq"]
            elif frame["type"] in ("events", "mark"):
                assert frame["prev"] == cursor, "a gap or a repeat"
                cursor = frame["seq"]
        return cursor


async def opened(node: Node, make: Any, ident: str, **data: Any) -> str:
    return str((await node.intake.receive(make.person(), make.incoming(ident, **data))).case_id)


async def test_everybody_gets_the_same_bytes_once(node: Node, make: Any, until: Any) -> None:
    readers = [Reader(node, make.person(f"p{number}")) for number in range(5)]
    for reader in readers:
        await reader.subscribe()
    await until(lambda: all("snapshot.end" in reader.kinds() for reader in readers))
    for number in range(10):
        await opened(node, make, str(number))
    await until(lambda: all(reader.cursor == node.floor.seq for reader in readers))
    assert len({bytes(reader.transport.written) for reader in readers}) == 1
    assert node.hub.audiences == 1


async def test_events_go_out_at_once_when_idle_and_in_batches_under_load(node: Node, make: Any, until: Any) -> None:
    reader = Reader(node, make.person())
    await reader.subscribe()
    await until(lambda: "snapshot.end" in reader.kinds())
    await asyncio.gather(*(opened(node, make, str(number)) for number in range(200)))
    await until(lambda: reader.cursor == 200)
    batches = [frame["events"] for frame in reader.frames() if frame["type"] == "events"]
    assert sum(map(len, batches)) == 200
    assert max(map(len, batches)) <= limits.EVENTS_PER_FRAME
    assert len(batches) < 20


async def test_a_slow_reader_leaves_and_catches_up_and_the_others_notice_nothing(
    node: Node, make: Any, until: Any
) -> None:
    slow, quick = Reader(node, make.person("slow")), Reader(node, make.person("quick"))
    for reader in (slow, quick):
        await reader.subscribe()
    await until(lambda: "snapshot.end" in slow.kinds() and "snapshot.end" in quick.kinds())
    slow.transport.stalled = True
    slow.transport.high = 4_000
    for number in range(60):
        await opened(node, make, str(number))
        if number % 20 == 0:
            await until(lambda: quick.cursor == node.floor.seq)
    await until(lambda: quick.cursor == 60)
    held = slow.transport.held
    assert slow.cursor < 60
    assert held < 4_000 + limits.EVENTS_BYTES
    slow.transport.stalled = False
    slow.transport.drain()
    await until(lambda: slow.cursor == 60)
    assert slow.kinds().count("snapshot.end") == 1
    assert "resync" not in slow.kinds()
    await opened(node, make, "last")
    await until(lambda: slow.cursor == quick.cursor == 61)


async def test_a_reader_that_the_ring_passed_is_resynced(node: Node, make: Any, until: Any) -> None:
    node.ring._max_events = 10
    reader = Reader(node, make.person())
    await reader.subscribe()
    await until(lambda: "snapshot.end" in reader.kinds())
    reader.transport.stalled = True
    reader.transport.high = 100
    for number in range(40):
        await opened(node, make, str(number))
    await until(lambda: reader.link.paused)
    reader.transport.stalled = False
    reader.transport.drain()
    await until(lambda: reader.kinds().count("snapshot.end") == 2)
    await until(lambda: reader.cursor == 40)
    resync = next(frame for frame in reader.frames() if frame["type"] == "resync")
    assert resync["reason"] == "slow"


async def test_a_reader_that_takes_nothing_is_closed_after_its_grace(
    node: Node, make: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EOF_GRACE_MS", 50)
    reader = Reader(node, make.person())
    await reader.subscribe()
    await until(lambda: "snapshot.end" in reader.kinds())
    reader.transport.stalled = True
    reader.transport.high = 10
    await opened(node, make, "1")
    await until(lambda: reader.link.paused)
    beat = text_frame(b"{}")
    reader.connection.beat(beat)
    assert not reader.transport.closing
    reader.transport.held -= 1  # it took one byte: that is progress
    await asyncio.sleep(0.06)
    reader.connection.beat(beat)
    assert not reader.transport.closing
    await asyncio.sleep(0.06)
    reader.connection.beat(beat)
    assert reader.transport.is_closing()
    assert reader.frames()[-1] == {"type": "close", "code": SLOW}


async def test_nothing_is_written_to_a_full_transport_but_what_made_it_full(node: Node, make: Any, until: Any) -> None:
    reader = Reader(node, make.person())
    await reader.subscribe()
    await until(lambda: "snapshot.end" in reader.kinds())
    reader.transport.stalled = True
    reader.transport.high = 10
    await opened(node, make, "1")
    await until(lambda: reader.link.paused)
    held = reader.transport.held
    for number in range(50):
        await opened(node, make, f"n{number}")
        node.hub.heartbeat()
    assert reader.transport.held == held


async def test_refusals_are_a_mark_to_all_but_auditors(node: Node, make: Any, until: Any) -> None:
    reader, auditor = Reader(node, make.person("ana")), Reader(node, make.person("aud", "auditor"))
    for each in (reader, auditor):
        await each.subscribe()
    await until(lambda: "snapshot.end" in reader.kinds() and "snapshot.end" in auditor.kinds())
    node.refusals.record("eve", "approve")
    await until(lambda: reader.cursor == auditor.cursor == 1)
    assert reader.kinds()[-1] == "mark"
    assert auditor.frames()[-1]["events"][0]["type"] == "RefusalRecorded"


async def test_a_snapshot_while_events_land_is_whole(node: Node, make: Any, until: Any) -> None:
    case_ids = [await opened(node, make, str(number)) for number in range(300)]
    reader = Reader(node, make.person())
    await reader.subscribe()
    for number, case_id in enumerate(case_ids[:50]):
        await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), f"k{number}")
    await until(lambda: reader.cursor == node.floor.seq)
    begin = next(frame for frame in reader.frames() if frame["type"] == "snapshot.begin")
    assert (begin["seq"], begin["count"]) == (300, 300)
    rows = [row["case_id"] for frame in reader.frames() if frame["type"] == "snapshot.chunk" for row in frame["cases"]]
    assert len(rows) == len(set(rows)) == 300


async def test_a_snapshot_that_the_ring_passes_ends_at_a_later_seq(node: Node, make: Any, until: Any) -> None:
    node.ring._max_events = 10
    case_ids = [await opened(node, make, str(number)) for number in range(250)]
    reader = Reader(node, make.person())
    reader.link.paused = True
    reader.link.room.clear()
    await reader.subscribe()
    await asyncio.sleep(0)
    reader.link.room.set()
    reader.link.paused = False
    for number, case_id in enumerate(case_ids[:40]):
        await node.engine.command(make.person(), case_id, commands.AddNote(expected_version=1, text="n"), f"k{number}")
    await until(lambda: reader.cursor == node.floor.seq)
    versions: dict[str, int] = {}
    for frame in reader.frames():
        if frame["type"] == "snapshot.chunk":
            versions.update({row["case_id"]: row["version"] for row in frame["cases"]})
        elif frame["type"] == "events":
            versions.update({event["case_id"]: event["version"] for event in frame["events"]})
    assert versions == {case.case_id: case.version for case in node.floor.cases.values()}


async def test_chunks_are_bounded_in_rows_and_bytes(node: Node, make: Any, until: Any) -> None:
    subjects = [{"kind": "account", "id": f"u{number}", "handle": "h" * 150} for number in range(100)]
    await asyncio.gather(*(opened(node, make, str(number), subjects=subjects) for number in range(60)))
    reader = Reader(node, make.person())
    await reader.subscribe()
    await until(lambda: "snapshot.end" in reader.kinds())
    chunks = [frame for frame in reader.frames() if frame["type"] == "snapshot.chunk"]
    assert len(chunks) > 1
    assert all(len(json.dumps(frame, separators=(",", ":"))) < limits.SNAPSHOT_BYTES for frame in chunks)


async def test_a_channel_ends_with_its_last_member(node: Node, make: Any, until: Any) -> None:
    reader = Reader(node, make.person())
    await reader.subscribe()
    await until(lambda: "snapshot.end" in reader.kinds())

    async def gone() -> dict[str, Any]:
        return {"type": "websocket.disconnect"}

    await reader.connection.run(gone)
    assert node.hub.audiences == 0
    assert not node.hub.listeners
    assert node.hub.connections_of("ana") == 0


async def test_batches_split_at_their_bounds(node: Node, make: Any) -> None:
    await asyncio.gather(*(opened(node, make, str(number)) for number in range(150)))
    channel = AudienceRing(node.ring, node.engine.audience(make.person()))
    batches = list(channel.batches(0, 150))
    assert [(batch.prev, batch.seq, len(batch.events)) for batch in batches] == [
        (0, 64, 64),
        (64, 128, 64),
        (128, 150, 22),
    ]
    assert batches[-1].head_hash == node.floor.head_hash


async def test_a_ring_is_bounded_by_count_and_by_bytes(node: Node, make: Any) -> None:
    await asyncio.gather(*(opened(node, make, str(number)) for number in range(50)))
    source = node.ring
    by_count = Ring(events=10, size=10**9)
    by_bytes = Ring(events=10_000, size=20_000)
    for seq in range(1, 51):
        by_count.add(source.get(seq))
        by_bytes.add(source.get(seq))
    assert (by_count.first, by_count.last) == (41, 50)
    assert by_bytes.held_bytes <= 20_000
    assert by_bytes.last == 50
    assert not by_count.holds_after(39)
    assert by_count.holds_after(40)
    assert by_count.holds_after(50)
    assert not by_count.holds_after(51)
    with pytest.raises(ValueError, match="cannot follow"):
        by_count.add(source.get(50))
