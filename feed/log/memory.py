"""An engine in memory, for tests: the whole contract of `feed.log.base` except that it keeps nothing.

It loses what it acknowledged when the process ends and says so (`durable` is false), so a feed refuses it without
``--unsafe``. Places, seals and hashes are made by the same code as in every engine.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from typing import Final

from casework.events import Event
from feed.log.base import ZERO_HASH, Appended, Head, Key, LogUnavailable, Stored, Write
from feed.log.canonical import event_of
from feed.log.placing import NO_TAIL, Group, Tail
from feed.log.seal import Keyring


class MemoryLog:
    """A log that lives as long as its process."""

    durable: Final = False

    def __init__(
        self, *, now: Callable[[], int], fresh_epoch: Callable[[], str] = lambda: secrets.token_hex(16)
    ) -> None:
        self._keyring = Keyring(None, now=now)
        self.on_commit: Callable[[Appended], None] | None = None
        self.unavailable: str | None = None
        """A test sets a reason here to have appends refused."""
        self._now = now
        self._epoch = fresh_epoch()
        self._rows: list[Stored] = []
        self._tails: dict[str, Tail] = {}
        self._keys: dict[tuple[str, str], Key] = {}

    @property
    def keyring(self) -> Keyring:
        return self._keyring

    @property
    def epoch(self) -> str:
        return self._epoch

    async def append(self, key: Key | None, writes: Sequence[Write]) -> Appended:
        # Nothing waits between here and the hook, so seq order is the order of arrival.
        if self.unavailable is not None:
            raise LogUnavailable(self.unavailable)
        head = self._rows[-1].head_hash if self._rows else bytes(32)
        tails = {write.case_id: self._tails.get(write.case_id, NO_TAIL) for write in writes}
        bound = await self.find_key(key.scope, key.key) if key is not None else None
        live = {(bound.scope, bound.key): bound} if bound is not None else {}
        group = Group(seq=len(self._rows), head=head, tails=tails, keys=live, keyring=self._keyring)
        appended = group.place(key, writes)
        self._keyring.commit()
        self._rows += group.rows
        self._tails.update(group.tails)
        self._keys.update(group.keys)
        if appended.events and self.on_commit is not None:
            self.on_commit(appended)
        await asyncio.sleep(0)
        return appended

    async def read(self, after: int, limit: int, case_id: str | None = None) -> list[Event]:
        return [event_of(row, self._keyring) for row in await self.read_stored(after, limit, case_id)]

    async def read_stored(self, after: int, limit: int, case_id: str | None = None) -> list[Stored]:
        rows = self._rows[max(after, 0) :]
        if case_id is not None:
            rows = [row for row in rows if row.case_id == case_id]
        return rows[:limit]

    async def find_key(self, scope: str, key: str) -> Key | None:
        record = self._keys.get((scope, key))
        return record if record is not None and self._lives(record) else None

    def head(self) -> Head:
        newest = self._rows[-1].head_hash.hex() if self._rows else ZERO_HASH
        return Head(epoch=self._epoch, seq=len(self._rows), head_hash=newest)

    def head_hash_at(self, seq: int) -> str | None:
        if seq == 0:
            return ZERO_HASH
        return self._rows[seq - 1].head_hash.hex() if 0 < seq <= len(self._rows) else None

    async def close(self) -> None:
        self.unavailable = "it is closed"

    def _lives(self, record: Key) -> bool:
        return record.expires_at is None or record.expires_at > self._now()
