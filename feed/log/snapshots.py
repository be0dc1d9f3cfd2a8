"""The state of the floor at one seq, in a file of its own beside the log: a start without folding everything.

A snapshot is a shortcut and never an authority. It is taken only if the log has its head hash at its seq and today's
code folds as the code that wrote it; else it is as if it were not there. Every case is sealed under its own key, so it
holds no readable text either, and a case whose key is gone is left to be folded from the log.

The file: a magic line, then frames of a 4-byte length (big-endian) and bytes: the header, the cases (64 a frame), an
empty frame, the memory (what is kept of cases that left the floor; no text). The end is a SHA-256 over all of it.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from casework.model import Case
from feed.log.base import Head
from feed.log.files import PRIVATE, sync_directory
from feed.log.seal import TAG, Keyring, SealBroken

MAGIC: Final = b"watchfloor snapshot 1\n"
FOLD: Final = tuple(
    f"casework.{name}"
    for name in (
        *("evolve", "folding", "actionfold", "events", "facts", "factbase", "actionfacts"),
        *("model", "tokens", "upcast"),
    )
)
"""The modules that decide what a log folds to. A test holds this list against what they import."""
LARGEST: Final = 256 * 1024 * 1024
"""Bytes of one frame; a longer one is a broken file."""
_AT_ONCE: Final = 64
"""Cases between two pauses, about a millisecond of work: the event loop shares the interpreter with this thread."""
_PAUSE_S: Final = 0.001
_LENGTH: Final = struct.Struct(">I")


class SnapshotUnusable(Exception):
    """There is no snapshot to start from; `reason` says why. Folding the log gives the same state."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The snapshot is not used: {reason}. The log is folded instead.")


class Snapshot(Struct, frozen=True, kw_only=True):
    """The cases on the floor at `head`, by id. `missing`: cases that must be folded from the log."""

    head: Head
    cases: dict[str, Case]
    missing: tuple[str, ...] = ()
    memory: bytes = b""


class _Header(Struct, frozen=True, kw_only=True):
    fold: str
    epoch: str
    seq: int
    head_hash: str


class _Record(Struct, frozen=True, array_like=True):
    case_id: str
    sealed: bytes
    """Empty: the case had no key."""


_encode: Final = msgspec.msgpack.encode
_header: Final = msgspec.msgpack.Decoder(_Header).decode
_records: Final = msgspec.msgpack.Decoder(list[_Record]).decode
_context_of: Final = msgspec.json.encode
_case: Final = msgspec.msgpack.Decoder(Case).decode


@cache
def fold_version() -> str:
    """A digest of the code that folds: nobody has to remember to raise a number when it changes."""
    digest = sha256()
    for name in FOLD:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None  # a module of our own: it has a file
        digest.update(Path(spec.origin).read_bytes())
    return digest.hexdigest()


def write(
    path: Path, *, head: Head, cases: Iterable[Case], memory: bytes, keyring: Keyring, pause_s: float = _PAUSE_S
) -> int:
    """Write the snapshot of `cases` at `head` beside `path`, sync it, put it in place; its size in bytes.

    `memory` must hold no case text. For a thread of its own: it pauses often, and holds few encoded cases at a time.
    Raises OSError; then what was at `path` is still there.
    """
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
    try:
        with open(descriptor, "wb", buffering=1024 * 1024) as file:
            size = _write(file, head, cases, memory, keyring, pause_s)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
    return size


def load(path: Path, *, epoch: str, head_hash_at: Callable[[int], str | None], keyring: Keyring) -> Snapshot:
    """The snapshot at `path`, if it belongs to the log of `epoch` and fits it. Raises `SnapshotUnusable`."""
    try:
        with path.open("rb", buffering=1024 * 1024) as file:
            return _load(file, epoch, head_hash_at, keyring)
    except FileNotFoundError:
        raise SnapshotUnusable("there is none yet") from None
    except OSError as error:
        raise SnapshotUnusable(f"it cannot be read ({error.strerror})") from None
    except (EOFError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, SealBroken) as error:
        raise SnapshotUnusable(f"it is damaged ({type(error).__name__})") from None


def _write(file: BinaryIO, head: Head, cases: Iterable[Case], memory: bytes, keyring: Keyring, pause_s: float) -> int:
    digest = sha256(MAGIC)
    size = file.write(MAGIC)

    def put(content: bytes, covered: bytes) -> None:
        nonlocal size
        digest.update(_LENGTH.pack(len(content)) + covered)
        size += file.write(_LENGTH.pack(len(content))) + file.write(content)

    header = _encode(_Header(fold=fold_version(), epoch=head.epoch, seq=head.seq, head_hash=head.head_hash))
    put(header, header)
    left = iter(cases)
    while batch := tuple(islice(left, _AT_ONCE)):
        records = [_Record(case.case_id, _sealed(case, head, keyring)) for case in batch]
        put(_encode(records), _tags(records))
        time.sleep(pause_s)
    put(b"", b"")
    put(memory, memory)
    return size + file.write(digest.digest())


def _sealed(case: Case, head: Head, keyring: Keyring) -> bytes:
    if not keyring.has(case.case_id):
        return b""
    return keyring.seal_bytes(case.case_id, _context(head, case.case_id), _encode(case))


def _load(file: BinaryIO, epoch: str, head_hash_at: Callable[[int], str | None], keyring: Keyring) -> Snapshot:
    digest = sha256(MAGIC)
    if file.read(len(MAGIC)) != MAGIC:
        raise SnapshotUnusable("it has another layout")

    def take() -> bytes:
        length = _exactly(file, _LENGTH.size)
        (size,) = _LENGTH.unpack(length)
        if size > LARGEST:
            raise SnapshotUnusable("it is damaged (a frame of impossible length)")
        digest.update(length)
        return _exactly(file, size)

    start = take()
    digest.update(start)
    header = _header(start)
    if header.fold != fold_version():
        raise SnapshotUnusable("another release wrote it")
    if header.epoch != epoch or head_hash_at(header.seq) != header.head_hash:
        raise SnapshotUnusable("it is not of this log as it stands")
    head = Head(epoch=header.epoch, seq=header.seq, head_hash=header.head_hash)
    cases: dict[str, Case] = {}
    missing: list[str] = []
    while frame := take():
        records = _records(frame)
        digest.update(_tags(records))
        keyring.warm([record.case_id for record in records])
        for record in records:
            case_id = record.case_id
            text = keyring.unseal_bytes(case_id, _context(head, case_id), record.sealed) if record.sealed else None
            if text is None:
                missing.append(case_id)
            else:
                cases[case_id] = _case(text)
    memory = take()
    digest.update(memory)
    if file.read(digest.digest_size + 1) != digest.digest():
        raise SnapshotUnusable("its checksum does not fit")
    return Snapshot(head=head, cases=cases, missing=tuple(missing), memory=memory)


def _tags(records: list[_Record]) -> bytes:
    """What the checksum covers of sealed records: their ids and authentication tags, which cover the rest."""
    return b"".join([record.case_id.encode() + record.sealed[-TAG:] for record in records])


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise EOFError
    return content


def _context(head: Head, case_id: str) -> bytes:
    return _context_of(("snapshot", head.epoch, head.seq, case_id))
