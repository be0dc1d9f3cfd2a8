"""The heads that this console was told: what a log that is rolled back or rewritten later is found out by.

JSON lines in `$XDG_STATE_HOME/watchfloor/heads-<feed>.jsonl`, one `{epoch, seq, head_hash, at, acknowledged}` each,
in the form that `watchfloor audit verify --heads` reads. The file is bounded; not synced to disk, since a lost line
costs one point of comparison and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from protocol.frames import Cursor

KEPT: Final = 2_000
"""Lines at which the file is thinned out to half."""
EVERY_SEQS: Final = 1_000
EVERY_MS: Final = 60_000


class Head(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The log's head hash at `seq` of `epoch`, as the feed told it at `at` (the feed's ms UTC)."""

    epoch: str
    seq: int
    head_hash: str
    at: int = 0
    acknowledged: bool = False
    """A person saw that the log was rewritten and went on from here: older heads are no longer compared at connect."""


def state_home() -> Path:
    """`$XDG_STATE_HOME/watchfloor`, or its default."""
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if named.startswith("/") else Path.home() / ".local" / "state"
    return base / "watchfloor"


def heads_file(url: str, home: Path | None = None) -> Path:
    """The file for the feed at `url`: readable, and different for different addresses."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", url).strip("-")[:48]
    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    return (home or state_home()) / f"heads-{readable}-{digest}.jsonl"


class Heads:
    """The remembered heads of one feed. A file that cannot be read or written costs the memory, never the console."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault: str | None = None
        """Why nothing is remembered, if so."""
        self._lines = 0
        self._last: Head | None = None
        self._at: float | None = None
        for head in self._read():
            self._lines += 1
            self._last = head

    def latest(self) -> Head | None:
        """The newest head: what the log must still contain."""
        return self._last

    def probe(self) -> Cursor | None:
        """The newest head as a place to resume from, to ask the feed whether its log still leads there."""
        if self._last is None or self._last.seq == 0:
            return None
        return Cursor(epoch=self._last.epoch, seq=self._last.seq, head_hash=self._last.head_hash)

    def told(self, *, epoch: str, seq: int, head_hash: str, at: int, now: float) -> None:
        """Remember a head now and then: the first one, then each thousand events or minute (`now`: monotonic ms)."""
        last = self._last
        if seq == 0 or not head_hash:
            return
        if last is not None and last.epoch == epoch:
            if seq <= last.seq:
                return
            if self._at is not None and seq - last.seq < EVERY_SEQS and now - self._at < EVERY_MS:
                return
        self._at = now
        self._append(Head(epoch=epoch, seq=seq, head_hash=head_hash, at=at))

    def acknowledge(self, *, epoch: str, seq: int, head_hash: str, at: int) -> None:
        """A person goes on with the log as it is now; the old heads stay in the file as evidence."""
        self._append(Head(epoch=epoch, seq=seq, head_hash=head_hash, at=at, acknowledged=True))

    def _append(self, head: Head) -> None:
        self._last = head
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._lines >= KEPT:
                self._thin_out()
            with self.path.open("ab") as file:
                file.write(msgspec.json.encode(head) + b"\n")
            self._lines += 1
        except OSError as error:
            self.fault = f"{self.path}: {error.strerror or error}"

    def _thin_out(self) -> None:
        """Keep every second line and all acknowledgments: older heads get further apart, none of a kind is lost."""
        heads = self._read()
        kept = [head for place, head in enumerate(heads) if place % 2 or head.acknowledged]
        beside = self.path.with_suffix(".new")
        beside.write_bytes(b"".join(msgspec.json.encode(head) + b"\n" for head in kept))
        beside.replace(self.path)
        self._lines = len(kept)

    def _read(self) -> list[Head]:
        try:
            lines = self.path.read_bytes().splitlines()
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self.fault = f"{self.path}: {error.strerror or error}"
            return []
        heads: list[Head] = []
        decoder = msgspec.json.Decoder(Head)
        for line in lines:
            try:
                heads.append(decoder.decode(line))
            except (msgspec.MsgspecError, ValueError, RecursionError):
                continue  # a line cut short by a full disk
        return heads
