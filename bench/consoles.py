"""Many cheap consoles in one process: raw sockets and epoll, frames counted and not decoded.

Run as `python -m bench.consoles`; it is told what to do in lines of JSON on stdin and answers in lines of JSON. Of each
frame only its length and its first bytes are looked at: they say which frame it is, so that the time between its first
and its other arrivals is known.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from typing import Any, Final

from msgspec import Struct

from bench.arrivals import Console, Floor, count, summary

_BUFFER: Final = 512 * 1024
_AT_ONCE: Final = 50
_NARROW: Final = 4_096
"""The receive buffer of a console that is going to stall: the feed is to feel it soon."""
_PATIENCE_S: Final = 25.0


class Plan(Struct, kw_only=True):
    """Who connects where. `groups` are (token, count); `cursor` is where a console of the feed goes on."""

    host: str
    port: int
    groups: list[tuple[str, int]]
    websocket: bool
    cursor: dict[str, Any] | None = None
    stalled: int = 0
    recorded: str = ""
    """A file that gets what the first console was sent, with times."""


def connect(plan: Plan) -> Floor:
    """Everybody connected and, on a feed, subscribed. Raises RuntimeError if one is refused."""
    floor = Floor()
    if plan.cursor is not None:
        floor.greeting = b'{"type":"mark"'
    wanted = [token for token, count in plan.groups for _ in range(count)]
    for start in range(0, len(wanted), _AT_ONCE):
        made = []
        for place, token in enumerate(wanted[start : start + _AT_ONCE], start):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            # Spread over the groups, so that every audience has its share of those who stall.
            stalls = plan.stalled and place % (len(wanted) // plan.stalled) == 1
            if stalls:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW)
            sock.settimeout(_PATIENCE_S)
            sock.connect((plan.host, plan.port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if plan.websocket:
                sock.sendall(_upgrade(token))
            made.append((sock, stalls))
        for sock, stalls in made:
            if plan.websocket:
                _switched(sock)
                if plan.cursor is not None:
                    sock.sendall(
                        _masked({"type": "subscribe", "sub": "main", "filter": {"all": True}, "from": plan.cursor})
                    )
            if stalls:
                floor.stalled.append(sock)
            else:
                floor.consoles[sock.fileno()] = Console(sock)
    return floor


def _upgrade(token: str) -> bytes:
    lines = [
        "GET /v1/feed HTTP/1.1",
        "host: 127.0.0.1",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
        "sec-websocket-protocol: watchfloor.v1",
        f"authorization: Bearer {token}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _switched(sock: socket.socket) -> None:
    """Read the answer to the upgrade, and no byte of the frames after it."""
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            raise RuntimeError(f"the upgrade was refused: {answer[:300]!r}")
        answer += byte
    if not answer.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(f"the upgrade was refused: {answer[:300]!r}")


def _masked(frame: dict[str, Any]) -> bytes:
    """A client's text frame; a mask of zeros leaves the payload as it is."""
    payload = json.dumps(frame).encode()
    return bytes((0x81, 0x80 | 126)) + len(payload).to_bytes(2, "big") + bytes(4) + payload


def watch(floor: Floor, record: list[tuple[float, bytes]]) -> None:
    """Read until the deliveries that stdin names have come, or for the time that it names."""
    poll = select.epoll()
    for number, console in floor.consoles.items():
        console.sock.setblocking(False)
        poll.register(number, select.EPOLLIN)
    poll.register(sys.stdin.fileno(), select.EPOLLIN)
    recorded = next(iter(floor.consoles), -1)
    buffer = bytearray(_BUFFER)
    view = memoryview(buffer)
    expected, said = sys.maxsize, False
    until: float = time.monotonic() + 3_600
    while floor.deliveries < expected and time.monotonic() < until:
        if not said and floor.greeted >= len(floor.consoles):
            said = True
            print('{"ready": true}', flush=True)
        for number, _ in poll.poll(0.2):
            ready = floor.consoles.get(number)
            if ready is None:
                line = os.read(0, 4_096)
                told = json.loads(line) if line.strip() else {"expect": 0, "seconds": 0.0}
                expected, until = int(told["expect"]), time.monotonic() + float(told["seconds"])
                poll.unregister(0)
                continue
            try:
                size = ready.sock.recv_into(buffer)
            except OSError:
                size = 0
            if not size:
                floor.lost += 1
                poll.unregister(number)
                continue
            now = time.monotonic()
            floor.size += size
            if number == recorded:
                record.append((now, bytes(view[:size])))
            count(floor, ready, view, size, now)


def main() -> None:
    import msgspec

    plan = msgspec.json.decode(sys.stdin.readline().encode(), type=Plan)
    floor = connect(plan)
    record: list[tuple[float, bytes]] = []
    watch(floor, record)
    if plan.recorded:
        with open(plan.recorded, "wb") as file:
            file.write(msgspec.msgpack.encode(record))
    print(msgspec.json.encode(summary(floor)).decode(), flush=True)
    sys.stdin.readline()  # the connections stay until they have been looked at


if __name__ == "__main__":
    main()
