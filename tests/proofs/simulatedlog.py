"""The disk and a node's log on it, in seeded time: durable at one moment, told at a later one, killed in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from casework.events import Event
from feed.log.base import Appended, Head, Key, LogError, LogUnavailable, Stored, Write
from feed.log.memory import MemoryLog
from feed.log.placing import Tail
from feed.log.seal import Keyring

DELAYS: Final = (0.0, 0.0, 0.0001, 0.001, 0.004, 0.02)
"""Seconds that a sync to disk, or the way back to the loop, may take."""


def rolled_back(disk: MemoryLog, seq: int, now: Callable[[], int]) -> MemoryLog:
    """A copy of `disk` as it was at `seq`, as a restored backup is: same epoch, same keys to the cases."""
    older = MemoryLog(now=now, fresh_epoch=lambda: disk.epoch)
    older._keyring = disk.keyring
    older._rows = disk._rows[:seq]
    older._tails = {row.case_id: Tail(row.version, row.hash) for row in older._rows}
    return older


class NodeLog:
    """What one node sees of `disk`. Appends are stored in groups in order of arrival, and told in that order."""

    durable: Final = True

    def __init__(self, disk: MemoryLog, random: Random) -> None:
        self.disk = disk
        self.on_commit: Callable[[Appended], None] | None = None
        self.unavailable: str | None = None
        self._random = random
        self._head = disk.head()
        self._queue: list[tuple[Key | None, Sequence[Write], asyncio.Future[Appended]]] = []
        self._asked = asyncio.Event()
        self._writer = asyncio.get_running_loop().create_task(self._write())

    @property
    def keyring(self) -> Keyring:
        return self.disk.keyring

    @property
    def epoch(self) -> str:
        return self.disk.epoch

    async def append(self, key: Key | None, writes: Sequence[Write]) -> Appended:
        if self.unavailable is not None:
            raise LogUnavailable(self.unavailable)
        waiter: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._queue.append((key, writes, waiter))
        self._asked.set()
        return await waiter

    async def _write(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            group, self._queue = self._queue, []
            done: list[tuple[asyncio.Future[Appended], Appended | LogError]] = []
            for key, writes, waiter in group:
                try:
                    done.append((waiter, await self.disk.append(key, writes)))
                except LogError as refusal:
                    done.append((waiter, refusal))
                if self._random.random() < 0.2:
                    # A kill may come between any two appends.
                    await asyncio.sleep(self._random.choice(DELAYS))
            await asyncio.sleep(self._random.choice(DELAYS))
            for waiter, outcome in done:
                self._tell(waiter, outcome)

    def _tell(self, waiter: asyncio.Future[Appended], outcome: Appended | LogError) -> None:
        if isinstance(outcome, Appended) and outcome.events:
            self._head = Head(epoch=self.epoch, seq=outcome.last_seq, head_hash=outcome.head_hash)
            if self.on_commit is not None:
                self.on_commit(outcome)
        if waiter.done():
            return
        if isinstance(outcome, Appended):
            waiter.set_result(outcome)
        else:
            waiter.set_exception(outcome)

    async def read(self, after: int, limit: int, case_id: str | None = None) -> list[Event]:
        return await self.disk.read(after, limit, case_id)

    async def read_stored(self, after: int, limit: int, case_id: str | None = None) -> list[Stored]:
        return await self.disk.read_stored(after, limit, case_id)

    async def find_key(self, scope: str, key: str) -> Key | None:
        return await self.disk.find_key(scope, key)

    def head(self) -> Head:
        return self._head

    def head_hash_at(self, seq: int) -> str | None:
        return self.disk.head_hash_at(seq)

    async def close(self) -> None:
        """Also how a kill ends it: whatever is not on the disk by now never gets there, and nobody is told more."""
        self.unavailable = "it is closed"
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        for _, _, waiter in self._queue:
            waiter.cancel()
