"""The SQLite file of a log: its schema, and the statements on it.

Statements take whole groups. Each step of a statement gives up the interpreter lock and may wait 5 ms to get it back
from a busy event loop, so a group of 256 appends is stored in about a dozen steps and not in a thousand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final

from feed.log.base import Key, LogUnusable, Stored
from feed.log.files import connect
from feed.log.placing import NO_TAIL, Tail

APPLICATION_ID: Final = 0x57464C47  # "WFLG"
SCHEMA: Final = 1
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY, case_id TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,
        at INTEGER NOT NULL, actor TEXT NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL, head_hash BLOB NOT NULL)""",
    "CREATE UNIQUE INDEX IF NOT EXISTS events_of_case ON events (case_id, version)",
    # Records in the order they came, found by a 64-bit digest of (scope, key): an index on the texts themselves is ten
    # times as large, and nearly every new key would dirty a page of its own.
    """CREATE TABLE IF NOT EXISTS keys (
        id INTEGER PRIMARY KEY, name INTEGER NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL,
        answer BLOB NOT NULL, expires_at INTEGER)""",
    "CREATE INDEX IF NOT EXISTS keys_by_name ON keys (name)",
    "CREATE INDEX IF NOT EXISTS keys_by_end ON keys (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "cache_size=-65536",
    # 64 MiB of WAL between checkpoints: pages that every group touches are then copied once and not each time.
    "wal_autocheckpoint=16384",
    "journal_size_limit=67108864",
)
COLUMNS: Final = "seq, case_id, version, type, at, actor, body, hash, head_hash"
_INSERT_EVENTS: Final = f"INSERT INTO events ({COLUMNS})"
_INSERT_KEYS: Final = "INSERT INTO keys (name, scope, key, digest, answer, expires_at)"
_SIZES: Final = (1, 4, 16, 64, 256, 1_024)
"""Rows of one statement; times nine columns it stays below SQLite's smallest usual bound of 32,766 variables."""
_PURGED_AT_ONCE: Final = 512


