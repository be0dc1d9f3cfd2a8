"""Frames that no feed should send: refused, counted, and without any effect on what is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import Raw
from msgspec.structs import replace

from casework.facts import CaseClaimed, RefusalRecorded
from casework.model import Result
from client.mirror import Mirror, is_case
from protocol import codec, shapes
from protocol.frames import Events, SnapshotBegin, SnapshotChunk, SnapshotEnd
from tests.client.scripted_feed import ScriptedLog, row
from tests.client.simulated_console import SimulatedConsole


def console_and_frame() -> tuple[SimulatedConsole, bytes]:
    """A console that is live, and the frame that would come next."""
    log = ScriptedLog()
    case = log.open(1)
    console = SimulatedConsole(log)
    console.go_live()
    log.add(case, CaseClaimed(result=Result(state="ACKED", owner="bo")))
    assert console.feed is not None
    (frame,) = console.feed.news()
    return console, codec.encode(frame)


def test_the_frame_itself_is_good() -> None:
    """The positive control: unharmed, the frame does something."""
    console, frame = console_and_frame()
    console.state.received(frame, console.now)
    assert console.mirror.cursor == 2
    assert [held.owner for held in console.mirror.rows.values()] == ["bo"]
    assert console.state.bad_frames == 0


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "two objects": lambda frame: frame + frame,
    "trailing junk": lambda frame: frame + b"x",
    "byte order mark": lambda frame: b"\xef\xbb\xbf" + frame,
    "utf-16": lambda frame: frame.decode().encode("utf-16"),
    "not utf-8": lambda frame: frame.replace(b'"ana"', b'"\xff\xfe"'),
    "lone surrogate": lambda frame: frame.replace(b'"ana"', b'"\\ud800"'),
    "a comment": lambda frame: frame.replace(b",", b"/*x*/,", 1),
    "seq as text": lambda frame: frame.replace(b'"seq":2', b'"seq":"2"'),
    "seq 7.5": lambda frame: frame.replace(b'"seq":2', b'"seq":7.5'),
    "seq infinite": lambda frame: frame.replace(b'"seq":2', b'"seq":Infinity'),
    "seq leading zero": lambda frame: frame.replace(b'"seq":2', b'"seq":007'),
    "seq negative": lambda frame: frame.replace(b'"seq":2', b'"seq":-2'),
    "seq 2^63": lambda frame: frame.replace(b'"seq":2', b'"seq":9223372036854775808'),
    "seq 2^64": lambda frame: frame.replace(b'"seq":2', b'"seq":18446744073709551616'),
    "seq of 4000 digits": lambda frame: frame.replace(b'"seq":2', b'"seq":' + b"9" * 4_000),
    "seq missing": lambda frame: frame.replace(b'"seq":2,', b""),
    "deep": lambda frame: b'{"type":"events","x":' + b"[" * 100_000,
    "an array": lambda frame: b"[" + frame + b"]",
    "a number": lambda frame: b"42",
    "a text": lambda frame: b'"x"',
    "empty object": lambda frame: b"{}",
    "of another protocol": lambda frame: b'{"type":"grant_role","role":"admin"}',
    "deflated": lambda frame: bytes.fromhex("c10cd2cb2dc9c8"),
    "msgpack array bomb": lambda frame: b"\xdd\xff\xff\xff\xff",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_frame_is_counted_and_nothing_else(name: str) -> None:
    console, frame = console_and_frame()
    broken = BROKEN[name](frame)
    assert broken != frame
    rows, cursor = dict(console.mirror.rows), console.mirror.cursor
    console.state.received(broken, console.now)
    assert (dict(console.mirror.rows), console.mirror.cursor) == (rows, cursor)
    assert console.state.status(console.now).bad_frames == 1
    console.state.received(frame, console.now)
    assert console.mirror.cursor == 2


STRANGE = {
    "wildcard": "*.>",
    "sql": "C-1'); DROP TABLE log;--",
    "path": "../../metrics",
    "long": "C" * 20_000,
    "audit": "_audit",
    "empty": "",
    "line feed": "C-00000001\n",
}


@pytest.mark.parametrize("case_id", STRANGE.values(), ids=STRANGE)
def test_what_is_no_case_id_becomes_no_row_and_is_never_asked_for(case_id: str) -> None:
    assert not is_case(case_id)
    console, frame = console_and_frame()
    events = codec.from_feed(frame)
    assert isinstance(events, Events)
    strange = replace(events, events=[replace(events.events[0], case_id=case_id)])
    console.state.received(codec.encode(strange), console.now)
    assert case_id not in console.mirror.rows
    assert console.mirror.take_refetch() == set()
    # Either the event is passed over, or the frame was refused as a whole.
    assert console.mirror.cursor == 2 or console.state.bad_frames == 1
    mirror = Mirror()
    mirror.begin(SnapshotBegin(sub="main", epoch="e", seq=1, count=1))
    mirror.chunk(SnapshotChunk(sub="main", cases=[codec.raw(shapes.row_out(row(1, case_id=case_id)))]))
    mirror.end(SnapshotEnd(sub="main", seq=1, head_hash="0" * 64))
    assert (dict(mirror.rows), mirror.unreadable) == ({}, 1)


def test_the_record_of_refusals_is_no_case() -> None:
    console, frame = console_and_frame()
    events = codec.from_feed(frame)
    assert isinstance(events, Events)
    fact = RefusalRecorded(principal="bo", what="approve")
    refusal = replace(
        events.events[0], case_id="_audit", version=9, type="RefusalRecorded", data=Raw(codec.encode(fact))
    )
    console.state.received(codec.encode(replace(events, events=[refusal])), console.now)
    assert (len(console.mirror.rows), console.mirror.newer, console.mirror.cursor) == (1, set(), 2)


def test_an_older_version_never_wins() -> None:
    log = ScriptedLog()
    case = log.open(1)
    mirror = Mirror()
    mirror.load([replace(log.rows[case], version=5, state="RESOLVED")], "e", 1, "0" * 64)
    mirror.replace(replace(log.rows[case], version=4))
    assert mirror.rows[case].state == "RESOLVED"
