"""Durable appends: the feed's log with its group commit, against one transaction each through aiosqlite.

Both write the same events to the same tables on the same disk with synchronous=FULL, 256 at a time in flight. Ours is
given drafts and seals, hashes and groups them; theirs is given finished rows, and each of its appends is one autocommit
statement, which is the least that a transaction can be. With an idempotency key it is a transaction of two inserts.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import aiosqlite

from bench import sample
from bench.report import Figure, Report, Scale, at_least, interleaved, spread
from casework.events import Draft
from feed.log.base import Key, Stored, Write
from feed.log.files import make_private
from feed.log.placing import NO_TAIL, Group
from feed.log.seal import Keyring
from feed.log.sqlite import SqliteLog
from feed.log.sqlite_store import COLUMNS, SqliteStore

IN_FLIGHT: Final = 256
CASES: Final = 200
_TEXT: Final = "Called the reporter back; the account wrote twice more since noon, both messages are saved."
_KEY_LIFE_MS: Final = 86_400_000
_KEYS: Final = (
    "CREATE TABLE given (scope TEXT, key TEXT, digest TEXT, answer BLOB, expires_at INTEGER, "
    "PRIMARY KEY (scope, key)) WITHOUT ROWID"
)
_INSERT_KEY: Final = "INSERT INTO given VALUES (?, ?, ?, ?, ?)"


def run(scale: Scale, report: Report, directory: Path) -> None:
    ours_count, theirs_count = scale.of((12_000, 2_500), (1_000, 200))
    counter = iter(range(1_000_000))

    def ours(keyed: bool) -> float:
        return asyncio.run(_ours(directory / f"ours{next(counter)}.db", ours_count, keyed=keyed))

    def theirs(keyed: bool) -> float:
        return asyncio.run(_theirs(directory / f"theirs{next(counter)}.db", theirs_count, keyed=keyed))

    for keyed in (False, True):
        pairs = interleaved(scale.of(7, 1), partial(ours, keyed), partial(theirs, keyed))
        report.figure(
            Figure(
                what=f"appends a second, {IN_FLIGHT} in flight{', each with its idempotency key' if keyed else ''}",
                against="aiosqlite, one transaction each",
                ratios=tuple(mine / other for mine, other in pairs),
                target=at_least(5),
                detail=f"{spread([mine for mine, _ in pairs], '/s')} · {spread([other for _, other in pairs], '/s')}",
            )
        )


async def _ours(path: Path, count: int, *, keyed: bool) -> float:
    """Appends a second of `count` sealed events on `CASES` cases."""
    log = SqliteLog(path, now=sample.now_ms)
    try:
        drafts = _drafts(count + IN_FLIGHT)
        todo = iter(drafts)
        numbers = iter(range(len(drafts)))

        async def work(some: int | None) -> None:
            for draft in islice(todo, some):
                key = _key(next(numbers), draft.at) if keyed else None
                await log.append(key, (Write(case_id=draft.case_id, expected_version=None, drafts=(draft,)),))

        await work(IN_FLIGHT)  # the cases' keys are made, the files have their first pages
        began = time.perf_counter()
        await asyncio.gather(*(work(None) for _ in range(IN_FLIGHT)))
        return count / (time.perf_counter() - began)
    finally:
        await log.close()


async def _theirs(path: Path, count: int, *, keyed: bool) -> float:
    """Transactions a second of rows that are ready, from `IN_FLIGHT` tasks on one connection."""
    make_private(path)
    SqliteStore(path).close()  # the same tables and indexes
    rows = _rows(count + IN_FLIGHT)
    todo = iter(rows)
    sql = f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
            await (await connection.execute(f"PRAGMA {pragma}")).close()

        await (await connection.execute(_KEYS)).close()
        turn = asyncio.Lock()

        async def work(some: int | None) -> None:
            for row in islice(todo, some):
                if not keyed:
                    await (await connection.execute(sql, row)).close()
                    continue
                key = _key(row.seq, row.at)
                async with turn:  # one connection has one transaction at a time
                    await connection.execute("BEGIN IMMEDIATE")
                    await connection.execute(sql, row)
                    await connection.execute(
                        _INSERT_KEY, (key.scope, key.key, key.digest, key.answered, key.expires_at)
                    )
                    await connection.commit()

        await work(IN_FLIGHT)
        began = time.perf_counter()
        await asyncio.gather(*(work(None) for _ in range(IN_FLIGHT)))
        return count / (time.perf_counter() - began)


def _key(number: int, at: int) -> Key:
    answer = b'{"case_id":"C-00000000","version":1,"seq":1,"events":["NoteAdded"]}'
    return Key(scope="ana", key=f"{number:032x}", digest="0" * 64, answer=answer, expires_at=at + _KEY_LIFE_MS)


def _drafts(count: int) -> list[Draft]:
    now = sample.now_ms()
    names = [sample.case_name(number) for number in range(CASES)]
    return [sample.note(names[number % CASES], f"{number}: {_TEXT}", at=now + number) for number in range(count)]


def _rows(count: int) -> list[Stored]:
    """The rows that our log makes of the same drafts."""
    drafts = _drafts(count)
    group = Group(
        seq=0,
        head=bytes(32),
        tails={draft.case_id: NO_TAIL for draft in drafts},
        keys={},
        keyring=Keyring(None, now=sample.now_ms),
    )
    for draft in drafts:
        group.place(None, (Write(case_id=draft.case_id, expected_version=None, drafts=(draft,)),))
    return group.rows
