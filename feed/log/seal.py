"""Sealing of free text: AES-256-GCM under one random key a case, kept in a file of its own.

A key is durable before the event that needs it: `seal` makes keys in memory, `commit` writes them, and an engine calls
it before it commits events. Destroying a case's key makes its text unreadable everywhere (log, snapshots, backups of
both) while the hash chain, which covers the sealed form, stays whole.
"""

from __future__ import annotations

import binascii
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from feed.log.base import LogError, LogUnavailable, Unstorable
from feed.log.files import connect, make_private

NONCE: Final = 12
TAG: Final = 16
CACHED: Final = 131_072
"""Ciphers kept in memory; beyond it they are read again."""
_WARMED: Final = 512

_encode = msgspec.json.encode


class SealBroken(LogError):
    """A sealed part of case `case_id` does not fit its key: it was altered, or the keys are of another log."""

    def __init__(self, case_id: str) -> None:
        self.case_id = case_id
        super().__init__(
            f"A sealed part of {case_id} does not open with its key. Run `watchfloor audit verify`, and check that the "
            "log and its .keys file are of the same backup."
        )


def seal_context(case_id: str, version: int, kind: str) -> bytes:
    """What a sealed part of an event is bound to (the AAD): moved elsewhere, it does not open."""
    return _encode(("event", case_id, version, kind))


class Keyring:
    """The case keys. Safe to use from several threads."""

    def __init__(
        self, path: Path | None, *, random: Callable[[int], bytes] = secrets.token_bytes, now: Callable[[], int]
    ) -> None:
        """Open (or make) the key file at `path`; None keeps keys in memory only."""
        self._path = path
        self.new = make_private(path) if path is not None else True
        self._random = random
        self._now = now
        self._lock = threading.RLock()
        self._ciphers: dict[str, AESGCM] = {}
        self._pending: dict[str, bytes] = {}
        self._gone: set[str] = set()
        self._absent: set[str] = set()
        """Cases without a key, as of the last `warm`."""
        self._file = connect(path) if path is not None else sqlite3.connect(":memory:", check_same_thread=False)
        self._file.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._file.execute(f"PRAGMA {pragma}").fetchone()
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS keys (case_id TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID"
        )
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS destroyed (case_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._gone.update(case_id for (case_id,) in self._file.execute("SELECT case_id FROM destroyed"))

    def seal(self, case_id: str, context: bytes, text: bytes) -> str:
        """Base64 of nonce and ciphertext of `text`; makes the case's key if it has none (durable after `commit`).

        Raises `Unstorable` if that key was destroyed.
        """
        return str(binascii.b2a_base64(self.seal_bytes(case_id, context, text), newline=False), "ascii")

    def seal_bytes(self, case_id: str, context: bytes, text: bytes) -> bytes:
        """The same, as bytes."""
        cipher = self._ciphers.get(case_id) or self._cipher(case_id) or self._make(case_id)
        nonce = self._random(NONCE)
        return nonce + cipher.encrypt(nonce, text, context)

    def unseal(self, case_id: str, context: bytes, sealed: str) -> bytes | None:
        """The text again; None if the key was destroyed. Raises `SealBroken`."""
        try:
            blob = binascii.a2b_base64(sealed, strict_mode=True)
        except ValueError:  # not ASCII, or not base64
            raise SealBroken(case_id) from None
        return self.unseal_bytes(case_id, context, blob)

    def unseal_bytes(self, case_id: str, context: bytes, blob: bytes) -> bytes | None:
        """The same, from bytes."""
        cipher = self._cipher(case_id)
        if cipher is None:
            return None
        try:
            return cipher.decrypt(blob[:NONCE], blob[NONCE:], context)
        except (InvalidTag, ValueError):
            raise SealBroken(case_id) from None

    def warm(self, case_ids: Iterable[str]) -> None:
        """Read the keys of many cases at once, before each is asked for."""
        with self._lock:
            cold = [case_id for case_id in dict.fromkeys(case_ids) if case_id not in self._ciphers]
            self._absent = set(cold)
            for start in range(0, len(cold), _WARMED):
                part = cold[start : start + _WARMED]
                marks = ",".join("?" * len(part))
                for case_id, key in self._file.execute(
                    f"SELECT case_id, key FROM keys WHERE case_id IN ({marks})", part
                ):
                    self._keep(case_id, key)

    def has(self, case_id: str) -> bool:
        return self._cipher(case_id) is not None

    def commit(self) -> None:
        """Make the keys that `seal` made durable. Raises `LogUnavailable`; they are tried again with the next."""
        with self._lock:
            if not self._pending:
                return
            try:
                with self._transaction():
                    self._file.executemany("INSERT INTO keys (case_id, key) VALUES (?, ?)", list(self._pending.items()))
            except sqlite3.Error as error:
                raise LogUnavailable(f"the case keys cannot be written ({error})") from None
            self._pending.clear()

    def destroy(self, case_id: str) -> bool:
        """Overwrite the case's key for good, in the file and in memory; True if there was one.

        Raises `LogUnavailable` if the file cannot be written: the key may still be there, ask again.
        """
        with self._lock:
            try:
                with self._transaction():
                    found = self._file.execute("DELETE FROM keys WHERE case_id = ?", (case_id,)).rowcount > 0
                    values = (case_id, self._now())
                    self._file.execute("INSERT OR IGNORE INTO destroyed (case_id, at) VALUES (?, ?)", values)
                self._gone.add(case_id)
                self._ciphers.pop(case_id, None)
                self._pending.pop(case_id, None)
                # The page with the key may also stand in the WAL: fold it in, then cut the WAL to nothing.
                busy = self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error as error:
                raise LogUnavailable(f"the case keys cannot be written ({error})") from None
            if busy:
                raise LogUnavailable("another process reads the case keys, so they cannot be overwritten")
            return found

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._file.execute("COMMIT")
        except sqlite3.Error:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def discard(self) -> None:
        """Close a key file that was just made and should not have been, and take it away again."""
        self.close()
        if self._path is not None and self.new:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _cipher(self, case_id: str) -> AESGCM | None:
        cipher = self._ciphers.get(case_id)
        if cipher is not None:
            return cipher
        with self._lock:
            if case_id in self._gone or case_id in self._absent:
                return None
            row = self._file.execute("SELECT key FROM keys WHERE case_id = ?", (case_id,)).fetchone()
            if row is None:
                return None
            return self._keep(case_id, row[0])

    def _make(self, case_id: str) -> AESGCM:
        with self._lock:
            if case_id in self._gone:
                raise Unstorable(
                    case_id=case_id, why="has text, but the case's key was destroyed; no text joins it again"
                )
            key = self._random(32)
            self._pending[case_id] = key
            return self._keep(case_id, key)

    def _keep(self, case_id: str, key: bytes) -> AESGCM:
        if len(self._ciphers) >= CACHED:
            self._ciphers = {name: self._ciphers[name] for name in self._pending if name in self._ciphers}
        self._absent.discard(case_id)
        cipher = self._ciphers[case_id] = AESGCM(key)
        return cipher
