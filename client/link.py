"""The socket under the link: connects, carries frames between the feed and `LinkState`, and does nothing else.

websockets is imported when the link connects. No proxy, no redirects, no
compression (the feed offers none), frames up to `limits.FRAME_OUT`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from client import http
from client.config import Profile
from client.errors import ClientError
from client.link_state import LinkState
from protocol import codec, limits
from protocol.frames import SUBPROTOCOL, Auth

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

TICK_S: Final = 0.25
HANDSHAKE_S: Final = 5.0
REST_S: Final = 1.0
"""At most so long waits a snapshot for its first page to be painted."""
_BREATH_S: Final = 0.001
_PAUSE_MS: Final = 0.5
"""From so long on between two frames nothing waited to be taken."""
_SLICE_MS: Final = 2.0
"""How long frames are taken before others on the event loop get their turn."""


class Link:
    """Keeps one connection to the feed of `profile` open. `now` gives ms on the clock that `state` is told."""

    def __init__(
        self,
        profile: Profile,
        state: LinkState,
        *,
        now: Callable[[], float],
        on_change: Callable[[], None],
        page_first: bool = False,
    ) -> None:
        self._profile = profile
        self._state = state
        self._now = now
        self._on_change = on_change
        self._connection: ClientConnection | None = None
        self._sent_token: str | None = None
        self._wake = asyncio.Event()
        self._on = asyncio.Event()
        """Not set: a snapshot rests after its first page."""
        if not page_first:
            self._on.set()

    async def run(self) -> None:
        """Connect and connect again until canceled."""
        ticker = asyncio.create_task(self._tick(), name="link ticks")
        try:
            while True:
                await self._wait_for_turn()
                self._state.connecting(self._now())
                self._tell()
                await self._connect_once()
                self._tell()
        finally:
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker

    def poke(self) -> None:
        """Something is to be sent that nothing from the feed brought about."""
        self._wake.set()

    def go_on(self) -> None:
        """Whoever wanted to paint the first page has done so."""
        self._on.set()

    async def _wait_for_turn(self) -> None:
        await asyncio.sleep(0)  # whatever fails at once, others get their turn
        while True:
            retry_at = self._state.retry_at
            wait_ms = 0.0 if retry_at is None else retry_at - self._now()
            if wait_ms <= 0:
                return
            # In short steps: after a suspend the time is long over, and sleep does not know.
            await asyncio.sleep(min(wait_ms / 1_000, TICK_S))

    async def _connect_once(self) -> None:
        state = self._state
        try:
            connection = await self._open()
        except ClientError as error:
            state.lost(self._now(), reason=str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever the network does, the console goes on and says so
            status = _status(error)
            refused = status in (401, 403)
            why = f"the feed answered {status}" if status else http.reason(error)
            state.lost(self._now(), reason=why, refused=refused)
            return
        self._connection = connection
        try:
            state.connected(self._now())
            await self._read(connection)
        finally:
            self._connection = None
            code, reason = connection.close_code, connection.close_reason
            # A close handshake would wait for a peer that may be gone.
            connection.transport.abort()
            state.lost(self._now(), code=code if code not in (1000, 1006) else None, reason=reason or "")

    async def _open(self) -> ClientConnection:
        from websockets.asyncio.client import ClientConnection, connect

        state, now = self._state, self._now

        class Connection(ClientConnection):
            def data_received(self, data: bytes) -> None:
                state.arriving(now())
                super().data_received(data)

        class Connect(connect):
            def process_redirect(self, exc: Exception) -> Exception | str:
                return exc  # a token goes where it was meant to go

        place = self._profile.address
        self._sent_token = self._profile.read_token()
        more: dict[str, Any] = {}
        if place.socket is not None:
            more = {"unix": True, "path": place.socket}
        elif (context := http.tls(self._profile)) is not True:
            more = {"ssl": context}
        return await Connect(
            "ws://localhost/v1/feed" if place.socket is not None else place.feed_uri,
            additional_headers=http.headers(self._profile),
            user_agent_header=None,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str, which is not imported here
            compression=None,
            proxy=None,
            max_size=limits.FRAME_OUT,
            open_timeout=HANDSHAKE_S,
            close_timeout=1,
            create_connection=Connection,
            ping_interval=None,  # heartbeats tell more: that the feed's log is alive, not only its socket
            **more,
        )

    async def _read(self, connection: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        state = self._state
        spent, ended = 0.0, self._now()
        try:
            while state.hang_up is None:
                data = await connection.recv(decode=False)
                began = self._now()
                if began - ended > _PAUSE_MS:
                    spent = 0.0  # it waited: the others had their turn
                state.received(data, began)
                await self._send(connection)
                self._tell()
                if not self._on.is_set() and state.mirror.loading and state.mirror.rows:
                    await self._rest()
                ended = self._now()
                spent += ended - began
                if spent >= _SLICE_MS or len(data) > limits.EVENTS_BYTES // 4:
                    # A key goes through several hands before it is painted: let it, at once.
                    spent = 0.0
                    await asyncio.sleep(_BREATH_S)
        except ConnectionClosed:
            return

    async def _rest(self) -> None:
        """Let the first page be painted."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._on.wait(), REST_S)
        self._on.set()

    async def _send(self, connection: ClientConnection) -> None:
        if self._state.token_wanted:
            self._state.token_wanted = False
            self._renew()
        for frame in self._state.take_outbox():
            await connection.send(codec.encode(frame).decode())

    def _renew(self) -> None:
        """A newer token, if its file holds one by now."""
        try:
            token = self._profile.read_token()
        except ClientError:
            return
        if token is not None and token != self._sent_token:
            self._sent_token = token
            self._state.send(Auth(token=token))

    async def _tick(self) -> None:
        from websockets.exceptions import ConnectionClosed

        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), TICK_S)
            self._wake.clear()
            self._state.tick(self._now())
            connection = self._connection
            if connection is not None:
                if self._state.hang_up is not None:
                    connection.transport.abort()
                else:
                    with contextlib.suppress(ConnectionClosed):
                        await self._send(connection)
            self._tell()

    def _tell(self) -> None:
        if self._state.changed:
            self._state.changed = False
            self._on_change()


def _status(error: Exception) -> int | None:
    """The HTTP status with which a handshake was refused."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return status if isinstance(status, int) else None
