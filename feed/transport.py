"""The one place that reaches into uvicorn: the peer and the transport in the scope, and frames written straight to it.

Private techniques live here, each with a contract test (tests/feed/test_transport.py) that fails loudly on an upgrade
of the pinned uvicorn:

* a protocol class that wraps `self.app` in `connection_made`, so that the scope carries SO_PEERCRED and the transport;
* one pre-encoded WebSocket frame written to many transports. uvicorn writes whole frames to the same transport, so ours
  and its own (pings, the closing handshake) never mix inside a frame;
* what uvicorn, h11 and websockets refuse before a request exists is a problem document as well, and a peer that sends
  pings or fragments without end is cut instead of being kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Callable, Generator
from typing import Any, Final

import h11
from msgspec import Struct, field
from uvicorn import Server
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Response

from protocol import limits, problems
from protocol.problems import Problem, problem

SCOPE_KEY: Final = "watchfloor.link"
SEND_BUFFER: Final = 128 * 1024
"""Asked of the kernel for a console's socket; Linux takes twice as much, for its own bookkeeping."""
REQUEST_SECONDS: Final = 15.0
"""A connection that has not sent a whole request head by then is closed."""
PROTOCOL: Final = 4002


class Link(Struct, eq=False):
    """What a request came over: the transport, and on a Unix socket the uid of the peer."""

    transport: asyncio.Transport
    peer_uid: int | None
    closed: bool = False
    paused: bool = False
    """The write buffer went over its high-water mark and is not yet down to the low one."""
    room: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while there is room in the write buffer, and when the connection is lost."""

    def __post_init__(self) -> None:
        self.room.set()


def link_of(scope: Any) -> Link | None:
    """The link that `scope` came over; None under a test client."""
    found = scope.get(SCOPE_KEY)
    return found if isinstance(found, Link) else None


def peer_uid(transport: asyncio.Transport) -> int | None:
    """The uid at the other end of a Unix socket, as the kernel saw it at connect; None on TCP."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return None
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", raw)
    return int(uid)


def _bound_send_buffer(transport: asyncio.Transport) -> None:
    """Without this, Linux keeps up to 4 MiB for a reader that does not read before anybody here notices."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def text_frame(payload: bytes) -> bytes:
    """One final, unmasked WebSocket text frame (RFC 6455, section 5.2) around UTF-8 `payload`."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def not_http(status: int) -> Problem:
    """What is said to a peer whose bytes are no request: 431 or 414 for a head that is too long, else `invalid`."""
    if status in (414, 431):
        title = problems.TITLE["too-large"]
        return Problem(type="/problems/too-large", title=title, status=status, detail="The head of the request is.")
    if status == 403:
        return problem("forbidden", "The feed does not take this connection.")
    if status >= 500:
        return Problem(type="about:blank", title="The feed cannot do that", status=status)
    title = problems.TITLE["invalid"]
    return Problem(type="/problems/invalid", title=title, status=status, detail="This is no request that HTTP knows.")


