"""The state of the floor at one seq, in a file of its own beside the log: a start without folding everything.

A snapshot is a shortcut and never an authority. It is taken only if the log has its head hash at its seq and today's
code folds as the code that wrote it; else it is as if it were not there. Every case is sealed under its own key, so it
holds no readable text either, and a case whose key is gone is left to be folded from the log.

The file: a magic line, then frames of a 4-byte length (big-endian) and bytes: the header, one frame a case, the memory
(what is kept of cases that left the floor; no text), and the SHA-256 of everything before it.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from casework.model import Case
from feed.log.base import Head
from feed.log.files import PRIVATE, sync_directory
from feed.log.seal import Keyring, SealBroken

MAGIC: Final = b"watchfloor snapshot 1\n"
FOLD: Final = tuple(
    f"casework.{name}" for name in ("evolve", "folding", "events", "facts", "model", "tokens", "upcast")
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
_record: Final = msgspec.msgpack.Decoder(_Record).decode
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

    `memory` must hold no case text. For a thread of its own: it pauses often, and holds one case in memory at a time.
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
    file.write(MAGIC)
    size = len(MAGIC)

    def put(content: bytes) -> None:
        nonlocal size
        frame = _LENGTH.pack(len(content)) + content
        digest.update(frame)
        file.write(frame)
        size += len(frame)

    put(_encode(_Header(fold=fold_version(), epoch=head.epoch, seq=head.seq, head_hash=head.head_hash)))
    for count, case in enumerate(cases, 1):
        sealed = b""
        if keyring.has(case.case_id):
            sealed = keyring.seal_bytes(case.case_id, _context(head, case.case_id), _encode(case))
        put(_encode(_Record(case.case_id, sealed)))
        if count % _AT_ONCE == 0:
            time.sleep(pause_s)
    put(b"")
    put(memory)
    file.write(digest.digest())
    return size + digest.digest_size


def _load(file: BinaryIO, epoch: str, head_hash_at: Callable[[int], str | None], keyring: Keyring) -> Snapshot:
    digest = sha256(MAGIC)
    if file.read(len(MAGIC)) != MAGIC:
        raise SnapshotUnusable("it has another layout")
    frames = _frames(file, digest.update)
    header = _header(next(frames))
    if header.fold != fold_version():
        raise SnapshotUnusable("another release wrote it")
    if header.epoch != epoch or head_hash_at(header.seq) != header.head_hash:
        raise SnapshotUnusable("it is not of this log as it stands")
    head = Head(epoch=header.epoch, seq=header.seq, head_hash=header.head_hash)
    cases: dict[str, Case] = {}
    missing: list[str] = []
    for records in _batches(frames):
        keyring.warm([record.case_id for record in records])
        for case_id, sealed in ((record.case_id, record.sealed) for record in records):
            text = keyring.unseal_bytes(case_id, _context(head, case_id), sealed) if sealed else None
            if text is None:
                missing.append(case_id)
            else:
                cases[case_id] = _case(text)
    memory = next(frames)
    if file.read(digest.digest_size + 1) != digest.digest():
        raise SnapshotUnusable("its checksum does not fit")
    return Snapshot(head=head, cases=cases, missing=tuple(missing), memory=memory)


def _frames(file: BinaryIO, digest: Callable[[bytes], object]) -> Iterator[bytes]:
    while True:
        length = _exactly(file, _LENGTH.size)
        (size,) = _LENGTH.unpack(length)
        if size > LARGEST:
            raise SnapshotUnusable("it is damaged (a frame of impossible length)")
        content = _exactly(file, size)
        digest(length + content)
        yield content


def _batches(frames: Iterator[bytes]) -> Iterator[list[_Record]]:
    """The records up to the empty frame that ends them."""
    batch: list[_Record] = []
    for frame in frames:
        if not frame:
            break
        batch.append(_record(frame))
        if len(batch) == 512:
            yield batch
            batch = []
    yield batch


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise EOFError
    return content


def _context(head: Head, case_id: str) -> bytes:
    return msgspec.json.encode(("snapshot", head.epoch, head.seq, case_id))
