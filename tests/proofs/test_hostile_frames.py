"""The feed's WebSocket against frames made by hand: the right close code within two seconds, and others undisturbed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from tests.floorprocess import FeedProcess
from tests.proofs.hostile import MIB, Hostile, Watch, descriptors, dial, inputs
from tests.proofs.test_hostile_heads import handshake, settled

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
CONTINUED: Final = 0x0
FRAME_IN: Final = 64 * 1024
QUICK_S: Final = 2.0


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    masked: bool = True,
    reserved: int = 0,
    claimed: int | None = None,
) -> bytes:
    """One frame as RFC 6455, section 5.2 draws it, with every part free to be wrong."""
    size = len(payload) if claimed is None else claimed
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    bit = 0x80 if masked else 0
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65_536:
        head = bytes((first, bit | 126)) + struct.pack("!H", size)
    else:
        head = bytes((first, bit | 127)) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    mask = b"\x12\x34\x56\x78"
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


class Raw:
    """A connection that has shaken hands, and says what it likes."""

    def __init__(self, feed: FeedProcess, token: str) -> None:
        self.sock = dial(feed)
        self.sock.sendall(handshake(f"Authorization: Bearer {token}"))
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self.sock.recv(65_536)
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        assert b" 101 " in head, head
        assert self.read()[1]["type"] == "hello"

    def send(self, *frames: bytes) -> None:
        # The feed may have closed already; what it said is still to be read.
        with contextlib.suppress(OSError):
            self.sock.sendall(b"".join(frames))

    def say(self, **message: Any) -> None:
        self.send(frame(TEXT, json.dumps(message).encode()))

    def _need(self, size: int) -> None:
        while len(self.data) < size:
            part = self.sock.recv(65_536)
            if not part:
                raise EOFError
            self.data += part

    def read(self) -> tuple[int, Any]:
        """The next frame: opcode, and its JSON, or its bytes if it is none of text."""
        self._need(2)
        opcode, size = self.data[0] & 0xF, self.data[1]
        start = 2
        if size == 126:
            self._need(4)
            size, start = struct.unpack("!H", self.data[2:4])[0], 4
        elif size == 127:
            self._need(10)
            size, start = struct.unpack("!Q", self.data[2:10])[0], 10
        self._need(start + size)
        payload, self.data = self.data[start : start + size], self.data[start + size :]
        return opcode, json.loads(payload) if opcode == TEXT else payload

    def until(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            opcode, message = self.read()
            if opcode == TEXT and message["type"] == kind:
                return dict(message)
        raise AssertionError(f"no {kind}")

    def closed(self) -> int:
        """The code of the close frame, which has to come within two seconds; 1006 if the connection ends without."""
        end = time.monotonic() + QUICK_S
        self.sock.settimeout(QUICK_S)
        try:
            while time.monotonic() < end:
                opcode, payload = self.read()
                if opcode == CLOSE:
                    return int(struct.unpack("!H", payload[:2])[0])
        except (EOFError, ConnectionError):
            return 1006
        raise AssertionError("not closed")

    def close(self) -> None:
        self.sock.close()


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FeedProcess]:
    with FeedProcess(tmp_path_factory.mktemp("frames")) as process:
        yield process


@pytest.fixture(scope="module")
def token(feed: FeedProcess) -> str:
    return feed.token("ana", "responder")


@pytest.fixture(scope="module")
def watch(feed: FeedProcess) -> Iterator[Watch]:
    watching = Watch(feed)
    yield watching
    watching.alive()
    watching.bounded()
    watching.close()


@pytest.fixture(scope="module")
def neighbor(feed: FeedProcess, token: str) -> Iterator[Raw]:
    """Somebody who is connected all the time, subscribed to everything, and must not notice."""
    other = Raw(feed, token)
    other.say(type="subscribe", sub="main", filter={"all": True})
    other.until("snapshot.end")
    yield other
    other.close()


@pytest.fixture
def raw(feed: FeedProcess, token: str, watch: Watch, neighbor: Raw) -> Iterator[Raw]:
    with watch.nothing_stored():
        connection = Raw(feed, token)
        yield connection
        connection.close()
        served(neighbor)


def served(neighbor: Raw) -> None:
    """The neighbor is answered, at once."""
    began = time.monotonic()
    neighbor.say(type="time", t0=7)
    assert neighbor.until("time")["t0"] == 7
    assert time.monotonic() - began < QUICK_S


def test_what_is_right_is_answered(raw: Raw) -> None:
    """The control: frames of this file without a fault, also in fragments with a ping between them."""
    raw.say(type="time", t0=1)
    assert raw.until("time")["t0"] == 1
    raw.send(
        frame(TEXT, b'{"type":', fin=False),
        frame(PING, b"between"),
        frame(CONTINUED, b'"time",', fin=False),
        frame(CONTINUED, b'"t0":2}'),
    )
    assert raw.read() == (PONG, b"between")
    assert raw.until("time")["t0"] == 2
    raw.send(frame(TEXT, b'{"type":"time","t0":3' + b" " * (FRAME_IN - 22) + b"}"))
    assert raw.until("time")["t0"] == 3
    raw.send(frame(CLOSE, struct.pack("!H", 1000)))
    assert raw.closed() == 1000


# --- what RFC 6455 forbids

JSON_FRAME: Final = b'{"type":"time","t0":1}'
BROKEN: Final[dict[str, tuple[bytes, int]]] = {
    "unmasked": (frame(TEXT, b"hi", masked=False), 1002),
    "unmasked, empty": (frame(TEXT, masked=False), 1002),
    "reserved bit 1 (compression)": (frame(TEXT, JSON_FRAME, reserved=4), 1002),
    "reserved bit 2": (frame(TEXT, JSON_FRAME, reserved=2), 1002),
    "reserved bit 3": (frame(TEXT, JSON_FRAME, reserved=1), 1002),
    "opcode 3": (frame(0x3), 1002),
    "opcode 7": (frame(0x7, b"x"), 1002),
    "opcode 11": (frame(0xB), 1002),
    "opcode 15": (frame(0xF, b"x"), 1002),
    "ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "ping in fragments": (frame(PING, b"x", fin=False), 1002),
    "close in fragments": (frame(CLOSE, b"\x03\xe8", fin=False), 1002),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "close with a code that nobody may send": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    "close with code 0": (frame(CLOSE, b"\0\0"), 1002),
    "close with a reason that is not UTF-8": (frame(CLOSE, b"\x03\xe8\xff\xfe"), 1007),
    "continuation of nothing": (frame(CONTINUED, b"x"), 1002),
    "text in the middle of text": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "length with the highest bit": (b"\x81\xff" + b"\xff" * 8, 1009),
    "binary": (frame(BINARY, JSON_FRAME), 1003),
    "binary, empty": (frame(BINARY), 1003),
    "binary in fragments": (frame(BINARY, b"a", fin=False) + frame(CONTINUED, b"b"), 1003),
    "text that is not UTF-8": (frame(TEXT, b'{"type":"\xff\xfe"}'), 1007),
    "a surrogate in UTF-8": (frame(TEXT, b'{"type":"\xed\xa0\x80"}'), 1007),
    "UTF-8 cut": (frame(TEXT, b'{"type":"\xe2\x82'), 1007),
    "overlong UTF-8": (frame(TEXT, b"\xc0\xaf"), 1007),
    "64 KiB and 1": (frame(TEXT, b" " * (FRAME_IN + 1)), 1009),
    "64 KiB and 1 in fragments": (
        frame(TEXT, b" " * (FRAME_IN // 2), fin=False) + frame(CONTINUED, b" " * (FRAME_IN // 2 + 1)),
        1009,
    ),
    "1 MiB": (frame(TEXT, b"[" * MIB), 1009),
    "length of 2^62 claimed": (frame(TEXT, b"x", claimed=2**62), 1009),
    "length of 2^63 - 1 claimed": (frame(TEXT, b"x", claimed=2**63 - 1), 1009),
    "64 fragments and one": (frame(TEXT, b" ", fin=False) + frame(CONTINUED, b"", fin=False) * 80, 4002),
    "a thousand pings": (frame(PING, b"x" * 125) * 1_000, 4002),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_frame_that_is_none_ends_the_connection_with_its_code(raw: Raw, name: str) -> None:
    sent, code = BROKEN[name]
    raw.send(sent)
    assert raw.closed() == code


# --- what this protocol forbids

HOSTILE: Final = [item for item in inputs() if item.text and len(item.raw) <= FRAME_IN]
TOO_LARGE: Final = [item for item in inputs() if item.text and len(item.raw) > FRAME_IN]
NOT_UTF8: Final = [item for item in inputs() if not item.text]


@pytest.mark.parametrize("item", HOSTILE, ids=lambda item: item.name)
def test_a_message_that_is_none_is_said_and_forgotten(raw: Raw, item: Hostile) -> None:
    raw.send(frame(TEXT, item.raw))
    problem = raw.until("error")["problem"]
    assert problem["type"] == "/problems/invalid"
    assert problem["detail"]
    assert len(json.dumps(problem)) < 2_000
    raw.say(type="time", t0=9)
    assert raw.until("time")["t0"] == 9


@pytest.mark.parametrize("item", TOO_LARGE, ids=lambda item: item.name)
def test_a_message_that_is_too_large_is_cut(raw: Raw, watch: Watch, item: Hostile) -> None:
    raw.send(frame(TEXT, item.raw[: 2 * MIB], claimed=len(item.raw)))
    assert raw.closed() == 1009
    watch.bounded()


@pytest.mark.parametrize("item", NOT_UTF8, ids=lambda item: item.name)
def test_bytes_are_refused_as_text_and_as_binary(feed: FeedProcess, token: str, raw: Raw, item: Hostile) -> None:
    raw.send(frame(TEXT, item.raw))
    assert raw.closed() == 1007
    other = Raw(feed, token)
    other.send(frame(BINARY, item.raw))
    assert other.closed() == 1003
    other.close()


def test_sixteen_faults_are_enough(raw: Raw) -> None:
    raw.send(frame(TEXT, b"{}") * 16)
    assert raw.closed() == 4002


def test_a_flood_of_good_frames_is_cut(raw: Raw) -> None:
    raw.send(frame(TEXT, JSON_FRAME) * 400)
    assert raw.closed() == 4002


def test_too_many_subscriptions_are_refused_one_by_one(raw: Raw) -> None:
    for number in range(16):
        raw.say(type="subscribe", sub=f"s{number}", filter={"all": True})
    raw.say(type="subscribe", sub="one-more", filter={"all": True})
    assert raw.until("error")["problem"]["pointer"] == "/sub"


# --- peers that misbehave without a wrong frame


def test_a_storm_of_wrong_frames_costs_others_nothing(
    feed: FeedProcess, token: str, watch: Watch, neighbor: Raw
) -> None:
    """Two hundred connections, each wrong in its own way; the neighbor's answers come as before, and so do events."""
    before = descriptors(watch.pid)
    waits: list[float] = []
    noise = random.Random(20261122)
    wrong = [sent for sent, _ in BROKEN.values()] * 4 + [noise.randbytes(noise.randint(2, 400)) for _ in range(80)]
    with watch.nothing_stored():
        for number, sent in enumerate(wrong):
            connection = Raw(feed, token)
            connection.send(sent)
            connection.close()
            if number % 5 == 0:
                began = time.monotonic()
                served(neighbor)
                waits.append(time.monotonic() - began)
    assert sorted(waits)[len(waits) * 9 // 10] < 0.5
    assert settled(watch, before), "connections are kept that were cut"
    event = {
        "specversion": "1.0",
        "id": os.urandom(4).hex(),
        "source": "/frames",
        "type": "org.watchfloor.escalation.raised.v1",
        "data": {"case_type": "QUERY", "summary": "after the storm", "source": {"kind": "internal"}},
    }
    with httpx.Client(base_url=feed.url, headers={"authorization": f"Bearer {token}"}, trust_env=False) as client:
        answer = client.post("/v1/intake", json=event, headers={"content-type": "application/cloudevents+json"})
        assert answer.status_code == 202
    events = neighbor.until("events")
    assert events["events"][-1]["case_id"] == answer.json()["case_id"]


def test_connections_that_end_without_a_word_are_forgotten(feed: FeedProcess, token: str, watch: Watch) -> None:
    before = descriptors(watch.pid)
    for number in range(50):
        connection = Raw(feed, token)
        connection.say(type="subscribe", sub="main", filter={"all": True})
        if number % 2:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert settled(watch, before)
    watch.alive()
