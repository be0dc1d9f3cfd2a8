"""The contract with uvicorn's private parts. If an upgrade breaks one of these, read feed/transport.py again."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from uvicorn import Config
from websockets.asyncio.client import unix_connect

from feed import transport as parts
from feed.serve import listen_tcp
from feed.transport import FeedHTTPProtocol, FeedServer, FeedWebSocketProtocol, Link, link_of, text_frame


@asynccontextmanager
async def served(app: Callable[..., Awaitable[None]], directory: Path) -> AsyncIterator[str]:
    path = str(directory / "t.sock")
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    config = Config(
        app,
        http=FeedHTTPProtocol,
        ws=FeedWebSocketProtocol,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        loop="asyncio",
    )
    config.load()
    server = FeedServer(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it by a flag only
        await asyncio.sleep(0)
    try:
        yield path
    finally:
        server.should_exit = True
        await task


async def ask(path: str, *parts: bytes) -> bytes:
    """Send the first part; after the head of an answer the next; all that came until the end."""
    reader, writer = await asyncio.open_unix_connection(path)
    answer = b""
    try:
        async with asyncio.timeout(5):
            for number, part in enumerate(parts):
                if number:
                    answer += await reader.readuntil(b"\r\n\r\n")
                writer.write(part)
            return answer + await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_the_scope_carries_the_transport_and_the_peer(tmp_path: Path) -> None:
    seen: list[Link | None] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(link_of(scope))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with served(app, tmp_path) as path:
        await ask(path, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert seen[0] is not None
    assert seen[0].peer_uid == os.getuid()
    assert isinstance(seen[0].transport, asyncio.Transport)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
async def test_frames_on_the_transport_arrive_between_those_of_uvicorn(tmp_path: Path, size: int) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        link = link_of(scope)
        assert link is not None
        await send({"type": "websocket.send", "text": "first"})
        link.transport.write(text_frame(b"x" * size))
        await send({"type": "websocket.send", "text": "last"})
        await receive()

    async with served(app, tmp_path) as path, unix_connect(path, uri="ws://x/") as ws, asyncio.timeout(5):
        assert [await ws.recv(), await ws.recv(), await ws.recv()] == ["first", "x" * size, "last"]


async def test_a_full_transport_says_so_and_says_when_there_is_room(tmp_path: Path) -> None:
    links: list[Link] = []
    done = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        link = link_of(scope)
        assert link is not None
        links.append(link)
        link.transport.set_write_buffer_limits(high=1_000, low=100)
        while not link.paused:
            link.transport.write(text_frame(b"y" * 10_000))
        assert not link.room.is_set()
        await link.room.wait()
        assert link.room.is_set()
        done.set()
        await receive()

    async with served(app, tmp_path) as path, unix_connect(path, uri="ws://x/", max_queue=1) as ws:
        async with asyncio.timeout(5):
            while not done.is_set():
                await ws.recv()
    assert links[0].closed
    assert links[0].room.is_set()


async def test_the_kernel_holds_a_bounded_part_for_a_console(tmp_path: Path) -> None:
    sizes: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        link = link_of(scope)
        assert link is not None
        sock = link.transport.get_extra_info("socket")
        sizes.append(sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF))
        await send({"type": "websocket.close"})

    async with served(app, tmp_path) as path, unix_connect(path, uri="ws://x/") as ws, asyncio.timeout(5):
        await ws.wait_closed()
    assert sizes[0] in (parts.SEND_BUFFER, 2 * parts.SEND_BUFFER)  # Linux tells twice what it was asked for


async def test_a_head_that_never_ends_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "REQUEST_SECONDS", 0.1)
    answered: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        answered.append(scope["path"])
        await asyncio.sleep(0.3)  # longer than the bound: it is on the head alone
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with served(app, tmp_path) as path:
        assert await ask(path, b"GET / HTTP/1.1\r\nHost:") == b""
        whole = await ask(path, b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert whole.startswith(b"HTTP/1.1 204")
        second = await ask(path, b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /two HTTP/1.1\r\nHos")
        assert second.startswith(b"HTTP/1.1 204")
    assert answered == ["/slow", "/one"]


async def test_the_bound_on_a_head_leaves_an_open_websocket_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "REQUEST_SECONDS", 0.1)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.sleep(0.3)  # three times the bound, and nothing came from either side
        await send({"type": "websocket.send", "text": "still here"})
        await receive()

    async with served(app, tmp_path) as path, unix_connect(path, uri="ws://x/") as ws, asyncio.timeout(5):
        assert await ws.recv() == "still here"


def test_text_frames_are_rfc_6455() -> None:
    assert text_frame(b"") == b"\x81\x00"
    assert text_frame(b"a" * 126)[:4] == b"\x81\x7e\x00\x7e"
    assert text_frame(b"a" * 65_536)[:10] == b"\x81\x7f" + (65_536).to_bytes(8, "big")


async def test_small_answers_do_not_wait_for_an_acknowledgment() -> None:
    """Nagle's algorithm is off on accepted connections: asyncio does that only where the socket names its protocol."""
    off: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Accepted(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            sock = transport.get_extra_info("socket")
            off.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    listening = listen_tcp("127.0.0.1:0")
    host, port = listening.getsockname()
    server = await asyncio.get_running_loop().create_server(Accepted, sock=listening)
    async with server, asyncio.timeout(5):
        _, writer = await asyncio.open_connection(host, port)
        assert await off
        writer.close()
        await writer.wait_closed()
