"""When something is written beside the log: after so many events or minutes, whichever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def write_when_due(
    write: Callable[[], Awaitable[None]], behind: Callable[[], int], *, events: int, minutes: float
) -> None:
    """Call `write` whenever it is due, until canceled; `behind` says how many events were not written yet."""
    loop = asyncio.get_running_loop()
    last = loop.time()
    while True:
        await asyncio.sleep(1)
        count = behind()
        if count >= events or (count and loop.time() - last >= minutes * 60):
            await write()
            last = loop.time()