class FeedHTTPProtocol(H11Protocol):
    """HTTP with the link in the scope, and a bound on how long a request head may take."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        link = Link(transport=transport, peer_uid=peer_uid(transport))
        inner = self.app

        async def with_link(scope: Any, receive: Any, send: Any) -> None:
            self._stop_head_timer()
            scope[SCOPE_KEY] = link
            await inner(scope, receive, send)

        self.app = with_link
        self._head_timer = self.loop.call_later(REQUEST_SECONDS, transport.close)

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._stop_head_timer()
        super().handle_websocket_upgrade(event)

    def _should_upgrade(self) -> bool:
        # A handshake is a GET of HTTP/1.1 (RFC 6455, section 4.1); uvicorn would write that over whatever came.
        asked = self.scope["method"] == "GET" and self.scope["http_version"] == "1.1"
        return asked and super()._should_upgrade()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._stop_head_timer()

    def data_received(self, data: bytes) -> None:
        # uvicorn drops its keep-alive timer at the first byte of the next request; a head sent drop by drop meets this.
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            return  # it is a WebSocket from here on, which may be silent for as long as it likes
        cycle: RequestResponseCycle | None = self.cycle
        if (cycle is None or cycle.response_complete) and self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """uvicorn calls this while it handles what h11 raised, and would answer in plain text."""
        fault = sys.exc_info()[1]
        if self.cycle is not None:
            # Whoever waits for the rest of this body waits in vain.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            bad = not_http(fault.error_status_hint if isinstance(fault, h11.RemoteProtocolError) else 400)
            body = problems.encode(bad)
            headers = [
                ("content-type", problems.MEDIA_TYPE),
                ("content-length", str(len(body))),
                ("cache-control", "no-store"),
                ("connection", "close"),
            ]
            for event in (
                h11.Response(status_code=bad.status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)


class FeedServer(Server):
    """uvicorn's server on sockets of ours: TLS on TCP only, and no signal handlers of its own."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            return FeedHTTPProtocol(self.config, self.server_state, self.lifespan.state, loop)

        self.servers = [
            await loop.create_server(
                protocol,
                sock=sock,
                # Peers on a Unix socket are on this host and known by their uid.
                ssl=None if sock.family == socket.AF_UNIX else self.config.ssl,
                backlog=self.config.backlog,
            )
            for sock in sockets or ()
        ]
        self.started = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class FeedWebSocketProtocol(WebSocketsSansIOProtocol):
    """The WebSocket side of the same. One message is bounded by uvicorn; here pings and fragments are."""

    _link: Link | None = None
    _pings: tuple[float, float] = (2.0 * limits.FRAMES_PER_SECOND, 0.0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        _bound_send_buffer(self.transport)
        link = self._link = Link(transport=self.transport, peer_uid=peer_uid(self.transport))
        inner = self.app

        async def with_link(scope: Any, receive: Any, send: Any) -> None:
            scope[SCOPE_KEY] = link
            await inner(scope, receive, send)

        self.app = with_link
        self.conn.reject = _rejecting(self.conn.reject)  # type: ignore[method-assign]  # the one door of refusals

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.handshake_initiated and self.conn.handshake_exc is not None and not self.transport.is_closing():
            # websockets wrote its refusal of the handshake; uvicorn would neither send it nor ever close.
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_ping(self) -> None:
        waiting = b"".join(self.conn.data_to_send())
        if self.close_sent:
            return
        now = self.loop.time()
        left, at = self._pings
        left = min(2.0 * limits.FRAMES_PER_SECOND, left + (now - at) * limits.FRAMES_PER_SECOND)
        self._pings = (left - 1, now)
        if left < 1:
            self._cut("too many pings")
        elif self._link is None or not self._link.paused:
            # A peer that reads nothing gets no pongs either: they would pile up.
            self.transport.write(waiting)

    def handle_cont(self, event: Frame) -> None:
        if self.close_sent:
            return
        if len(self.frames) >= limits.FRAGMENTS:
            self._cut("too many fragments")
        else:
            super().handle_cont(event)

    def _cut(self, reason: str) -> None:
        self.frames = []
        self.conn.send_close(PROTOCOL, reason)
        self.handle_parser_exception()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._link is not None:
            self._link.paused = True
            self._link.room.clear()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._link is not None:
            self._link.paused = False
            self._link.room.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._link is not None:
            self._link.closed = True
            self._link.room.set()
        super().connection_lost(exc)


def _rejecting(reject: Callable[..., Response]) -> Callable[..., Response]:
    """The refusals of a handshake as problem documents, with their status and every header but the body's."""

    def rejecting(status: Any, text: str) -> Response:
        response = reject(status, text)
        response.body = problems.encode(not_http(int(status)))
        for name, value in (("Content-Type", problems.MEDIA_TYPE), ("Content-Length", str(len(response.body)))):
            del response.headers[name]
            response.headers[name] = value
        return response

    return rejecting