class SqliteStore:
    """The writing connection. One thread uses it at a time."""

    def __init__(self, path: Path, *, factory: type[sqlite3.Connection] = sqlite3.Connection) -> None:
        """Raises `LogUnusable` if the file is something else."""
        self._path = path
        self._factory = factory
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            raise LogUnusable(
                path=str(path), why=f"cannot be used: {error}. Restore it, or name another log."
            ) from None

    def ensure_epoch(self, fresh: str) -> str:
        """The log's epoch; `fresh` becomes it in a new log."""
        self._file.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('epoch', ?)", (fresh,))
        return self.epoch()

    def epoch(self) -> str:
        row = self._file.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        return str(row[0]) if row else ""

    def newest(self) -> tuple[int, bytes]:
        """seq and head hash of the newest event; 0 and zeros in an empty log."""
        row = self._file.execute("SELECT seq, head_hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row else (0, bytes(32))

    def tails(self, case_ids: Collection[str]) -> dict[str, Tail]:
        """The newest version and hash of each case; `NO_TAIL` for a case that has no event."""
        found = dict.fromkeys(case_ids, NO_TAIL)
        for part in _parts(list(case_ids)):
            # The bare column comes from the row with the maximum: SQLite says so in its manual.
            marks = _marks(len(part))
            sql = f"SELECT case_id, max(version), hash FROM events WHERE case_id IN ({marks}) GROUP BY case_id"
            for case_id, version, digest in self._file.execute(sql, part):
                found[case_id] = Tail(version, digest)
        return found

    def keys(self, names: Iterable[tuple[str, str]], now: int) -> dict[tuple[str, str], Key]:
        """The live records among `names` (scope, key)."""
        return live_keys(self._file, list(names), now)

    def write(self, rows: Sequence[Stored], keys: Sequence[Key]) -> None:
        """Store one group; nothing of it is visible before `commit`."""
        self._file.execute("BEGIN IMMEDIATE")
        self._insert(_INSERT_EVENTS, rows)
        self._insert(
            _INSERT_KEYS, [(_name(k.scope, k.key), k.scope, k.key, k.digest, k.answered, k.expires_at) for k in keys]
        )

    def commit(self) -> None:
        self._file.execute("COMMIT")

    def abandon(self) -> None:
        """Roll back what is open, as far as the file lets us."""
        try:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # reopening does it

    def reopen(self) -> None:
        """Start over with a new connection after an I/O error. Raises sqlite3.Error, OSError."""
        try:
            self._file.close()
        except sqlite3.Error:
            pass
        self._open()

    def probe(self) -> None:
        """Prove that the file can be written and synced again. Raises sqlite3.Error."""
        self._file.execute("BEGIN IMMEDIATE")
        self._file.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('probe', hex(randomblob(8)))")
        self._file.execute("COMMIT")

    def head_hash_at(self, seq: int) -> bytes | None:
        return head_hash_at(self._file, seq)

    def after(self, seq: int, limit: int) -> list[Stored]:
        return stored_after(self._file, seq, limit, None)

    def purge(self, now: int) -> None:
        """Forget some keys that have expired."""
        self._file.execute(
            "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE expires_at <= ? LIMIT ?)",
            (now, _PURGED_AT_ONCE),
        )

    def close(self) -> None:
        self._file.close()

    def _open(self) -> None:
        if not self._path.exists():
            # SQLite would make a new, empty log in its place.
            raise LogUnusable(path=str(self._path), why="is gone. Stop the feed and restore it.")
        self._file = connect(self._path, factory=self._factory)
        application = self._file.execute("PRAGMA application_id").fetchone()[0]
        schema = self._file.execute("PRAGMA user_version").fetchone()[0]
        empty = self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if not empty and application != APPLICATION_ID:
            raise LogUnusable(path=str(self._path), why="is a database of another program. Name another file.")
        if not empty and schema != SCHEMA:
            why = f"was written by another release (layout {schema}, this one knows {SCHEMA}). Use that release."
            raise LogUnusable(path=str(self._path), why=why)
        for pragma in _PRAGMAS:
            self._file.execute(f"PRAGMA {pragma}").fetchone()
        if empty:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.execute(f"PRAGMA application_id={APPLICATION_ID}")
            self._file.execute(f"PRAGMA user_version={SCHEMA}")
            for table in _TABLES:
                self._file.execute(table)
            self._file.execute("COMMIT")

    def _insert(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert `rows` with one statement for each 1,024, filled up with empty rows that it leaves out: so there are
        few different statements, and SQLite's statement cache knows them all.
        """
        for part in _parts(rows, _SIZES[-1]):
            size = next(size for size in _SIZES if size >= len(part))
            width = len(part[0])
            values: list[Any] = [None] * (size * width)
            values[: len(part) * width] = chain.from_iterable(part)
            marks = ",".join([f"({_marks(width)})"] * size)
            self._file.execute(f"{sql} SELECT * FROM (VALUES {marks}) WHERE column1 IS NOT NULL", values)


def live_keys(file: sqlite3.Connection, names: Sequence[tuple[str, str]], now: int) -> dict[tuple[str, str], Key]:
    """The records of `names` (scope, key) that have not expired at `now` (ms UTC)."""
    found: dict[tuple[str, str], Key] = {}
    for part in _parts([_name(scope, key) for scope, key in names]):
        sql = (
            "SELECT scope, key, digest, answer, expires_at FROM keys "
            f"WHERE name IN ({_marks(len(part))}) AND (expires_at IS NULL OR expires_at > ?)"
        )
        for scope, key, digest, answer, expires_at in file.execute(sql, [*part, now]):
            found[scope, key] = Key(scope=scope, key=key, digest=digest, answer=answer, expires_at=expires_at)
    return found


def head_hash_at(file: sqlite3.Connection, seq: int) -> bytes | None:
    """The head hash at `seq`; None if there is no such event."""
    row = file.execute("SELECT head_hash FROM events WHERE seq = ?", (seq,)).fetchone()
    return row[0] if row else None


def stored_after(file: sqlite3.Connection, seq: int, limit: int, case_id: str | None) -> list[Stored]:
    """At most `limit` stored events with a seq beyond `seq`, in order, of one case if it is named."""
    if case_id is None:
        rows = file.execute(f"SELECT {COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
    else:
        # By version, which is the order of seq within a case and what the index has.
        rows = file.execute(
            f"SELECT {COLUMNS} FROM events WHERE case_id = ? AND seq > ? ORDER BY version LIMIT ?",
            (case_id, seq, limit),
        )
    return [Stored(*row) for row in rows.fetchall()]


def _name(scope: str, key: str) -> int:
    """A 64-bit digest; two keys may share one, so what is found is compared whole."""
    return int.from_bytes(sha256(f"{scope}\0{key}".encode()).digest()[:8], "big", signed=True)


def _parts(values: Sequence[Any], size: int = 256) -> Iterable[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


@cache
def _marks(count: int) -> str:
    return ",".join("?" * count)
