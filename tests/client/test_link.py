"""The link's socket against a WebSocket server of its own: what it sends, what it survives, when it comes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve, unix_serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from client.clock import ServerClock, boottime_ms
from client.config import Profile
from client.link import Link
from client.link_state import LinkState
from client.mirror import Mirror
from protocol import codec, limits
from protocol.frames import Bye, Frame
from tests.client.scripted_feed import ScriptedFeed, ScriptedLog

Handler = Callable[[ServerConnection], Awaitable[None]]


def log_of(count: int) -> ScriptedLog:
    log = ScriptedLog()
    for number in range(1, count + 1):
        log.open(number)
    return log


async def send(connection: ServerConnection, *frames: Frame) -> None:
    for frame in frames:
        await connection.send(codec.encode(frame).decode())


async def converse(connection: ServerConnection, feed: ScriptedFeed, *, beats: bool = True) -> None:
    """Greet, answer, and beat as the contract says."""
    await send(connection, feed.hello())

    async def beat() -> None:
        while True:
            await asyncio.sleep(feed.hb_ms / 1_000)
            await send(connection, *feed.news(), feed.heartbeat())

    beating = asyncio.create_task(beat()) if beats else None
    try:
        async for message in connection:
            await send(connection, *feed.answer(codec.from_client(message)))  # type: ignore[arg-type]  # as decoded
    finally:
        if beating is not None:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await beating


class Console:
    """A link that runs, and a way to wait for what becomes of it."""

    def __init__(self, profile: Profile, *, page_first: bool = False) -> None:
        self.mirror = Mirror()
        self.state = LinkState(self.mirror, ServerClock(), random=lambda: 0.0)
        self._changed = asyncio.Event()
        self.phases: list[str] = []
        self.link = Link(profile, self.state, now=boottime_ms, on_change=self._on_change, page_first=page_first)

    def _on_change(self) -> None:
        phase = self.state.status(boottime_ms()).phase
        if self.phases[-1:] != [phase]:
            self.phases.append(phase)
        self._changed.set()

    async def until(self, condition: Callable[[], bool], seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.2)

    @property
    def phase(self) -> str:
        return self.state.status(boottime_ms()).phase


@contextlib.asynccontextmanager
async def running(profile: Profile, *, page_first: bool = False) -> AsyncIterator[Console]:
    console = Console(profile, page_first=page_first)
    task = asyncio.create_task(console.link.run())
    try:
        yield console
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def server(handler: Handler, **options: object) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, subprotocols=["watchfloor.v1"], **options) as served:  # type: ignore[arg-type, list-item]  # options by name
        port = next(iter(served.sockets)).getsockname()[1]
        yield f"http://127.0.0.1:{port}"


async def test_a_snapshot_rests_after_its_first_page_until_that_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.link.REST_S", 60.0)
    log = log_of(7)

    async def handler(connection: ServerConnection) -> None:
        await converse(connection, ScriptedFeed(log, page=2))

    async with server(handler) as url, running(Profile(url=url), page_first=True) as console:
        await console.until(lambda: bool(console.mirror.rows))
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(console.mirror.rows) == 2
        console.link.go_on()
        await console.until(lambda: console.phase == "live")
        assert console.mirror.rows == log.rows


async def test_a_first_page_that_nobody_paints_does_not_hold_up_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.link.REST_S", 0.05)
    log = log_of(7)

    async def handler(connection: ServerConnection) -> None:
        await converse(connection, ScriptedFeed(log, page=2))

    async with server(handler) as url, running(Profile(url=url), page_first=True) as console:
        await console.until(lambda: console.phase == "live")
        assert console.mirror.rows == log.rows


async def test_how_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    requests: list[Request] = []
    log = log_of(3)

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        requests.append(connection.request)
        await converse(connection, ScriptedFeed(log))

    async with server(handler) as url, running(Profile(url=url, token="secret")) as console:
        await console.until(lambda: console.phase == "live")
    (request,) = requests
    assert request.path == "/v1/feed"
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["Sec-WebSocket-Protocol"] == "watchfloor.v1"
    assert "Sec-WebSocket-Extensions" not in request.headers
    assert "Origin" not in request.headers
    assert console.mirror.rows == log.rows
    # The contract test of a private part: bytes are seen before a frame is whole.
    assert console.state._arrived_at > 0


async def test_over_a_unix_socket(tmp_path: Path) -> None:
    log = log_of(2)
    path = tmp_path / "s"
    async with (
        unix_serve(
            lambda connection: converse(connection, ScriptedFeed(log)), str(path), subprotocols=["watchfloor.v1"]
        ),
        running(Profile(url=f"unix:{path}")) as console,
    ):
        await console.until(lambda: console.phase == "live")
        assert console.mirror.rows == log.rows


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a feed")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = directory / "ca.pem", directory / "key.pem"
    pem.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pem, private


async def test_over_tls_it_believes_the_authority_it_was_given_and_nobody_else(tmp_path: Path) -> None:
    pem, private = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    log = log_of(2)
    async with server(lambda connection: converse(connection, ScriptedFeed(log)), ssl=context) as url:
        url = url.replace("http:", "https:")
        async with running(Profile(url=url, token="secret", ca_file=str(pem))) as console:
            await console.until(lambda: console.phase == "live")
        async with running(Profile(url=url, token="secret")) as console:
            await console.until(lambda: console.phase == "offline")
            assert "certificate" in console.state.status(boottime_ms()).detail
        async with running(Profile(url=url, ca_file=str(private))) as console:
            await console.until(lambda: "no certificate" in console.state.status(boottime_ms()).detail)


async def test_it_follows_no_redirect() -> None:
    asked: list[str] = []

    async def elsewhere(connection: ServerConnection) -> None:
        asked.append("elsewhere")

    async with server(elsewhere) as other:

        def redirect(connection: ServerConnection, request: Request) -> Response:
            asked.append("here")
            return Response(307, "Temporary Redirect", Headers(Location=f"ws{other[4:]}/v1/feed"), b"")

        async def nobody(connection: ServerConnection) -> None: ...

        async with server(nobody, process_request=redirect) as url, running(Profile(url=url, token="t")) as console:
            await console.until(lambda: asked.count("here") >= 2)
            assert "307" in console.state.status(boottime_ms()).detail
    assert "elsewhere" not in asked


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_at_the_door(status: int) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return Response(status, "No", Headers(), b"")

    async def nobody(connection: ServerConnection) -> None: ...

    async with server(nobody, process_request=refuse) as url, running(Profile(url=url)) as console:
        await console.until(lambda: console.phase == "forbidden")


async def test_refused_later() -> None:
    async def handler(connection: ServerConnection) -> None:
        await send(connection, ScriptedFeed(log_of(1)).hello())
        await connection.close(4010, "the token has expired")

    async with server(handler) as url, running(Profile(url=url)) as console:
        await console.until(lambda: console.phase == "forbidden")
        assert "expired" in console.state.status(boottime_ms()).detail


async def test_a_feed_that_falls_silent_is_stale_and_left() -> None:
    log = log_of(2)
    connections = 0

    async def handler(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await converse(connection, ScriptedFeed(log, hb_ms=200), beats=connections > 1)

    async with server(handler) as url, running(Profile(url=url)) as console:
        await console.until(lambda: "stale" in console.phases)
        assert console.mirror.rows == log.rows
        await console.until(lambda: console.phase == "live" and connections == 2)


async def test_after_a_goodbye_it_is_back_at_once() -> None:
    log = log_of(2)
    connections = 0

    async def handler(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            feed = ScriptedFeed(log)
            await send(connection, feed.hello(), Bye(reason="an upgrade", retry_ms=0))
        await converse(connection, ScriptedFeed(log))

    async with server(handler) as url, running(Profile(url=url)) as console:
        await console.until(lambda: console.phase == "live" and connections == 2)


async def test_garbage_is_counted_and_survived() -> None:
    log = log_of(2)

    async def handler(connection: ServerConnection) -> None:
        await connection.send(b"\x00\xff")
        await connection.send("[" * 100_000)
        await connection.send(b"\xff\xfe", text=True)  # a text frame that is not UTF-8
        await converse(connection, ScriptedFeed(log))

    async with server(handler) as url, running(Profile(url=url)) as console:
        await console.until(lambda: console.phase == "live")
        assert console.state.bad_frames == 3


async def test_a_frame_that_is_too_large_is_not_taken() -> None:
    connections = 0

    async def handler(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            await connection.send("x" * (limits.FRAME_OUT + 1))
        await converse(connection, ScriptedFeed(log_of(1)))

    async with server(handler) as url, running(Profile(url=url)) as console:
        await console.until(lambda: console.phase == "live" and connections == 2)


async def test_nobody_there_is_offline_and_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with running(Profile(url=url)) as console:
            await console.until(lambda: console.phase == "offline")
            assert console.state.status(boottime_ms()).detail.startswith("No connection to the feed")


async def test_a_token_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    async with running(Profile(url="http://127.0.0.1:1", token_file=str(tmp_path / "none"))) as console:
        await console.until(lambda: "token issue" in console.state.status(boottime_ms()).detail)
