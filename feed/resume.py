"""Whether a console may go on from where it stood (contract, section 3)."""

from __future__ import annotations

from casework.access import Audience
from feed.log.base import Log
from feed.ring import Ring
from feed.rows import audience_tag
from protocol.frames import Cursor, ResyncReason


def judge(cursor: Cursor, log: Log, ring: Ring, audience: Audience) -> ResyncReason | None:
    """None: exactly the missing events follow. Else why a snapshot has to.

    `forked` comes before the others: a log that was rolled back or rewritten is said whatever else there is. A cursor
    that names another audience than `audience`, which the person has now, holds rows that they may not see, or lacks
    some: a clearance or break-glass came or went while they were not connected.
    """
    if cursor.epoch != log.epoch:
        return "epoch"
    if cursor.seq > ring.last or log.head_hash_at(cursor.seq) != cursor.head_hash:
        return "forked"
    if cursor.audience is not None and cursor.audience != audience_tag(audience):
        return "audience"
    if not ring.holds_after(cursor.seq):
        return "trimmed"
    return None
