"""What consoles were sent, and when: frames are told apart by their length and first bytes, and not decoded."""

from __future__ import annotations

import socket
import statistics
import time
from array import array
from typing import Final

from msgspec import Struct, field

from bench.report import percentile

PREFIX: Final = 64
"""Bytes that tell one frame from every other; those of events and marks hold `prev` and `seq`."""
_EVENTS: Final = b'{"type":"events"'
_TEXT: Final = 0x81
_CONTROL: Final = b"control"
_USUAL: Final = (_CONTROL, b'{"type":"hb"', b'{"type":"hello"', b'{"type":"mark"')


class Console:
    """One connection; `need` bytes of the frame `key` are still to come, `held` is the start of a header."""

    __slots__ = ("held", "key", "need", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.need = 0
        self.key = b""
        self.held = b""


class Found(Struct, kw_only=True):
    """What arrived: deliveries (events times consoles), times in s on the machine's monotonic clock, spreads in ms."""

    deliveries: int = 0
    frames: int = 0
    size: int = 0
    others: int = 0
    """Frames that are neither events nor heartbeats: resyncs, and the snapshots after them."""
    first: float = 0.0
    last: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    p99_of_a_frame: float = 0.0
    """p99 within one frame, of the frame in the middle: what a machine that is busy elsewhere spoils least."""
    cpu: float = 0.0
    lost: int = 0
    """Consoles whose connection ended."""


class Floor(Struct):
    """The connected consoles, and what they saw."""

    consoles: dict[int, Console] = field(default_factory=dict)
    stalled: list[socket.socket] = field(default_factory=list)
    arrivals: dict[bytes, array[float]] = field(default_factory=dict)
    size: int = 0
    lost: int = 0
    deliveries: int = 0
    greeting: bytes = b'{"type":"hello"'
    """How the frame begins after which a console gets everything."""
    greeted: int = 0


def count(floor: Floor, console: Console, data: memoryview | bytes, size: int, now: float) -> None:
    """Find the frames that end in `data`, which is what `console` got next, and note their arrival."""
    if console.held:
        data = console.held + bytes(data[:size])
        size = len(data)
        console.held = b""
    at, need = 0, console.need
    while True:
        if need:
            if at + need > size:
                console.need = need - (size - at)
                return
            at += need
            _note(floor, console.key, now)
        if at == size:
            console.need = 0
            return
        left = size - at
        head = head_size(data[at + 1]) if left > 1 else 2
        body = data[at + 1] if head == 2 and left > 1 else int.from_bytes(data[at + 2 : at + head], "big")
        if left < head or left < head + min(body, PREFIX):
            console.held = bytes(data[at:size])
            console.need = 0
            return
        # Pings and the like are no frames of ours.
        console.key = bytes(data[at + head : at + head + min(body, PREFIX)]) if data[at] == _TEXT else _CONTROL
        need = head + body


def head_size(second: int) -> int:
    """Bytes of the header of an unmasked WebSocket frame whose second byte is `second`."""
    return {126: 4, 127: 10}.get(second, 2)


def _note(floor: Floor, key: bytes, now: float) -> None:
    times = floor.arrivals.get(key)
    if times is None:
        times = floor.arrivals[key] = array("d")
    times.append(now)
    floor.deliveries += events_in(key)
    if key.startswith(floor.greeting):
        floor.greeted += 1


def events_in(key: bytes) -> int:
    """How many events a frame that begins with `key` carries; 0 for other frames."""
    if not key.startswith(_EVENTS):
        return 0
    prev = key.index(b'"prev":') + 7
    seq = key.index(b'"seq":', prev) + 6
    return int(key[seq : key.index(b",", seq)]) - int(key[prev : key.index(b",", prev)])


def summary(floor: Floor) -> Found:
    found = Found(deliveries=floor.deliveries, size=floor.size, lost=floor.lost, cpu=time.process_time())
    spreads = array("d")
    firsts, lasts, worst = [], [], []
    for key, times in floor.arrivals.items():
        if events_in(key):
            first = min(times)
            firsts.append(first)
            lasts.append(max(times))
            found.frames += 1
            late = sorted(at - first for at in times)
            worst.append(percentile(late, 0.99) * 1000)
            spreads.extend(late)
        elif not key.startswith(_USUAL):
            found.others += len(times)
    if firsts:
        ordered = sorted(spreads)
        found.p99_of_a_frame = statistics.median(worst)
        found.first, found.last = min(firsts), max(lasts)
        found.p50, found.p99 = percentile(ordered, 0.5) * 1000, percentile(ordered, 0.99) * 1000
    return found
