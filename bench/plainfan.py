"""What the feed's fan-out is held against: `raw` asyncio transports, and `broadcast` of the websockets library.

Run as `python -m bench.plainfan KIND SOCKET`. Consoles connect to the address that it prints; who connects to the Unix
socket SOCKET sends frames, each after its length in four bytes, and every frame goes to every console as it is.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.typing import Subprotocol

from bench.arrivals import head_size
from feed.transport import text_frame

HELLO: Final = b'{"type":"hello"}'
"""Tells a console that from here on it gets everything."""


class Raw(asyncio.Protocol):
    """A console of plain TCP."""

    consoles: set[asyncio.Transport] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.consoles.add(transport)
        transport.write(text_frame(HELLO))

    def connection_lost(self, exc: Exception | None) -> None:
        self.consoles.discard(self._transport)


class Sender(asyncio.Protocol):
    """The one who sends frames."""

    def __init__(self) -> None:
        self._held = b""

    def data_received(self, data: bytes) -> None:
        data = self._held + data
        at = 0
        while len(data) - at >= 4:
            size = int.from_bytes(data[at : at + 4], "big")
            if len(data) - at - 4 < size:
                break
            self.send(data[at + 4 : at + 4 + size])
            at += 4 + size
        self._held = data[at:]

    def send(self, frame: bytes) -> None:
        for console in Raw.consoles:
            console.write(frame)


class Broadcaster(Sender):
    """The same through websockets.broadcast; its library makes the frames, so it gets their text."""

    consoles: set[ServerConnection] = set()

    def send(self, frame: bytes) -> None:
        broadcast(self.consoles, frame[head_size(frame[1]) :].decode())


async def _stay(connection: ServerConnection) -> None:
    Broadcaster.consoles.add(connection)
    await connection.send(HELLO.decode())
    try:
        await connection.wait_closed()
    finally:
        Broadcaster.consoles.discard(connection)


async def main(kind: str, path: str) -> None:
    loop = asyncio.get_running_loop()
    if kind == "raw":
        await loop.create_unix_server(Sender, path)
        raw = await loop.create_server(Raw, "127.0.0.1", 0, backlog=4096)
        port = raw.sockets[0].getsockname()[1]
    else:
        await loop.create_unix_server(Broadcaster, path)
        served = await serve(
            _stay,
            "127.0.0.1",
            0,
            compression=None,
            ping_interval=None,
            subprotocols=[Subprotocol("watchfloor.v1")],
            backlog=4096,
        )
        port = next(iter(served.sockets)).getsockname()[1]
    print(f"ready http://127.0.0.1:{port}", flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
