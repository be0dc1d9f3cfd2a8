"""A load of HTTP requests over keep-alive connections: raw sockets on one loop, requests made before the clock starts.

Each connection has one request in flight (no pipelining). Of an answer only the status and the length are read, so that
the client takes a small part of what the server takes; how small is measured and reported.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Final, NamedTuple

from bench.report import percentile

_LENGTH: Final = b"content-length: "
_PATIENCE_S: Final = 20.0
_END: Final = b"\r\n\r\n"


class Load(NamedTuple):
    """What a load found. Latencies in ms."""

    answered: int
    seconds: float
    p50: float
    p99: float
    client_cpu: float
    """The client's own share of a core, 0 to 1."""

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


class NotServed(Exception):
    """The server refused or dropped a request of the load."""


def request(path: str, body: bytes, headers: Sequence[tuple[str, str]] = (), media: str = "application/json") -> bytes:
    """A POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", f"content-type: {media}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + _END + body


def drive(host: str, port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Load:
    """Send `requests` over `connections` for `seconds`. Raises `NotServed` if one is not answered with 200 or 202."""
    return asyncio.run(_drive(host, port, requests, connections, seconds))


def pace(host: str, port: int, requests: Sequence[bytes], *, connections: int, per_second: float) -> None:
    """Send `requests` at a steady rate, later ones as soon as a connection is free; returns after the last answer.

    Raises `NotServed`.
    """
    asyncio.run(_pace(host, port, requests, connections, per_second))


async def _pace(host: str, port: int, requests: Sequence[bytes], connections: int, per_second: float) -> None:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    todo = iter(requests)
    free: asyncio.Queue[_User] = asyncio.Queue()
    for _ in range(connections):
        _, user = await loop.create_connection(lambda: _User(todo, over, free.put_nowait), host, port)
        free.put_nowait(user)
    began = loop.time()
    for number in range(len(requests)):
        await asyncio.sleep(max(0.0, began + number / per_second - loop.time()))
        user = await _unless(over, free.get())
        user.ask()
    users = [await _unless(over, free.get()) for _ in range(connections)]
    over.set_result(None)
    for user in users:
        user.leave()


async def _unless(over: asyncio.Future[None], turn: Coroutine[None, None, _User]) -> _User:
    """The next free connection. Raises what ended the load, if that comes first."""
    waiting = asyncio.ensure_future(turn)
    await asyncio.wait((waiting, over), return_when=asyncio.FIRST_COMPLETED)
    if over.done():
        waiting.cancel()
        over.result()
    return await waiting


async def _drive(host: str, port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    begun = asyncio.Event()

    def answered(user: _User) -> None:
        begun.set()
        user.ask()

    users = []
    for _ in range(connections):
        _, user = await loop.create_connection(lambda: _User(requests, over, answered), host, port)
        users.append(user)
    cpu, began = time.process_time(), time.perf_counter()
    for user in users:
        user.ask()
    try:
        async with asyncio.timeout(seconds):
            await over
    except TimeoutError:
        # A disk that is busy elsewhere may take longer than a short run.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(begun.wait(), _PATIENCE_S)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    for user in users:
        user.leave()
    latencies = sorted(latency for user in users for latency in user.latencies)
    if not latencies:
        raise NotServed("nothing was answered in time")
    return Load(
        answered=len(latencies),
        seconds=took,
        p50=percentile(latencies, 0.5) * 1000,
        p99=percentile(latencies, 0.99) * 1000,
        client_cpu=cpu / took,
    )


class _User(asyncio.Protocol):
    """One connection; `then` is called when an answer is whole."""

    def __init__(self, requests: Iterator[bytes], over: asyncio.Future[None], then: Callable[[_User], None]) -> None:
        self._requests = requests
        self._over = over
        self._then = then
        self._held = b""
        self._asked = 0.0
        self._write: Callable[[bytes], None] | None = None
        self._transport: asyncio.Transport | None = None
        self.latencies: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._write = transport.write

    def ask(self) -> None:
        assert self._write is not None
        following = next(self._requests, None)
        if following is None:
            self._end(NotServed("the load ran out of requests; make more of them"))
            return
        self._asked = time.perf_counter()
        self._write(following)

    def data_received(self, data: bytes) -> None:
        if self._over.done():
            return
        if self._held:
            data = self._held + data
        head = data.find(_END)
        at = data.find(_LENGTH, 0, head)
        if head < 0 or at < 0 or len(data) < head + 4 + int(data[at + len(_LENGTH) : data.find(b"\r", at)]):
            self._held = data
            return
        self._held = b""
        if not data.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
            self._end(NotServed(f"an answer was {data[:400]!r}"))
            return
        self.latencies.append(time.perf_counter() - self._asked)
        self._then(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(NotServed("the server closed a connection"))

    def leave(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _end(self, fault: NotServed) -> None:
        if not self._over.done():
            self._over.set_exception(fault)
