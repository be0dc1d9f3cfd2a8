"""Offline verification of a SQLite log, read-only, also beside a running feed.

Every event's stored bytes are hashed again (never a re-encoding): the chain of its case, the chain of the whole log,
each column against the body, `seq` and versions without a gap. What a log cannot show of itself, that its end was cut
or that all of it was written anew, is found with heads that consoles remembered, and else reported as not knowable.
"""

from __future__ import annotations

import binascii
import sqlite3
from collections.abc import Collection, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from feed.log import checkpoints
from feed.log.base import LogUnusable
from feed.log.checkpoints import Checkpoints
from feed.log.files import beside, connect_read_only
from feed.log.heads import Memory, judge
from feed.log.seal import NONCE, TAG
from feed.log.sqlite_store import APPLICATION_ID, COLUMNS

AT_ONCE: Final = 20_000
"""Events in one read: between two of them the feed can clear its WAL."""
NAMED: Final = 20
"""Faults that are named; the others are counted."""
_NO_HASH: Final = bytes(32)


class Fault(Struct, frozen=True, kw_only=True):
    """What is wrong at `seq` (0: with the log as a whole)."""

    seq: int
    what: str


class Report(Struct, frozen=True, kw_only=True):
    """What was found. `unknown`: what cannot be known, each in words; never to be shown as fine."""

    epoch: str
    events: int
    cases: int
    last: int
    head_hash: str
    sealed: int
    faults: tuple[Fault, ...]
    more_faults: int
    unknown: tuple[str, ...]
    fitting_heads: int
    proved_to: int
    signed: int = 0
    """Checkpoints beside the log whose signature and head fit."""
    signed_to: int = 0
    keys: tuple[str, ...] = ()
    """The public keys (hex) that those are signed with."""

    @property
    def sound(self) -> bool:
        return not self.faults

    @property
    def first_bad_seq(self) -> int | None:
        return min((fault.seq for fault in self.faults), default=None)


class _Claims(Struct, frozen=True, kw_only=True):
    """What the body says that a column says as well, and its sealed part."""

    case_id: str
    version: int
    type: str
    at: int
    actor: str
    v: int
    part: int
    sealed: str | None = None


_claims: Final = msgspec.json.Decoder(_Claims).decode


def verify(path: Path, memory: Memory | None = None, trusted: Collection[str] = ()) -> Report:
    """Check the log at `path` against itself, its signed checkpoints and remembered heads.

    `trusted`: the public keys (hex) that may have signed, as they were kept elsewhere; none: every key may. Raises
    `LogUnusable` if there is no log of ours there, OSError if its checkpoints cannot be read.
    """
    memory = memory or Memory()
    # Before the events: what is signed while they are read must not look like a cut tail.
    held = checkpoints.read(beside(path, "checkpoints"))
    connection = connect_read_only(path)
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise LogUnusable(
                path=str(path), why="is not a log of this program. Name the file that the feed was given."
            )
        scan = Scan({head.seq for head in memory.heads} | {line.seq for line in held.lines})
        epoch = ""
        try:
            epoch = str(connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0])
            for row in _rows(connection):
                scan.take(row)
        except (sqlite3.DatabaseError, TypeError) as error:
            scan.fault(scan.seq + 1, f"the file is damaged from here on ({error})")
        return _report(scan, epoch, memory, held, trusted)
    finally:
        connection.close()


class Scan:
    """Takes the rows of a log in order of seq and keeps what they add up to."""

    def __init__(self, remembered: set[int]) -> None:
        """`remembered`: the seqs at which the head hash is wanted afterwards."""
        self.seq = 0
        self.events = 0
        self.sealed = 0
        self.head = _NO_HASH
        self.heads: dict[int, str] = {}
        self.faults: list[Fault] = []
        self.more_faults = 0
        self.tails: dict[str, tuple[int, bytes]] = {}
        self._remembered = remembered

    def take(self, row: tuple[Any, ...]) -> None:
        """One stored event, as its columns came."""
        seq, case_id, version, kind, at, actor, body, digest, head = row
        if seq != self.seq + 1:
            self.fault(self.seq + 1, f"missing: after {self.seq} comes {seq}")
        self.seq = seq
        self.events += 1
        before, previous = self.tails.get(case_id, (0, _NO_HASH))
        if type(body) is not bytes or type(digest) is not bytes or type(head) is not bytes:
            self.fault(seq, "a column holds the wrong kind of value")
            return
        own = sha256(previous + body).digest()
        total = sha256(self.head + own).digest()
        try:
            claims = _claims(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self.fault(seq, f"the body is not an event ({type(error).__name__})")
            self._follow(case_id, version, digest, head)
            return
        if own != digest:
            self.fault(seq, f"the chain of its case breaks here: {_which(previous, body, digest)}")
        elif total != head:
            self.fault(seq, "the chain of the log breaks here: its head hash does not follow from the one before")
        elif (claims.case_id, claims.version, claims.type, claims.at, claims.actor) != (
            case_id,
            version,
            kind,
            at,
            actor,
        ):
            self.fault(seq, "a column differs from the event that was hashed")
        elif version != before + 1:
            self.fault(seq, f"version {version} follows version {before} of its case")
        elif claims.sealed is not None:
            self.sealed += 1
            if not _is_sealed(claims.sealed):
                self.fault(seq, "its sealed part is none")
        self._follow(case_id, version, digest, head)

    def fault(self, seq: int, what: str) -> None:
        if len(self.faults) < NAMED:
            self.faults.append(Fault(seq=seq, what=what))
        else:
            self.more_faults += 1

    def _follow(self, case_id: str, version: int, digest: bytes, head: bytes) -> None:
        """Go on from what is stored, so that one fault is one and not all that come after."""
        self.tails[case_id] = (version, digest)
        self.head = head
        if self.seq in self._remembered:
            self.heads[self.seq] = head.hex()


def _report(scan: Scan, epoch: str, memory: Memory, held: Checkpoints, trusted: Collection[str]) -> Report:
    judgment = judge(memory, epoch=epoch, last=scan.seq, head_hash_at=scan.heads.get)
    signed = checkpoints.judge(held, epoch=epoch, last=scan.seq, head_hashes=scan.heads, trusted=trusted)
    for seq, what in (*judgment.faults, *signed.faults):
        scan.fault(seq, what)
    return Report(
        epoch=epoch,
        events=scan.events,
        cases=len(scan.tails),
        last=scan.seq,
        head_hash=scan.head.hex(),
        sealed=scan.sealed,
        faults=tuple(scan.faults),
        more_faults=scan.more_faults,
        unknown=(*judgment.unknown, *signed.unknown),
        fitting_heads=judgment.fitting,
        proved_to=judgment.proved_to,
        signed=signed.fitting,
        signed_to=signed.proved_to,
        keys=tuple(sorted({line.key for line in held.lines})),
    )


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """Every event up to the newest of this moment, in several reads."""
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
    after = 0
    while after < last:
        upto = min(after + AT_ONCE, last)
        yield from connection.execute(
            f"SELECT {COLUMNS} FROM events WHERE seq > ? AND seq <= ? ORDER BY seq", (after, upto)
        )
        after = upto


def _which(previous: bytes, body: bytes, digest: object) -> str:
    if not isinstance(digest, bytes) or len(digest) != len(_NO_HASH):
        return "its hash is none"
    return "the event, its hash or the event of the case before it was changed or taken away"


def _is_sealed(sealed: str) -> bool:
    try:
        return len(binascii.a2b_base64(sealed, strict_mode=True)) >= NONCE + TAG
    except ValueError:  # not ASCII, or not base64
        return False
