"""Remembered heads: what consoles were told of a log, held against the log as it stands now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct


class Remembered(Struct, frozen=True, kw_only=True):
    """The head hash (hex) at `seq` of `epoch`, as a feed told it. Further fields of a line are ignored."""

    epoch: str
    seq: Annotated[int, Meta(ge=1)]
    head_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Memory(Struct, frozen=True, kw_only=True):
    """What a file of heads holds. `unreadable`: lines that hold none (one may be cut short by a full disk)."""

    heads: tuple[Remembered, ...] = ()
    unreadable: int = 0


class Judgment(Struct, frozen=True, kw_only=True):
    """`faults`: (seq, what is wrong). `proved_to`: the newest seq at which a remembered head fits; 0 if none does."""

    faults: tuple[tuple[int, str], ...]
    unknown: tuple[str, ...]
    proved_to: int
    fitting: int


def read_heads(path: Path) -> Memory:
    """The heads in the JSON lines at `path`. Raises OSError."""
    decode = msgspec.json.Decoder(Remembered).decode
    heads: list[Remembered] = []
    unreadable = 0
    for line in path.read_bytes().splitlines():
        if not line.strip():
            continue
        try:
            heads.append(decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            unreadable += 1
    return Memory(heads=tuple(heads), unreadable=unreadable)


def judge(memory: Memory, *, epoch: str, last: int, head_hash_at: Callable[[int], str | None]) -> Judgment:
    """Hold remembered heads against a log of `epoch` whose newest event is `last`.

    `head_hash_at` gives the head hash that the events up to a seq add up to, not what the log claims.
    """
    own = sorted({(head.seq, head.head_hash) for head in memory.heads if head.epoch == epoch})
    others = len({head.epoch for head in memory.heads if head.epoch != epoch})
    faults: list[tuple[int, str]] = []
    fitting = 0
    proved_to = 0
    for seq, head_hash in own:
        if seq > last:
            faults.append((last + 1, f"the log ends at {last}, a console was told of {seq}: cut or rolled back"))
            break
        if head_hash_at(seq) != head_hash:
            faults.append(
                (seq, "the log is not the one that a console was told of: rewritten, or rolled back and grown")
            )
            break
        fitting += 1
        proved_to = seq
    if others and not own:
        faults.append(
            (0, "the remembered heads are of another log: this one was put in its place, or is not the one meant")
        )
    return Judgment(
        faults=tuple(faults),
        unknown=tuple(_unknown(memory, own=bool(own), others=others, last=last, proved_to=proved_to)),
        proved_to=proved_to,
        fitting=fitting,
    )


def _unknown(memory: Memory, *, own: bool, others: int, last: int, proved_to: int) -> Sequence[str]:
    sentences = []
    if not own:
        sentences.append("whether the tail was cut or everything rewritten: no head that a console remembers was given")
    elif proved_to < last:
        sentences.append(
            f"whether anything after {last} was cut, or rewritten after {proved_to}: no newer head is remembered"
        )
    else:
        sentences.append(f"whether anything after {last} was cut: no newer head is remembered")
    if own and others:
        sentences.append(
            f"what became of {others} other log{'s' if others > 1 else ''} that the file of heads also names"
        )
    if memory.unreadable:
        sentences.append(f"what {memory.unreadable} unreadable line(s) in the file of heads said")
    return sentences
