"""The contract of the log that every engine keeps, and what an append can be answered with.

An engine appends atomically over several cases, checks each case's version, keeps the idempotency key with the events
it belongs to, and gives every event the next `seq` without a gap. Nothing here says how an engine stores anything.

LogError
├── VersionConflict   a case is at another version than the append expected; nothing of the append was stored
├── KeyTaken          the idempotency key is bound to an earlier append; carries its record
├── Unstorable        an event that cannot be stored exactly (a float, text that is not Unicode, a destroyed key)
├── LogUnavailable    no durable acknowledgment; the outcome may be unknown: ask again with the same key
├── LogLocked         another process holds the log
└── LogUnusable       the files are not a log of ours, or do not belong together
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from casework.events import Draft, Event

if TYPE_CHECKING:
    from feed.log.seal import Keyring

ZERO_HASH: str = "00" * 32
"""The head hash of an empty log (seq 0)."""


class LogError(Exception):
    """Base of what the log refuses; `str()` is a sentence."""


class VersionConflict(LogError):
    """Case `case_id` is at version `actual`, the append expected `expected`. Nothing of the append was stored."""

    def __init__(self, *, case_id: str, expected: int, actual: int) -> None:
        self.case_id = case_id
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"Not stored: {case_id} is at version {actual}, not {expected}. Decide again on its new state."
        )


class KeyTaken(LogError):
    """The idempotency key was bound before; `record.answer` is the answer (bytes), `record.digest` what it was for."""

    def __init__(self, record: Key) -> None:
        self.record = record
        super().__init__(f"Not stored: the key {record.key} is taken. Give its answer if the digest is the same.")


class Unstorable(LogError):
    """An event of case `case_id` cannot be stored so that it reads back exactly as it was."""

    def __init__(self, *, case_id: str, why: str) -> None:
        self.case_id = case_id
        self.why = why
        super().__init__(f"Not stored: an event of {case_id} {why}.")


class LogUnavailable(LogError):
    """No durable acknowledgment. Whether the append was stored may be unknown; the same key finds out."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The log cannot acknowledge anything now: {reason}. Ask again with the same key.")


class LogLocked(LogError):
    """Another process has the log open for writing; `pid` if it said which."""

    def __init__(self, *, path: str, pid: int | None) -> None:
        self.path = path
        self.pid = pid
        who = f"process {pid}" if pid is not None else "another process"
        super().__init__(f"{path} is in use by {who}. Stop that feed first, or name another log.")


class LogUnusable(LogError):
    """The file at `path` cannot be used as a log; `why` says what is wrong and what to do."""

    def __init__(self, *, path: str, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"{path} {why}")


class Key(Struct, frozen=True, kw_only=True):
    """An idempotency key. A function as `answer` is called with the `Appended` (its `answer` still empty) before the
    commit, on the writer's thread, and what it returns is stored in the same transaction; it must be quick and pure.
    """

    scope: str
    key: str
    digest: str
    answer: bytes | Callable[[Appended], bytes] = b""
    expires_at: int | None = None
    """ms UTC; None: it lives as long as the log."""

    @property
    def answered(self) -> bytes:
        """The stored answer of a record that came out of the log."""
        if not isinstance(self.answer, bytes):
            raise TypeError("this key was not stored yet")
        return self.answer


class Write(Struct, frozen=True, kw_only=True):
    """Drafts for one case, all or none. `expected_version` 0: a new case; None: whatever it is (`_audit` only)."""

    case_id: str
    expected_version: int | None
    drafts: tuple[Draft, ...]


class Appended(Struct, frozen=True, kw_only=True):
    """What was stored. Without events `first_seq` and `last_seq` are both the head's seq at that moment.

    `head_hash` is that of `last_seq`. `answer` is what the key keeps (empty without a key).
    """

    first_seq: int
    last_seq: int
    events: tuple[Event, ...]
    head_hash: str
    answer: bytes = b""
    head_hashes: tuple[str, ...] = ()
    """The head hash at each event's seq, in the order of `events`."""


class Head(Struct, frozen=True, kw_only=True):
    """The newest event of the log; `head_hash` hex, all zeros at seq 0."""

    epoch: str
    seq: int
    head_hash: str


class Stored(NamedTuple):
    """An event as the log keeps it: the columns and the sealed, canonical `body`. Hashes are 32 raw bytes."""

    seq: int
    case_id: str
    version: int
    type: str
    at: int
    actor: str
    body: bytes
    hash: bytes
    head_hash: bytes


class Log(Protocol):
    """One log. Every coroutine belongs to the event loop on which the log was opened."""

    @property
    def durable(self) -> bool:
        """Whether what was acknowledged survives the process and the power; if not, a feed needs `--unsafe`."""

    @property
    def epoch(self) -> str:
        """A random id made with the log; it stays with it, also through backup and restore."""

    @property
    def keyring(self) -> Keyring:
        """What seals its events; snapshots are sealed with the same keys."""

    @property
    def unavailable(self) -> str | None:
        """Why nothing can be acknowledged at present (readyz, the banner); None while all is well."""

    @property
    def on_commit(self) -> Callable[[Appended], None] | None:
        """Called on the loop for each append with events, strictly in seq order, right before its caller wakes; also
        when the caller was canceled meanwhile or its outcome was unknown at first. It must not raise.
        """

    @on_commit.setter
    def on_commit(self, hook: Callable[[Appended], None] | None) -> None: ...

    async def append(self, key: Key | None, writes: Sequence[Write]) -> Appended:
        """Store all `writes` and `key`, or nothing; returns after it is durable. Callers wake in seq order.

        Raises `KeyTaken` (judged first), `VersionConflict`, `Unstorable`, `LogUnavailable`.
        """

    async def read(self, after: int, limit: int, case_id: str | None = None) -> list[Event]:
        """At most `limit` events with seq > `after` in order, of one case if named, unsealed where the key exists.

        This and all other reads raise `LogUnavailable` if the disk cannot be read.
        """

    async def read_stored(self, after: int, limit: int, case_id: str | None = None) -> list[Stored]:
        """The same events as they are stored."""

    async def find_key(self, scope: str, key: str) -> Key | None:
        """The live record of an idempotency key; an expired one counts as none."""

    def head(self) -> Head:
        """The newest event that was acknowledged here."""

    def head_hash_at(self, seq: int) -> str | None:
        """The head hash (hex) at `seq`, zeros at 0; None if the log has no such event."""

    async def close(self) -> None:
        """Finish what is queued and let go of the files. A second call does nothing."""
