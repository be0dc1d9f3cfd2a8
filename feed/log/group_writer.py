"""The one thread that writes: it takes what is queued, stores it as one transaction, and says so in seq order.

There is no timer. While one group is synced to disk the next one queues up, so groups grow with the load. After an I/O
error nothing is acknowledged until a probe has written and synced again; reading goes on meanwhile.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from feed.failpoints import hit
from feed.log.base import Appended, Key, LogError, LogUnavailable, Write
from feed.log.canonical import event_of
from feed.log.placing import Group, Tail
from feed.log.seal import Keyring
from feed.log.sqlite_store import SqliteStore

GROUP: Final = 256
"""Appends in one transaction, at most."""
PROBE_S: Final = 1.0
"""How often a failed disk is tried again."""
PURGE_S: Final = 60.0
_TAILS: Final = 100_000
"""Case tails kept in memory; beyond it they are read again."""


class Request(NamedTuple):
    """One append; `waiter` is the loop's business."""

    key: Key | None
    writes: Sequence[Write]
    waiter: Any


class Outcome(NamedTuple):
    """What became of a request. Without a waiter: events whose outcome was unknown and that did reach the log."""

    waiter: Any
    result: Appended | Exception


class GroupWriter:
    """Runs on a thread of its own; `deliver` is called on it once a group, with the outcomes in seq order."""

    def __init__(
        self,
        store: SqliteStore,
        keyring: Keyring,
        *,
        now: Callable[[], int],
        deliver: Callable[[list[Outcome]], None],
        probe_s: float = PROBE_S,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._now = now
        self._deliver = deliver
        self._probe_s = probe_s
        self._epoch = store.epoch()
        self._seq, self._head = store.newest()
        self._tails: dict[str, Tail] = {}
        self._queue: queue.SimpleQueue[list[Request] | None] = queue.SimpleQueue()
        self._backlog: list[Request] = []
        self._stopping = False
        self._probe_at = 0.0
        self._purge_at = 0.0
        self.unavailable: str | None = None
        self._thread = threading.Thread(target=self._run, name="watchfloor-log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, requests: list[Request]) -> None:
        """Queue `requests`; the list is the writer's from here on."""
        self._queue.put(requests)

    def stop(self) -> None:
        """Finish what is queued, then end the thread; returns when it has ended."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while self._backlog or not self._stopping:
            group = self._take()
            if self.unavailable is not None and time.monotonic() >= self._probe_at:
                self._recover()
            if self.unavailable is not None:
                self._refuse(group, self.unavailable)
            elif group:
                self._store_group(group)

    def _take(self) -> list[Request]:
        """What is queued, at most `GROUP`; waits for the first, while the disk is bad no longer than for a probe."""
        wait = not self._backlog and not self._stopping
        try:
            while len(self._backlog) < GROUP:
                timeout = None if self.unavailable is None else self._probe_s
                asked = self._queue.get(wait, timeout) if wait else self._queue.get_nowait()
                if asked is None:
                    self._stopping = True
                    break
                self._backlog += asked
                wait = False
        except queue.Empty:
            pass
        group, self._backlog = self._backlog[:GROUP], self._backlog[GROUP:]
        return group

    def _store_group(self, requests: list[Request]) -> None:
        try:
            group = self._group_for(requests)
            outcomes = [Outcome(request.waiter, self._place(group, request)) for request in requests]
            if group.rows or group.new_keys:
                # A key is durable before an event that needs it.
                self._keyring.commit()
                hit("append.before_begin")
                self._store.write(group.rows, group.new_keys)
                if time.monotonic() >= self._purge_at:
                    self._store.purge(self._now())
                    self._purge_at = time.monotonic() + PURGE_S
                hit("append.before_commit")
                self._store.commit()
                hit("append.after_commit")
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody may wait forever or be told "stored"
            self._fail(error)
            self._refuse(requests, self.unavailable or "")
            return
        self._seq, self._head = group.seq, group.head
        self._tails = group.tails if len(group.tails) < _TAILS else {}
        self._deliver(outcomes)

    def _group_for(self, requests: list[Request]) -> Group:
        unknown = {write.case_id for request in requests for write in request.writes}.difference(self._tails)
        if unknown:
            self._tails.update(self._store.tails(unknown))
            self._keyring.warm(unknown)
        names = {(request.key.scope, request.key.key) for request in requests if request.key is not None}
        return Group(
            seq=self._seq,
            head=self._head,
            tails=self._tails,
            keys=self._store.keys(names, self._now()) if names else {},
            keyring=self._keyring,
        )

    def _place(self, group: Group, request: Request) -> Appended | Exception:
        try:
            return group.place(request.key, request.writes)
        except LogError as refusal:
            return refusal
        except Exception as error:  # noqa: BLE001 - a fault in one caller's drafts or answer is that caller's alone
            return error

    def _fail(self, error: Exception) -> None:
        """From here on nothing is acknowledged; what this group left behind is found out by `_recover`."""
        self._store.abandon()
        self._tails = {}
        self.unavailable = _reason(error)
        self._probe_at = time.monotonic() + self._probe_s

    def _recover(self) -> None:
        self._probe_at = time.monotonic() + self._probe_s
        try:
            self._store.reopen()
            if self._store.epoch() != self._epoch or (self._seq and self._store.head_hash_at(self._seq) != self._head):
                self.unavailable = "the log was replaced or rolled back underneath; restart the feed"
                return
            self._store.probe()
            self._keyring.commit()
            found = self._found_again()
        except Exception as error:  # noqa: BLE001 - the disk is still bad, in whatever way it says so
            self._store.abandon()
            self.unavailable = _reason(error)
            return
        self.unavailable = None
        if found:
            self._deliver(found)

    def _found_again(self) -> list[Outcome]:
        """Events of a group whose outcome was unknown and which did become durable: they are told like all others."""
        found: list[Outcome] = []
        while rows := self._store.after(self._seq, 1_000):
            appended = Appended(
                first_seq=rows[0].seq,
                last_seq=rows[-1].seq,
                events=tuple(event_of(row, self._keyring) for row in rows),
                head_hash=rows[-1].head_hash.hex(),
                head_hashes=tuple(row.head_hash.hex() for row in rows),
            )
            found.append(Outcome(None, appended))
            self._seq, self._head = rows[-1].seq, rows[-1].head_hash
        return found

    def _refuse(self, requests: list[Request], reason: str) -> None:
        if requests:
            self._deliver([Outcome(request.waiter, LogUnavailable(reason)) for request in requests])


def _reason(error: Exception) -> str:
    """What went wrong, in words that hold no case text."""
    if isinstance(error, LogUnavailable):
        return error.reason
    if isinstance(error, LogError):
        return str(error).rstrip(".")
    if isinstance(error, (sqlite3.Error, OSError)):
        return f"the disk refused ({error})"
    return f"an internal fault ({type(error).__name__})"
