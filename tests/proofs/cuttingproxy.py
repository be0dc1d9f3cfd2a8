"""A TCP proxy that counts the bytes towards the console and breaks the line at a chosen one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


class CuttingProxy:
    """Listens on a port of its own and passes on to `target()`, a (host, port) that may change.

    `budget()`: after how many bytes from the feed the next connection breaks, None for never.
    """

    def __init__(self, target: Callable[[], tuple[str, int]], budget: Callable[[], int | None]) -> None:
        self._target = target
        self._budget = budget
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.cuts = 0

    async def __aenter__(self) -> CuttingProxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        # Not by canceling: a stream's own task that is canceled is an error in asyncio's eyes.
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every line that holds."""
        for line in tuple(self._lines):
            line.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            there, out = await asyncio.open_connection(*self._target())
        except OSError:
            writer.transport.abort()
            return
        up = asyncio.create_task(_copy(reader, out))
        self._lines |= {writer, out}
        try:
            await self._down(there, writer, self._budget())
        finally:
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)
            out.transport.abort()
            writer.transport.abort()
            self._lines -= {writer, out}

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(4096):
                if left is not None and len(piece) >= left:
                    writer.write(piece[:left])
                    await writer.drain()
                    # Orderly, so that the last bytes do arrive: it is cut exactly there.
                    writer.close()
                    self.cuts += 1
                    return
                left = None if left is None else left - len(piece)
                writer.write(piece)
                await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(4096):
            writer.write(piece)
            await writer.drain()
