"""From the log to the floor at start, and the floor into a file beside the log, so that the next start is quick."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from casework.model import Case
from feed.config import StateRules
from feed.due import write_when_due
from feed.floor import Floor
from feed.log import snapshots
from feed.log.base import Head, Log, LogUnusable
from feed.log.files import beside
from feed.log.replay import collector_paused, events, fold_case
from feed.log.snapshots import SnapshotUnusable
from feed.log.sqlite import SqliteLog
from feed.logs import Journal
from feed.ring import Ring

_journal: Final = Journal("state")


class Memory(Struct, frozen=True, kw_only=True):
    """What the floor keeps beside its cases: digests and ids, no text."""

    newest_at: int
    reports: dict[bytes, tuple[str, int]]
    subjects: dict[bytes, str]
    ids: set[str]
    versions: dict[str, int]
    merged: dict[str, str]


async def load(log: Log, floor: Floor, ring: Ring) -> None:
    """Bring an empty `floor` to the log's head: from the snapshot if there is one that fits, else from the first event.

    The ring holds the newest of what was folded, so consoles may go on where they stood before a restart. Raises
    `LogUnusable` if the log does not fold.
    """
    with collector_paused():
        if isinstance(log, SqliteLog):
            await _restore(log, floor)
        ring.start_at(floor.seq)
        async for batch in events(log, floor.seq):
            for event in batch:
                try:
                    ring.add(floor.apply(event))
                except Exception as fault:
                    why = f"does not fold at event {event.seq} ({type(fault).__name__}); see `watchfloor audit verify`."
                    raise LogUnusable(path="the log", why=why) from fault
        # The floor stays and holds no cycle: the collector need not walk it, not even once (at 100,000 cases it would
        # take longer than to read the snapshot).
        gc.freeze()
    if floor.head_hash != log.head().head_hash:
        raise LogUnusable(path="the log", why="has a head hash that its events do not add up to; run `audit verify`.")


async def _restore(log: SqliteLog, floor: Floor) -> None:
    try:
        found = await asyncio.to_thread(
            snapshots.load,
            state_path(log),
            epoch=log.epoch,
            head_hash_at=log.head_hash_at,
            keyring=log.keyring,
        )
        memory = msgspec.msgpack.decode(found.memory, type=Memory)
    except (SnapshotUnusable, msgspec.MsgspecError) as fault:
        _journal.info("state folded from the log", reason=str(fault))
        return
    floor.seq = found.head.seq
    floor.head = bytes.fromhex(found.head.head_hash)
    floor.newest_at = memory.newest_at
    floor.reports = memory.reports
    floor.subjects = memory.subjects
    floor.ids = memory.ids
    floor.versions = memory.versions
    floor.merged = memory.merged
    cases = dict(found.cases)
    for case_id in found.missing:
        case = await fold_case(log, case_id, until=floor.seq)
        if case is not None:
            cases[case_id] = case
    floor.fill(cases.values())
    _journal.info("state restored", seq=floor.seq, cases=len(cases))


class StateWriter:
    """Writes the floor beside the log after so many events or minutes, and when the feed ends."""

    def __init__(self, log: Log, floor: Floor, rules: StateRules) -> None:
        self._log = log
        self._floor = floor
        self._rules = rules
        self._written_seq = floor.seq
        self._writing = asyncio.Lock()
        self.failures = 0

    async def run(self) -> None:
        """Write when it is due, until canceled."""
        await write_when_due(
            self.write,
            lambda: self._floor.seq - self._written_seq,
            events=self._rules.snapshot_events,
            minutes=self._rules.snapshot_minutes,
        )

    async def write(self) -> None:
        """Write the floor as it is now; a disk that is full is no reason to stop."""
        if not isinstance(self._log, SqliteLog) or self._floor.seq == self._written_seq:
            return
        async with self._writing:
            floor = self._floor
            head = Head(epoch=self._log.epoch, seq=floor.seq, head_hash=floor.head_hash)
            cases = list(floor.cases.values())
            memory = Memory(
                newest_at=floor.newest_at,
                reports=dict(floor.reports),
                subjects=dict(floor.subjects),
                ids=set(floor.ids),
                versions=dict(floor.versions),
                merged=dict(floor.merged),
            )
            try:
                await asyncio.to_thread(self._write, head, cases, memory)
                self._written_seq = head.seq
            except OSError as fault:
                self.failures += 1
                _journal.warning("state not written", errno=fault.errno)

    def _write(self, head: Head, cases: list[Case], memory: Memory) -> None:
        assert isinstance(self._log, SqliteLog)
        snapshots.write(
            state_path(self._log),
            head=head,
            cases=cases,
            memory=msgspec.msgpack.encode(memory),
            keyring=self._log.keyring,
        )


def state_path(log: SqliteLog) -> Path:
    return beside(log.path, "snapshot")
