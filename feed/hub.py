"""Who listens, and what they get: events in batches, marks, heartbeats, presence.

Everybody of one audience whose subscription has the same name forms a *live set* and is written the same bytes,
directly on the transport. A reader whose buffer is over its high-water mark leaves the set; its own connection then
catches up from the ring (feed.connection), so one slow reader changes nothing for the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from casework.access import Audience
from feed.floor import Applied, Floor
from feed.logs import Journal
from feed.ring import AudienceRing, Ring, whole_event
from feed.transport import text_frame
from protocol import codec, frames

_journal: Final = Journal("hub")

FLUSH_SECONDS: Final = 0.010
"""Between two flushes under load; after a pause an event goes out at once."""


class Listener(Protocol):
    """One connection, as the hub sees it."""

    principal: str
    audience: Audience

    def write(self, frame: bytes) -> bool:
        """Put one encoded frame on the transport; whether there is room for more after it."""

    def fall_behind(self, sub: RowSub | CaseSub) -> None:
        """`sub` has left the live set at its cursor; catch up when there is room."""

    def change_audience(self) -> None:
        """What this person may see changed: resync."""

    def beat(self, frame: bytes) -> None:
        """The regular heartbeat; also the moment to look at the clock."""


class RowSub:
    """A subscription on everything: rows and row events. Its cursor is that of its live set while it is in one."""

    __slots__ = ("cursor", "listener", "live", "name")

    def __init__(self, listener: Listener, name: str) -> None:
        self.listener = listener
        self.name = name
        self.cursor = 0
        self.live = False


class CaseSub:
    """A subscription on one whole case; its events are encoded for it alone."""

    __slots__ = ("case_id", "cursor", "listener", "live", "name")

    def __init__(self, listener: Listener, name: str, case_id: str) -> None:
        self.listener = listener
        self.name = name
        self.case_id = case_id
        self.cursor = 0
        self.live = False


class Channel:
    """One audience: its ring and, by name of the subscription, its live sets, all at the same cursor."""

    def __init__(self, ring: Ring, audience: Audience) -> None:
        self.ring = AudienceRing(ring, audience)
        self.cursor = ring.last
        self.live: dict[str, set[RowSub]] = {}
        self.members = 0


class Hub:
    """Publishes what the engine applied, in seq order, to everybody who listens."""

    def __init__(self, floor: Floor, ring: Ring, *, now: Callable[[], int], head: Callable[[], int]) -> None:
        self._floor = floor
        self.ring = ring
        self._now = now
        self._head = head
        self._channels: dict[Audience, Channel] = {}
        self._cases: dict[str, set[CaseSub]] = {}
        self.listeners: set[Listener] = set()
        self._by_principal: dict[str, int] = {}
        self._timer: asyncio.Handle | None = None
        self._flushed_at = 0.0
        self.delivered = 0

    # --- who is here

    def join(self, listener: Listener) -> None:
        if listener in self.listeners:
            return
        self.listeners.add(listener)
        self._by_principal[listener.principal] = self.connections_of(listener.principal) + 1

    def leave(self, listener: Listener) -> None:
        if listener in self.listeners:
            self.listeners.discard(listener)
            self._by_principal[listener.principal] -= 1
            if not self._by_principal[listener.principal]:
                del self._by_principal[listener.principal]

    def connections_of(self, principal: str) -> int:
        return self._by_principal.get(principal, 0)

    def principals(self) -> Iterable[str]:
        return self._by_principal.keys()

    def channel(self, audience: Audience) -> Channel:
        """The channel of `audience`; it lives while it has members (`enter`, `exit`)."""
        found = self._channels.get(audience)
        if found is None:
            found = self._channels[audience] = Channel(self.ring, audience)
        return found

    def enter(self, channel: Channel) -> None:
        channel.members += 1

    def exit(self, channel: Channel) -> None:
        channel.members -= 1
        if channel.members <= 0:
            self._channels.pop(channel.ring.audience, None)

    # --- live sets

    def go_live(self, channel: Channel, sub: RowSub) -> bool:
        """Take `sub` into its live set if it stands where the set stands; no event can come between."""
        self.flush()
        if sub.cursor != channel.cursor:
            return False
        channel.live.setdefault(sub.name, set()).add(sub)
        sub.live = True
        return True

    def go_quiet(self, channel: Channel, sub: RowSub) -> None:
        """Take `sub` out of its live set; it keeps the set's cursor."""
        if sub.live:
            sub.live = False
            sub.cursor = channel.cursor
            members = channel.live.get(sub.name)
            if members is not None:
                members.discard(sub)
                if not members:
                    del channel.live[sub.name]

    def watch(self, sub: CaseSub) -> None:
        self._cases.setdefault(sub.case_id, set()).add(sub)
        sub.live = True

    def unwatch(self, sub: CaseSub) -> None:
        sub.live = False
        watchers = self._cases.get(sub.case_id)
        if watchers is not None:
            watchers.discard(sub)
            if not watchers:
                del self._cases[sub.case_id]

    # --- publishing

    def publish(self, applied: Applied) -> None:
        """One event, right after it was applied. Called in seq order, never with an await between two of a command."""
        gone = self.ring.add(applied)
        if gone:
            for channel in self._channels.values():
                channel.ring.drop(gone)
        watchers = self._cases.get(applied.event.case_id)
        if watchers and applied.after is not None:
            for sub in tuple(watchers):
                try:
                    self._send_case_event(sub, applied)
                except Exception as fault:  # noqa: BLE001 - what cannot be shown to one must not stop the floor
                    _journal.fault("event not sent", fault, seq=applied.event.seq)
                    self.unwatch(sub)
                    sub.listener.fall_behind(sub)
        if applied.granted:
            for listener in tuple(self.listeners):
                if listener.principal in applied.granted:
                    listener.change_audience()
        self._schedule()

    def _send_case_event(self, sub: CaseSub, applied: Applied) -> None:
        event = applied.event
        listener = sub.listener
        encoded = codec.encode(whole_event(event, applied.after, listener.audience, listener.principal))
        payload = b'{"type":"events","sub":"%b","prev":%d,"seq":%d,"head_hash":"%b","events":[%b]}' % (
            sub.name.encode(),
            sub.cursor,
            event.seq,
            applied.head_hash.encode(),
            encoded,
        )
        sub.cursor = event.seq
        self.delivered += 1
        if not listener.write(text_frame(payload)):
            self.unwatch(sub)
            listener.fall_behind(sub)

    def _schedule(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            wait = self._flushed_at + FLUSH_SECONDS - loop.time()
            self._timer = loop.call_soon(self.flush) if wait <= 0 else loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Write to every live set what was published since its cursor."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._flushed_at = asyncio.get_running_loop().time()
        last = self.ring.last
        for channel in tuple(self._channels.values()):
            if channel.cursor == last:
                continue
            if not channel.live:
                channel.cursor = last
                continue
            if not self.ring.holds_after(channel.cursor):
                self._abandon(channel, last)
                continue
            try:
                self._send_batches(channel, last)
            except Exception as fault:  # noqa: BLE001 - one audience that cannot be served must not stop the others
                _journal.fault("events not sent", fault, seq=last)
                self._abandon(channel, last)

    def _send_batches(self, channel: Channel, last: int) -> None:
        for batch in channel.ring.batches(channel.cursor, last):
            channel.cursor = batch.seq
            for name, members in tuple(channel.live.items()):
                frame = text_frame(batch.frame(name))
                self.delivered += len(members) * len(batch.events)
                behind = [sub for sub in members if not sub.listener.write(frame)]
                for sub in behind:
                    self.go_quiet(channel, sub)
                    sub.listener.fall_behind(sub)

    def _abandon(self, channel: Channel, last: int) -> None:
        """Everybody of `channel` catches up alone: the ring passed them, or what it holds could not be sent."""
        for members in tuple(channel.live.values()):
            for sub in tuple(members):
                self.go_quiet(channel, sub)
                sub.listener.fall_behind(sub)
        channel.cursor = last

    # --- heartbeat

    def heartbeat(self) -> None:
        """One heartbeat to everybody, with nothing unflushed before it."""
        self.flush()
        now = self._now()
        head_hash = self._floor.head_hash
        beat = frames.Heartbeat(
            server_time=now, head=max(self._head(), self.ring.last), seq=self.ring.last, head_hash=head_hash
        )
        frame = text_frame(codec.encode(beat))
        for watchers in tuple(self._cases.values()):
            for sub in tuple(watchers):
                self._mark_case(sub, head_hash)
        for listener in tuple(self.listeners):
            listener.beat(frame)

    def _mark_case(self, sub: CaseSub, head_hash: str) -> None:
        if sub.cursor < self.ring.last:
            mark = frames.Mark(sub=sub.name, prev=sub.cursor, seq=self.ring.last, head_hash=head_hash)
            sub.cursor = self.ring.last
            if not sub.listener.write(text_frame(codec.encode(mark))):
                self.unwatch(sub)
                sub.listener.fall_behind(sub)

    @property
    def audiences(self) -> int:
        return len(self._channels)
