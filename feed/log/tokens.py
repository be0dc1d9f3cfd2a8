"""Bearer tokens: a small store beside the log, which a running feed reads and the command line writes.

A token is shown once, when it is issued. Only its SHA-256 is kept: it has 256 random bits, so a look-up by its hash
says nothing about it by how long it takes, and a slow hash would protect nothing more. Every look-up reads the file,
so a new token counts at once and a revoked one no longer.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from casework.access import Person
from casework.escalation import Cap
from casework.tokens import ROLES, Credibility, Role, Severity, SourceKind
from feed.log.base import LogUnusable
from feed.log.files import beside, connect, make_private

PREFIX: Final = "wf_"
"""So that secret scanners, and people, know what it is that leaked."""
APPLICATION_ID: Final = 0x5746544B  # "WFTK"
_PRINCIPAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,63}")
_encode = msgspec.json.encode


class TokenRefused(ValueError):
    """A token that cannot be issued; `str()` says why."""


class Token(Struct, frozen=True, kw_only=True):
    """What is known of one token, without the token. Times ms UTC; None: no end, no cap."""

    token_id: str
    """The first 12 hex digits of its hash: names it for `revoke`, and is of no use to log in."""
    principal: str
    roles: tuple[Role, ...]
    clearances: tuple[str, ...] = ()
    sources: tuple[SourceKind, ...] | None = None
    max_severity: Severity | None = None
    max_credibility: Credibility | None = None
    issued_at: int = 0
    expires_at: int | None = None

    @property
    def person(self) -> Person:
        """Who carries it, and what that person may do."""
        return Person(
            principal=self.principal,
            roles=frozenset(self.roles),
            clearances=frozenset(self.clearances),
            cap=Cap(
                severity=self.max_severity,
                kinds=None if self.sources is None else frozenset(self.sources),
                credibility=self.max_credibility,
            ),
        )


class TokenStore:
    """The tokens of the log at `log`, in `log`.tokens (0600). Safe to use from several threads and processes."""

    def __init__(self, log: Path, *, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        """Open or make the store. Raises `LogUnusable`, OSError."""
        self._path = beside(log, "tokens")
        self._now = now
        self._lock = threading.Lock()
        make_private(self._path)
        try:
            self._file = connect(self._path)
            self._prepare()
        except sqlite3.DatabaseError as error:
            why = f"cannot be used: {error}. Restore it, or move it away and issue new tokens."
            raise LogUnusable(path=str(self._path), why=why) from None

    def issue(
        self,
        principal: str,
        *,
        roles: Iterable[str],
        clearances: Iterable[str] = (),
        ttl_ms: int | None = None,
        sources: Iterable[str] | None = None,
        max_severity: str | None = None,
        max_credibility: str | None = None,
    ) -> str:
        """A new token for `principal`: the only time it is seen. Without a cap: no cap; without `ttl_ms`: no end.

        Raises `TokenRefused` for an unknown role or word, `LogUnusable` if the file cannot be written.
        """
        secret = PREFIX + secrets.token_urlsafe(32)
        digest = sha256(secret.encode()).digest()
        now = self._now()
        if not _PRINCIPAL.fullmatch(principal):
            raise TokenRefused(f"{principal!r} cannot be a principal; use letters, digits and . _ @ : + - (64 at most)")
        wanted = {
            "token_id": digest.hex()[:12],
            "principal": principal,
            "roles": tuple(dict.fromkeys(roles)),
            "clearances": tuple(dict.fromkeys(clearances)),
            "sources": None if sources is None else tuple(dict.fromkeys(sources)),
            "max_severity": max_severity,
            "max_credibility": max_credibility,
            "issued_at": now,
            "expires_at": None if ttl_ms is None else now + ttl_ms,
        }
        try:
            token = msgspec.convert(wanted, Token)
        except msgspec.ValidationError as error:
            raise TokenRefused(f"{error}; the roles are {', '.join(ROLES)}") from None
        if not token.roles:
            raise TokenRefused(f"a token needs a role; there are {', '.join(ROLES)}")
        if ttl_ms is not None and ttl_ms <= 0:
            raise TokenRefused("a token must live longer than that")
        self._write(
            "INSERT INTO tokens (digest, token_id, principal, record) VALUES (?, ?, ?, ?)",
            (digest, token.token_id, principal, _encode(token)),
        )
        return secret

    def find(self, token: str, now: int | None = None) -> Token | None:
        """The record of a live token, as it is this moment; None if it is unknown, revoked or expired.

        Raises `LogUnusable` if the file cannot be read: then nobody can be let in.
        """
        if not token.startswith(PREFIX):
            return None
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            try:
                row = self._file.execute("SELECT record FROM tokens WHERE digest = ?", (digest,)).fetchone()
            except sqlite3.Error as error:
                raise LogUnusable(path=str(self._path), why=f"cannot be read ({error}). Look at the disk.") from None
        if row is None:
            return None
        found = msgspec.json.decode(row[0], type=Token)
        at = self._now() if now is None else now
        return None if found.expires_at is not None and found.expires_at <= at else found

    def revoke(self, name: str) -> int:
        """Take back the token with the id `name`, or all of the principal `name`; how many there were."""
        return self._write("DELETE FROM tokens WHERE token_id = ? OR principal = ?", (name, name))

    def tokens(self) -> list[Token]:
        """All that were issued and not revoked, the expired ones too, by principal."""
        with self._lock:
            rows = self._file.execute("SELECT record FROM tokens ORDER BY principal, rowid").fetchall()
        return [msgspec.json.decode(row[0], type=Token) for row in rows]

    def live_roles(self, principal: str) -> list[tuple[Role, ...]]:
        """The roles of each live token of `principal`. Raises `LogUnusable` if the file cannot be read."""
        now = self._now()
        with self._lock:
            try:
                rows = self._file.execute("SELECT record FROM tokens WHERE principal = ?", (principal,)).fetchall()
            except sqlite3.Error as error:
                raise LogUnusable(path=str(self._path), why=f"cannot be read ({error}). Look at the disk.") from None
        found = [msgspec.json.decode(row[0], type=Token) for row in rows]
        return [token.roles for token in found if token.expires_at is None or token.expires_at > now]

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _write(self, sql: str, values: tuple[object, ...]) -> int:
        with self._lock:
            try:
                return self._file.execute(sql, values).rowcount
            except sqlite3.OperationalError as error:
                why = f"cannot be written ({error}). Look at the disk and the file's owner."
                raise LogUnusable(path=str(self._path), why=why) from None

    def _prepare(self) -> None:
        application = self._file.execute("PRAGMA application_id").fetchone()[0]
        if application not in (0, APPLICATION_ID):
            raise LogUnusable(path=str(self._path), why="is a database of another program. Name another log.")
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._file.execute(f"PRAGMA {pragma}").fetchone()
        if application == 0:
            self._file.execute(f"PRAGMA application_id={APPLICATION_ID}")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS tokens "
            "(digest BLOB NOT NULL UNIQUE, token_id TEXT NOT NULL, principal TEXT NOT NULL, record BLOB NOT NULL)"
        )
