"""One run of a fan-out: consoles in a process of their own, a sender apart from them, and the server between."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from bench import sample
from bench.arrivals import PREFIX, Found, events_in, head_size
from bench.consoles import Plan
from bench.feedprocess import ROOT, Running
from bench.httpload import pace, request
from feed.transport import text_frame

CASES: Final = 200
_GRACE_S: Final = 20.0
_SENDERS: Final = 32


class Load(NamedTuple):
    """Requests, how many a second, and the events that all of them make."""

    requests: list[bytes]
    per_second: float
    events: int


class Sent(NamedTuple):
    """A frame and the time of its arrival (s)."""

    at: float
    frame: bytes

    @property
    def events(self) -> int:
        return events_in(self.frame[head_size(self.frame[1]) :][:PREFIX])


class Run(NamedTuple):
    """What the consoles found, what the server took for it, how much it grew and what waits in its sockets (bytes)."""

    found: Found
    cpu: float
    grown: int
    waiting: int

    @property
    def per_second(self) -> float:
        return self.found.deliveries / max(1e-9, self.found.last - self.found.first)


def through_feed(
    feed: Running, groups: list[tuple[str, int]], load: Load, *, stalled: int = 0, recorded: str = ""
) -> Run:
    """Consoles on the feed, commands over HTTP from here; what one console got is put into the file `recorded`."""
    plan = Plan(
        host=feed.host,
        port=feed.port,
        groups=groups,
        websocket=True,
        cursor=_cursor(feed, groups[0][0]),
        stalled=stalled,
        recorded=recorded,
    )
    with _consoles(plan, feed) as watching:
        pace(feed.host, feed.port, load.requests, connections=_SENDERS, per_second=load.per_second)
        return watching.result(load.events * (sum(count for _, count in groups) - stalled))


def through_plain(server: Running, path: Path, consoles: int, frames: Sequence[Sent], *, websocket: bool) -> Run:
    """The same frames at the same times through a plain server (bench.plainfan), sent from here."""
    plan = Plan(host=server.host, port=server.port, groups=[("", consoles)], websocket=websocket)
    with _consoles(plan, server) as watching, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.connect(str(path))
        began = time.monotonic()
        for at, frame in frames:
            time.sleep(max(0.0, began + (at - frames[0].at) - time.monotonic()))
            control.sendall(len(frame).to_bytes(4, "big") + frame)
        return watching.result(consoles * sum(sent.events for sent in frames))


def frames_in(recorded: Path) -> list[Sent]:
    """The frames with events among the bytes that a console recorded."""
    chunks = msgspec.msgpack.decode(recorded.read_bytes(), type=list[tuple[float, bytes]])
    found: list[Sent] = []
    held = b""
    for at, data in chunks:
        held += data
        while len(held) > 10:
            head = head_size(held[1])
            body = held[1] if head == 2 else int.from_bytes(held[2:head], "big")
            if len(held) < head + body:
                break
            sent = Sent(at, held[: head + body])
            held = held[head + body :]
            if sent.events:
                found.append(sent)
    return found


def one_by_one(frames: Sequence[Sent]) -> list[Sent]:
    """Each event of `frames` in a frame of its own, spread over the time that its frame waited for it."""
    found: list[Sent] = []
    before = frames[0].at
    for at, frame in frames:
        said = json.loads(frame[head_size(frame[1]) :])
        prev = said["prev"]
        for place, event in enumerate(said["events"], 1):
            alone = {**said, "prev": prev, "seq": event["seq"], "events": [event]}
            prev = event["seq"]
            when = before + (at - before) * place / len(said["events"])
            found.append(Sent(when, text_frame(json.dumps(alone, separators=(",", ":")).encode())))
        before = at
    return found


class _Watching:
    """The running process of consoles."""

    def __init__(self, process: subprocess.Popen[str], server: Running) -> None:
        self._process = process
        self._server = server
        self.hear()
        self._cpu = server.cpu_seconds()
        self._resident = server.resident()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the consoles ended early; their reason stands above")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def tell(self, **told: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()

    def result(self, expected: int) -> Run:
        """What came, once `expected` deliveries have or time is up."""
        self.tell(expect=expected, seconds=_GRACE_S)
        found = msgspec.convert(self.hear(), Found)
        cpu, grown = self._server.cpu_seconds() - self._cpu, self._server.resident() - self._resident
        return Run(found, cpu, grown, _in_sockets(self._server.port))


@contextlib.contextmanager
def _consoles(plan: Plan, server: Running) -> Iterator[_Watching]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.consoles"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    try:
        process.stdin.write(msgspec.json.encode(plan).decode() + "\n")
        process.stdin.flush()
        yield _Watching(process, server)
    finally:
        process.kill()
        process.communicate()


def _cursor(feed: Running, token: str) -> dict[str, Any]:
    """Where the log stands: consoles go on from there and need no snapshot."""
    connection = http.client.HTTPConnection(feed.host, feed.port, timeout=30)
    connection.request("GET", "/v1/audit/head", headers={"authorization": f"Bearer {token}"})
    head = json.loads(connection.getresponse().read())
    connection.close()
    return {name: head[name] for name in ("epoch", "seq", "head_hash")}


def notes(token: str, *, requests: int, at_once: int, per_second: float) -> Load:
    """Notes on many cases, `at_once` in a request: short events, as many a second as a busy floor ever has."""
    batch = uuid.uuid4().hex
    cases = cycle(range(CASES))
    made = []
    for number in range(requests):
        items = [
            {
                "case_id": sample.case_name(next(cases)),
                "key": f"{batch}-{number}-{item}",
                "type": "note",
                "expected_version": 1,
                "text": f"{number}-{item}: the account wrote again, the message is saved",
            }
            for item in range(at_once)
        ]
        body = json.dumps({"items": items}).encode()
        made.append(request("/v1/commands", body, [("authorization", f"Bearer {token}")]))
    return Load(made, per_second, requests * at_once)


def reports(token: str, *, requests: int, per_second: float) -> Load:
    """New cases with many subjects: events of some kilobytes, so that a console that does not read feels it soon."""
    batch = uuid.uuid4().hex
    made = []
    for number in range(requests):
        subjects = [
            {"kind": "account", "id": f"u_{batch}_{number}_{place}", "handle": f"someone_{place}" * 8, "region": "us"}
            for place in range(30)
        ]
        data = {"case_type": "PRESS", "summary": "Many accounts", "source": {"kind": "press"}, "subjects": subjects}
        event = {
            "specversion": "1.0",
            "type": "org.watchfloor.escalation.raised.v1",
            "source": "bench",
            "id": f"{batch}-{number}",
            "data": data,
        }
        media = "application/cloudevents+json"
        made.append(request("/v1/intake", json.dumps(event).encode(), [("authorization", f"Bearer {token}")], media))
    return Load(made, per_second, requests)


def _in_sockets(port: int) -> int:
    """Bytes that wait in the kernel to be sent from `port` of the loopback."""
    waiting = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port:
            waiting += int(fields[4].partition(":")[0], 16)
    return waiting
