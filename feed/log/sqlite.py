"""The default engine: one SQLite file beside its keys, one writer thread, one reader thread."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from casework.events import Event
from feed.failpoints import hit
from feed.log.base import ZERO_HASH, Appended, Head, Key, LogUnavailable, LogUnusable, Stored, Write
from feed.log.canonical import event_of
from feed.log.files import FileLock, beside, connect_read_only, make_private
from feed.log.group_writer import PROBE_S, GroupWriter, Outcome, Request
from feed.log.seal import Keyring
from feed.log.sqlite_store import SqliteStore, head_hash_at, live_keys, stored_after

QUEUED: Final = 10_000
"""Appends that may wait; beyond it the log says so at once instead of growing."""


class SqliteLog:
    """A log in the SQLite file `path`, with `path`.keys and `path`.lock beside it. Open it on the loop it serves."""

    durable: Final = True

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], int],
        fresh_epoch: Callable[[], str] = lambda: secrets.token_hex(16),
        probe_s: float = PROBE_S,
        factory: type[sqlite3.Connection] = sqlite3.Connection,
    ) -> None:
        """Open or make the log. `now` is feed time, ms UTC: it judges which idempotency keys live.

        Raises `LogLocked` if another process has it, `LogUnusable`, OSError.
        """
        self.path = path
        self._lock = FileLock(beside(path, "lock"))
        try:
            self._open(fresh_epoch, probe_s, factory, now)
        except BaseException:
            self._lock.release()
            raise
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._on_commit: Callable[[Appended], None] | None = None
        self._queued = 0
        self._asked: list[Request] = []
        self._closing: asyncio.Task[None] | None = None
        self._writer.start()

    def _open(
        self,
        fresh_epoch: Callable[[], str],
        probe_s: float,
        factory: type[sqlite3.Connection],
        now: Callable[[], int],
    ) -> None:
        make_private(self.path)
        self._store = SqliteStore(self.path, factory=factory)
        self._keyring = Keyring(beside(self.path, "keys"), now=now)
        self._epoch = self._store.ensure_epoch(fresh_epoch())
        seq, head = self._store.newest()
        if seq and self._keyring.new:
            self._keyring.discard()
            why = "has events, but its .keys file is missing: no case could be read. Restore that file beside it."
            raise LogUnusable(path=str(self.path), why=why)
        self._head = Head(epoch=self._epoch, seq=seq, head_hash=head.hex())
        self._points = connect_read_only(self.path)
        self._points_lock = threading.Lock()
        self._pages = connect_read_only(self.path)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="watchfloor-read")
        self._writer = GroupWriter(self._store, self._keyring, now=now, deliver=self._hand_over, probe_s=probe_s)

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def keyring(self) -> Keyring:
        return self._keyring

    @property
    def unavailable(self) -> str | None:
        return "the log is closed" if self._closing is not None else self._writer.unavailable

    @property
    def on_commit(self) -> Callable[[Appended], None] | None:
        return self._on_commit

    @on_commit.setter
    def on_commit(self, hook: Callable[[Appended], None] | None) -> None:
        self._on_commit = hook

    async def append(self, key: Key | None, writes: Sequence[Write]) -> Appended:
        if self._closing is not None:
            raise LogUnavailable("it is closed")
        if self._queued >= QUEUED:
            raise LogUnavailable("too many appends are waiting for the disk")
        waiter: asyncio.Future[Appended] = self._loop.create_future()
        self._queued += 1
        if not self._asked:
            # Handed over once a pass of the loop: all that wake together ask again together, in one group.
            self._loop.call_soon(self._submit)
        self._asked.append(Request(key, writes, waiter))
        return await waiter

    async def read(self, after: int, limit: int, case_id: str | None = None) -> list[Event]:
        return await self._loop.run_in_executor(self._reader, self._read, after, limit, case_id)

    async def read_stored(self, after: int, limit: int, case_id: str | None = None) -> list[Stored]:
        return await self._loop.run_in_executor(self._reader, self._read_stored, after, limit, case_id)

    async def find_key(self, scope: str, key: str) -> Key | None:
        # One look-up in an index: cheaper than to change threads for it.
        with self._points_lock, _readable():
            return live_keys(self._points, [(scope, key)], self._now()).get((scope, key))

    def head(self) -> Head:
        return self._head

    def head_hash_at(self, seq: int) -> str | None:
        if seq == 0:
            return ZERO_HASH
        if seq == self._head.seq:
            return self._head.head_hash
        with self._points_lock, _readable():
            digest = head_hash_at(self._points, seq)
        return None if digest is None else digest.hex()

    async def close(self) -> None:
        if self._closing is None:
            self._submit()
            self._closing = self._loop.create_task(asyncio.to_thread(self._shut))
        await asyncio.shield(self._closing)

    def _read(self, after: int, limit: int, case_id: str | None) -> list[Event]:
        rows = self._read_stored(after, limit, case_id)
        with _readable():
            self._keyring.warm(row.case_id for row in rows)
        return [event_of(row, self._keyring) for row in rows]

    def _read_stored(self, after: int, limit: int, case_id: str | None) -> list[Stored]:
        with _readable():
            return stored_after(self._pages, after, limit, case_id)

    def _shut(self) -> None:
        self._writer.stop()
        self._reader.shutdown()
        self._points.close()
        self._pages.close()
        self._store.close()
        self._keyring.close()
        self._lock.release()

    def _told(self, hook: Callable[[Appended], None], appended: Appended) -> None:
        try:
            hook(appended)
        except Exception as error:  # noqa: BLE001 - a fault in the hook must not leave the rest of the group waiting
            about = {"message": "the log's on_commit hook raised", "exception": error}
            self._loop.call_exception_handler(about)

    def _submit(self) -> None:
        if self._asked:
            asked, self._asked = self._asked, []
            self._writer.submit(asked)

    def _hand_over(self, outcomes: list[Outcome]) -> None:
        """On the writer's thread: one wake-up of the loop for the whole group."""
        try:
            self._loop.call_soon_threadsafe(self._tell, outcomes)
        except RuntimeError:
            pass  # the loop has ended; who waited on it is gone

    def _tell(self, outcomes: list[Outcome]) -> None:
        hit("append.before_publish")
        for waiter, result in outcomes:
            if isinstance(result, Appended) and result.events:
                self._head = Head(epoch=self._epoch, seq=result.last_seq, head_hash=result.head_hash)
                if self._on_commit is not None:
                    self._told(self._on_commit, result)
            if waiter is None:
                continue
            self._queued -= 1
            if waiter.done():
                continue  # canceled: the events stand all the same, and the hook was told
            if isinstance(result, Appended):
                waiter.set_result(result)
            else:
                waiter.set_exception(result)


@contextmanager
def _readable() -> Iterator[None]:
    """Readers too hear of a bad disk in the words of the contract."""
    try:
        yield
    except sqlite3.Error as error:
        raise LogUnavailable(f"the disk could not be read ({error})") from None
