"""What was published lately: one bounded ring for the node, and for each audience one encoding of it.

seq is gapless, so a place in the ring is a seq. An audience encodes an event when it is first sent to somebody of it,
once; everybody of that audience then gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from casework.access import AUDIT_CASE, Audience, project_event
from casework.events import Event
from casework.model import Common
from feed.floor import Applied
from protocol import codec, limits, shapes
from protocol.frames import WireEvent

HIDDEN = b""
"""An event that this audience gets no word of; a mark covers its seq."""


class Ring:
    """The newest applied events, bounded by count and by bytes."""

    def __init__(self, *, events: int, size: int) -> None:
        self._max_events = events
        self._max_bytes = size
        self._held: dict[int, tuple[Applied, int]] = {}
        self._bytes = 0
        self.last = 0
        """seq of the newest event that went through, also when it is not held any more."""

    @property
    def first(self) -> int:
        """The oldest seq that is held; `last + 1` if none is."""
        return self.last - len(self._held) + 1

    def start_at(self, seq: int) -> None:
        """The next event is `seq + 1`; nothing before it is held."""
        self._held.clear()
        self._bytes = 0
        self.last = seq

    def add(self, applied: Applied) -> range:
        """Hold the next event; the seqs that had to leave for it."""
        if applied.event.seq != self.last + 1:
            raise ValueError(f"event {applied.event.seq} cannot follow {self.last}")
        size = len(codec.encode(applied.event.fact)) + 600
        self._held[applied.event.seq] = (applied, size)
        self.last = applied.event.seq
        self._bytes += size
        start = self.first
        while len(self._held) > self._max_events or (self._bytes > self._max_bytes and len(self._held) > 1):
            _, freed = self._held.pop(self.first)
            self._bytes -= freed
        return range(start, self.first)

    def holds_after(self, seq: int) -> bool:
        """Whether every event after `seq` is here."""
        return self.first <= seq + 1 <= self.last + 1

    def get(self, seq: int) -> Applied:
        return self._held[seq][0]

    @property
    def held_bytes(self) -> int:
        return self._bytes


class Batch(Struct, frozen=True):
    """A frame's worth: events `prev` < … ≤ `seq`, encoded; none of them visible if `events` is empty."""

    prev: int
    seq: int
    head_hash: str
    events: tuple[bytes, ...]

    def frame(self, sub: str) -> bytes:
        """The events or mark frame for the subscription `sub` (a name of harmless characters)."""
        if not self.events:
            return b'{"type":"mark","sub":"%b","prev":%d,"seq":%d,"head_hash":"%b"}' % (
                sub.encode(),
                self.prev,
                self.seq,
                self.head_hash.encode(),
            )
        return b'{"type":"events","sub":"%b","prev":%d,"seq":%d,"head_hash":"%b","events":[%b]}' % (
            sub.encode(),
            self.prev,
            self.seq,
            self.head_hash.encode(),
            b",".join(self.events),
        )


class AudienceRing:
    """The ring as one audience may see it, in row form."""

    def __init__(self, ring: Ring, audience: Audience) -> None:
        self.audience = audience
        self._ring = ring
        self._encoded: dict[int, bytes] = {}

    def drop(self, seqs: range) -> None:
        for seq in seqs:
            self._encoded.pop(seq, None)

    def batches(self, after: int, upto: int) -> Iterator[Batch]:
        """The events after `after` up to `upto`, ≤ 64 and ≤ 256 KiB a batch. The ring must hold them."""
        prev = after
        events: list[bytes] = []
        size = 0
        for seq in range(after + 1, upto + 1):
            encoded = self._encode(seq)
            full = len(events) == limits.EVENTS_PER_FRAME or size + len(encoded) > limits.EVENTS_BYTES - 512
            if events and encoded and full:
                yield Batch(prev, seq - 1, self._ring.get(seq - 1).head_hash, tuple(events))
                prev, events, size = seq - 1, [], 0
            if encoded:
                events.append(encoded)
                size += len(encoded) + 1
        if upto > prev:
            yield Batch(prev, upto, self._ring.get(upto).head_hash, tuple(events))

    def _encode(self, seq: int) -> bytes:
        encoded = self._encoded.get(seq)
        if encoded is None:
            encoded = self._encoded[seq] = encode_row_event(self._ring.get(seq), self.audience)
        return encoded


def encode_row_event(applied: Applied, audience: Audience) -> bytes:
    """One event in row form for one audience; `HIDDEN` if it is not for it."""
    event = applied.event
    if event.case_id == AUDIT_CASE and not audience.audits:
        return HIDDEN
    return codec.encode(shapes.event_out(project_event(event, applied.after, audience, form="row"), data_form="row"))


def whole_event(event: Event, after: Common | None, audience: Audience, principal: str) -> WireEvent:
    """One event with its texts for one person; it carries that person's own idempotency key."""
    seen = project_event(event, after, audience, form="whole")
    if event.actor == principal and seen.actor == principal:
        seen = msgspec.structs.replace(seen, idem=event.idem)
    return shapes.event_out(seen, data_form="whole", to=principal)
