"""What the proofs against hostile input share: the inputs, a raw connection, and how the feed is found unharmed."""

from __future__ import annotations

import base64
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from msgspec import Struct

from tests.floorprocess import FeedProcess

MIB: Final = 1024 * 1024
GROWTH: Final = 64 * MIB
"""How much a feed's memory may grow over everything that is thrown at it."""
PATIENCE_S: Final = 10.0


class Hostile(Struct, frozen=True):
    """One input by its name: bytes, and whether they were meant as text."""

    name: str
    raw: bytes
    text: bool


def inputs() -> list[Hostile]:
    """The inputs of `data/hostile.jsonl`, one JSON object a line: text, bytes in base64, or a unit repeated n times."""
    found = []
    for line in (Path(__file__).parent / "data" / "hostile.jsonl").read_text(encoding="utf-8").splitlines():
        given: dict[str, Any] = json.loads(line)
        if "base64" in given:
            found.append(Hostile(given["name"], base64.b64decode(given["base64"]), text=False))
        elif "repeat" in given:
            times = given["repeat"]
            text = times.get("prefix", "") + times["unit"] * times["n"] + times.get("suffix", "")
            found.append(Hostile(given["name"], text.encode(), text=True))
        else:
            found.append(Hostile(given["name"], given["text"].encode(), text=True))
    return found


# --- a connection without a library that would correct us


def dial(feed: FeedProcess) -> socket.socket:
    host, _, port = feed.url.removeprefix("http://").partition(":")
    sock = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Reply(Struct, frozen=True):
    """What came back on a raw connection. `ended` says that the feed closed it."""

    status: int
    headers: dict[str, str]
    body: bytes
    ended: bool
    seconds: float

    def problem(self) -> dict[str, Any]:
        assert self.headers.get("content-type") == "application/problem+json", (self.status, self.headers, self.body)
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status
        assert document["title"]
        return document


def exchange(feed: FeedProcess, *sent: bytes) -> Reply:
    """Send the parts and read the first answer, also if the feed stops taking what is sent."""
    began = time.monotonic()
    with dial(feed) as sock:
        sock.settimeout(PATIENCE_S)
        try:
            for part in sent:
                sock.sendall(part)
        except OSError:
            pass
        return read_reply(sock, began)


def read_reply(sock: socket.socket, began: float) -> Reply:
    data = b""
    ended = False
    while b"\r\n\r\n" not in data or len(data) < _length(data):
        try:
            part = sock.recv(65_536)
        except ConnectionError:
            part = b""
        if not part:
            ended = True
            break
        data += part
    seconds = time.monotonic() - began
    assert data, "the connection ended without an answer"
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if not ended and headers.get("connection") == "close":
        try:
            ended = not sock.recv(1)
        except OSError:
            ended = True
    return Reply(int(first.split()[1]), headers, body[: int(headers.get("content-length", len(body)))], ended, seconds)


def _length(data: bytes) -> int:
    head, _, _ = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(head) + 4 + int(line.partition(b":")[2])
    return len(head) + 4


# --- unharmed


class Watch:
    """A feed process, and what must not change about it."""

    def __init__(self, feed: FeedProcess) -> None:
        assert feed.process is not None
        self.feed = feed
        self.process = feed.process
        self.pid = feed.process.pid
        self.client = httpx.Client(
            base_url=feed.url,
            headers={"authorization": f"Bearer {feed.token('watch', 'auditor,viewer')}"},
            trust_env=False,
            timeout=PATIENCE_S,
        )
        self.client.get("/v1/snapshot")
        self.start = resident(self.pid)

    def head(self) -> dict[str, Any]:
        answer = self.client.get("/v1/audit/head")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    def alive(self) -> None:
        assert self.process.poll() is None, "the feed has ended"
        assert self.client.get("/healthz").json() == {"status": "ok"}
        assert self.client.get("/readyz").status_code == 200

    def bounded(self) -> None:
        grown = resident(self.pid) - self.start
        assert grown < GROWTH, f"the feed grew by {grown / MIB:.0f} MiB"

    @contextmanager
    def nothing_stored(self, *, refused_logins: bool = False) -> Iterator[None]:
        """What is done inside leaves the log as it was; refused logins are on record, and nothing else."""
        before = self.head()
        yield
        self.alive()
        after = self.head()
        if refused_logins and after != before:
            events = self.client.get("/v1/events", params={"after": before["seq"], "limit": 1_000}).json()["events"]
            assert {(event["case_id"], event["type"]) for event in events} == {("_audit", "RefusalRecorded")}
            return
        assert after == before, "something was stored"

    def close(self) -> None:
        self.client.close()


def resident(pid: int) -> int:
    """Bytes of memory that the process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))
