"""Whether a console may go on from where it stood (contract, section 3)."""

from __future__ import annotations

from feed.log.base import Log
from feed.ring import Ring
from protocol.frames import Cursor, ResyncReason


def judge(cursor: Cursor, log: Log, ring: Ring) -> ResyncReason | None:
    """None: exactly the missing events follow. Else why a snapshot has to.

    `forked` comes before `trimmed`: a log that was rolled back or rewritten is said even if nothing is held any more.
    """
    if cursor.epoch != log.epoch:
        return "epoch"
    if cursor.seq > ring.last or log.head_hash_at(cursor.seq) != cursor.head_hash:
        return "forked"
    if not ring.holds_after(cursor.seq):
        return "trimmed"
    return None
