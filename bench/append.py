"""Durable appends: the feed's log with its group commit, against one transaction each through aiosqlite.

Both write the same events to the same tables on the same disk with synchronous=FULL, 256 at a time in flight. Ours is
given drafts and seals, hashes and groups them; theirs is given finished rows, and each of its appends is one autocommit
statement, which is the least that a transaction can be. With an idempotency key it is a transaction of two inserts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
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
_FASTEST: Final = 12_000
"""Rows a second that are made ready; no disk takes more of them one by one through two threads."""
_INSERT_EVENT: Final = f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_KEY: Final = "INSERT INTO given VALUES (?, ?, ?, ?, ?)"


def run(scale: Scale, report: Report, directory: Path) -> None:
    seconds = scale.of(1.5, 0.3)
    counter = iter(range(1_000_000))
    rows = _rows(int(seconds * _FASTEST))

    def ours(keyed: bool) -> float:
        return asyncio.run(_ours(directory / f"ours{next(counter)}.db", seconds, keyed=keyed))

    def theirs(keyed: bool) -> float:
        return asyncio.run(_theirs(directory / f"theirs{next(counter)}.db", rows, seconds, keyed=keyed))

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


async def _ours(path: Path, seconds: float, *, keyed: bool) -> float:
    """Appends a second of sealed events on `CASES` cases."""
    log = SqliteLog(path, now=sample.now_ms)
    numbers = iter(range(1_000_000_000))
    names = [sample.case_name(number) for number in range(CASES)]
    now = sample.now_ms()

    async def append() -> None:
        number = next(numbers)
        draft = _draft(names, number, now)
        key = _key(number, draft.at) if keyed else None
        await log.append(key, (Write(case_id=draft.case_id, expected_version=None, drafts=(draft,)),))

    try:
        for _ in range(CASES):  # the cases' keys are made, the files have their first pages
            await append()
        return await _rate(append, seconds)
    finally:
        await log.close()


async def _theirs(path: Path, rows: list[Stored], seconds: float, *, keyed: bool) -> float:
    """Transactions a second of rows that are ready, from `IN_FLIGHT` tasks on one connection."""
    make_private(path)
    SqliteStore(path).close()  # the same tables and indexes
    todo = iter(rows)
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        for sql in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA cache_size=-65536", _KEYS):
            await (await connection.execute(sql)).close()
        turn = asyncio.Lock()

        async def append() -> None:
            row = next(todo)
            if not keyed:
                await (await connection.execute(_INSERT_EVENT, row)).close()
                return
            key = _key(row.seq, row.at)
            given = (key.scope, key.key, key.digest, key.answered, key.expires_at)
            async with turn:  # one connection has one transaction at a time
                await connection.execute("BEGIN IMMEDIATE")
                await connection.execute(_INSERT_EVENT, row)
                await connection.execute(_INSERT_KEY, given)
                await connection.commit()

        for _ in range(CASES):
            await append()
        return await _rate(append, seconds)


async def _rate(append: Callable[[], Awaitable[None]], seconds: float) -> float:
    """How often a second `append` returned, `IN_FLIGHT` of them at a time."""
    began = time.perf_counter()
    done = 0

    async def work() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await append()
            done += 1

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return done / (time.perf_counter() - began)


def _key(number: int, at: int) -> Key:
    answer = b'{"case_id":"C-00000000","version":1,"seq":1,"events":["NoteAdded"]}'
    return Key(scope="ana", key=f"{number:032x}", digest="0" * 64, answer=answer, expires_at=at + _KEY_LIFE_MS)


def _draft(names: list[str], number: int, now: int) -> Draft:
    return sample.note(names[number % CASES], f"{number}: {_TEXT}", at=now + number)


def _rows(count: int) -> list[Stored]:
    """The rows that our log makes of the same drafts."""
    names = [sample.case_name(number) for number in range(CASES)]
    now = sample.now_ms()
    group = Group(
        seq=0,
        head=bytes(32),
        tails=dict.fromkeys(names, NO_TAIL),
        keys={},
        keyring=Keyring(None, now=sample.now_ms),
    )
    for number in range(count):
        draft = _draft(names, number, now)
        group.place(None, (Write(case_id=draft.case_id, expected_version=None, drafts=(draft,)),))
    return group.rows
