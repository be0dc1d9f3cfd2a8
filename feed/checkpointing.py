"""Signs where the log stands, after so many events or minutes and when the feed ends, in a file beside the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from feed.config import AuditRules
from feed.due import write_when_due
from feed.log import checkpoints
from feed.log.base import Head, Log
from feed.log.checkpoints import Checkpoint
from feed.log.signing import SigningKey
from feed.logs import Journal

_journal = Journal("checkpoints")


class Checkpointer:
    """Writes checkpoints of `log` to `path`; `now` is feed time, ms UTC."""

    def __init__(self, log: Log, path: Path, key: SigningKey, rules: AuditRules, now: Callable[[], int]) -> None:
        self._log = log
        self._path = path
        self._key = key
        self._rules = rules
        self._now = now
        self._signed_seq = self._newest_signed()
        self._writing = asyncio.Lock()
        self.failures = 0

    async def run(self) -> None:
        """Sign when it is due, until canceled."""
        await write_when_due(
            self.write,
            lambda: self._log.head().seq - self._signed_seq,
            events=self._rules.checkpoint_events,
            minutes=self._rules.checkpoint_minutes,
        )

    async def write(self) -> None:
        """Sign the head as it is now, if it is not signed yet; a disk that is full is no reason to stop."""
        async with self._writing:
            head = self._log.head()
            if head.seq == self._signed_seq or head.seq == 0:
                return
            try:
                await asyncio.to_thread(checkpoints.append, self._path, self._signed(head))
                self._signed_seq = head.seq
            except OSError as fault:
                self.failures += 1
                _journal.warning("checkpoint not written", errno=fault.errno)

    def _signed(self, head: Head) -> Checkpoint:
        return Checkpoint(
            epoch=head.epoch,
            seq=head.seq,
            head_hash=head.head_hash,
            at=self._now(),
            key=self._key.public,
            signature=self._key.sign(head.epoch, head.seq, head.head_hash),
        )

    def _newest_signed(self) -> int:
        """The seq of the last line, if it is of this log as it stands; else 0, so that the next one comes soon."""
        try:
            lines = checkpoints.read(self._path).lines
        except OSError:
            return 0
        if not lines or lines[-1].epoch != self._log.epoch:
            return 0
        seq = lines[-1].seq
        return seq if self._log.head_hash_at(seq) == lines[-1].head_hash else 0
