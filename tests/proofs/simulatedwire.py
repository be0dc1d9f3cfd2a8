"""A connection between a real feed connection and a real console core: bytes arrive late, in pieces, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from feed.auth import Login
from feed.connection import FeedConnection
from feed.node import Node
from feed.transport import Link
from protocol import limits


class Wire:
    """The line and both its ends. `cut_after`: bytes from the feed after which it breaks; None: it holds.

    It is the `asyncio.Transport` that the feed writes to. `high`: bytes on the way from which on the writer is told to
    wait; what the feed sets itself is for real sockets.
    """

    def __init__(self, node: Node, login: Login, *, cut_after: int | None, high: int) -> None:
        self.cut_after = cut_after
        self.silent = False
        """It does not break there, it goes dead: nobody is told."""
        self.news = asyncio.Event()
        """Set when there is something to take, or the line is gone."""
        self.closed = False
        self.close_code: int | None = None
        self.said = ""
        """Why the feed closed it, if it did."""
        self.taken = 0
        self._high = high
        self._on_the_way = bytearray()
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._parser = Protocol(Side.CLIENT, state=State.OPEN, max_size=limits.FRAME_OUT)
        self.link = Link(transport=self, peer_uid=None)  # type: ignore[arg-type]  # as much of one as is used
        self.connection = FeedConnection(node, login, self.link, self._send)
        self.server = asyncio.get_running_loop().create_task(self.connection.run(self._messages.get))

    # --- the feed's end, as its transport

    def set_write_buffer_limits(self, *, high: int, low: int) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return len(self._on_the_way)

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: bytes) -> None:
        if self.closed:
            return
        self._on_the_way += data
        if len(self._on_the_way) > self._high:
            self.link.paused = True
            self.link.room.clear()
        self.news.set()

    def close(self) -> None:
        self.news.set()

    def abort(self) -> None:
        self.cut()

    async def _send(self, message: dict[str, Any]) -> None:
        """uvicorn's part: the closing frame."""
        if message["type"] == "websocket.close":
            reason = str(message.get("reason", "")).encode()[:100]
            self.said = reason.decode()
            self.write(bytes((0x88, len(reason) + 2)) + int(message["code"]).to_bytes(2, "big") + reason)

    # --- the console's end

    def take(self, most: int) -> list[bytes]:
        """The messages that are whole after up to `most` more bytes have come in."""
        size = min(most, len(self._on_the_way))
        if self.cut_after is not None:
            size = min(size, self.cut_after - self.taken)
        piece = bytes(self._on_the_way[:size])
        del self._on_the_way[:size]
        self.taken += size
        self._parser.receive_data(piece)
        frames = self._parser.events_received()
        if len(self._on_the_way) <= self._high // 4 and self.link.paused:
            self.link.paused = False
            self.link.room.set()
        if not self._on_the_way:
            self.news.clear()
        assert self._parser.parser_exc is None, "the feed sent what is no frame"
        found = []
        for frame in frames:
            assert isinstance(frame, Frame)
            assert frame.fin
            if frame.opcode is Opcode.CLOSE:
                self.close_code = int.from_bytes(bytes(frame.data[:2]), "big")
                self.cut()
            else:
                assert frame.opcode is Opcode.TEXT
                found.append(bytes(frame.data))
        if self.cut_after is not None and self.taken >= self.cut_after:
            if self.silent:
                self.news.clear()
            else:
                self.cut()
        return found

    def say(self, text: str) -> None:
        """A whole message of the console reaches the feed."""
        if not self.closed and not (self.silent and self.taken == self.cut_after):
            self._messages.put_nowait({"type": "websocket.receive", "text": text})

    def cut(self, *, notice: Callable[[], float] = lambda: 0.0) -> None:
        """The line is gone at once for the console; the feed notices after `notice` seconds."""
        if self.closed:
            return
        self.closed = True
        self.news.set()
        delay = notice()
        if delay:
            asyncio.get_running_loop().call_later(delay, self._noticed)
        else:
            self._noticed()

    def _noticed(self) -> None:
        self.link.closed = True
        self.link.room.set()
        self._messages.put_nowait({"type": "websocket.disconnect"})
