"""Signed checkpoints: the head of the log now and then, signed, in JSON lines beside it (`PATH.checkpoints`).

A line is `{epoch, seq, head_hash, at, key, signature}`. They prove what a chain of hashes cannot prove of itself: that
what stands in the log up to a checkpoint stood there when it was signed.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from feed.log.files import PRIVATE
from feed.log.signing import fits


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A signed head; `at` is ms UTC, `key` the public key (hex) that `signature` (base64) fits."""

    epoch: str
    seq: Annotated[int, Meta(ge=1)]
    head_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    at: int
    key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    signature: str

    @property
    def genuine(self) -> bool:
        """Whether the signature fits the head and the key that the line names."""
        return fits(self.signature, self.key, epoch=self.epoch, seq=self.seq, head_hash=self.head_hash)


class Checkpoints(Struct, frozen=True, kw_only=True):
    """What a file of checkpoints holds. `unreadable`: lines that hold none."""

    lines: tuple[Checkpoint, ...] = ()
    unreadable: int = 0


class Signed(Struct, frozen=True, kw_only=True):
    """What checkpoints prove. `faults`: (seq, what is wrong). `proved_to`: the newest seq that a signature covers."""

    faults: tuple[tuple[int, str], ...]
    unknown: tuple[str, ...]
    fitting: int
    proved_to: int


def append(path: Path, checkpoint: Checkpoint) -> None:
    """Add a line, durably. A line that a crash cut short is ended first. Raises OSError."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, PRIVATE)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (b"\n" if torn else b"") + msgspec.json.encode(checkpoint) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Checkpoints:
    """The checkpoints at `path`; none if there is no such file. Raises OSError."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return Checkpoints()
    decode = msgspec.json.Decoder(Checkpoint).decode
    found: list[Checkpoint] = []
    unreadable = 0
    for line in lines:
        try:
            found.append(decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            unreadable += bool(line.strip())
    return Checkpoints(lines=tuple(found), unreadable=unreadable)


def judge(held: Checkpoints, *, epoch: str, last: int, head_hashes: dict[int, str], trusted: Collection[str]) -> Signed:
    """Hold checkpoints against a log of `epoch` whose newest event is `last`; `head_hashes` are what it adds up to.

    `trusted`: public keys that were kept elsewhere; empty: every key counts, and that is said.
    """
    faults: list[tuple[int, str]] = []
    fitting = proved_to = 0
    for line in held.lines:
        if not line.genuine:
            faults.append((line.seq, "the signature of its checkpoint does not fit: the checkpoint was altered"))
        elif trusted and line.key not in trusted:
            faults.append((line.seq, f"its checkpoint is signed with another key, {line.key[:16]}…: signed anew"))
        elif line.epoch != epoch:
            faults.append((line.seq, "its checkpoint is of another log: one of the two was put in its place"))
        elif line.seq > last:
            faults.append(
                (last + 1, f"the log ends at {last}, a checkpoint of {line.seq} was signed: cut or rolled back")
            )
        elif head_hashes.get(line.seq) != line.head_hash:
            faults.append((line.seq, "the log is not the one that was signed here: rewritten"))
        else:
            fitting += 1
            proved_to = max(proved_to, line.seq)
    return Signed(faults=tuple(faults), unknown=_unknown(held, fitting, trusted), fitting=fitting, proved_to=proved_to)


def _unknown(held: Checkpoints, fitting: int, trusted: Collection[str]) -> tuple[str, ...]:
    sentences: list[str] = []
    if not held.lines:
        sentences.append("whether the log was ever signed: there is no checkpoint beside it")
    elif fitting and not trusted:
        sentences.append(
            "whether the checkpoints are the feed's own: no public key that was kept elsewhere was given (--key)"
        )
    if held.unreadable:
        sentences.append(f"what {held.unreadable} unreadable line(s) among the checkpoints said")
    return tuple(sentences)
