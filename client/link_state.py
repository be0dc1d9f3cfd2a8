"""The life of the link to a feed, without a socket: what to send, when to give up, when to try again.

The transport tells what happened (`connecting`, `connected`, `received`, `lost`, `tick`) with the time on a monotonic
clock in ms, sends what `take_outbox` gives and cuts the connection when `hang_up` says so. Nothing that the feed sends
can make a method raise: a frame that cannot be read is counted, and the link goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from client import backoff
from client.clock import ServerClock
from client.heads import Heads
from client.mirror import Mirror
from client.presence import Presence
from client.status import LinkStatus, Phase
from client.subscriptions import Subscriptions
from protocol import codec, limits
from protocol.codec import Malformed, UnknownFrame
from protocol.frames import (
    Asked,
    AuthExpiring,
    Bye,
    ErrorFrame,
    Events,
    Frame,
    Heartbeat,
    Hello,
    Mark,
    PresenceSeen,
    Resync,
    SnapshotBegin,
    SnapshotChunk,
    SnapshotEnd,
    TimeAnswer,
)

REFUSED: Final = {4001: "the token is not valid", 4003: "not permitted here", 4010: "the token has expired"}
"""WebSocket close codes that say: not you."""
_DETAIL: Final = 400


class LinkState:
    """One feed, over any number of connections. `random` gives numbers in [0, 1)."""

    def __init__(
        self, mirror: Mirror, clock: ServerClock, *, random: Callable[[], float], heads: Heads | None = None
    ) -> None:
        self.mirror = mirror
        self.clock = clock
        self.subs = Subscriptions(mirror, heads)
        self.presence = Presence()
        self.bad_frames = 0
        self.changed = False
        """Something that a screen shows has changed; whoever shows it sets it back."""
        self.token_wanted = False
        """The feed says that the token ends soon: send a newer one if there is."""
        self.retry_at: float | None = 0.0
        """When to connect next; None while connecting or connected."""
        self.connections = 0
        """How often a feed has greeted this console."""
        self._random = random
        self._outbox: list[Asked] = []
        self._hello: Hello | None = None
        self._greeted: Hello | None = None  # the last one, also when its connection is gone
        self._connected_at: float | None = None
        self._asked_at = 0.0
        self._heard_at: float | None = None
        self._arrived_at = 0.0
        self._beat_at = 0.0
        self._attempt = 0
        self._failed = False
        self._silent = False
        self._bye: Bye | None = None
        self._refused = ""
        self._detail = ""
        self._head = 0
        self._auth_expires: int | None = None

    @property
    def hang_up(self) -> str | None:
        """Why the transport has to cut the connection now; None: it need not."""
        if self._connected_at is None:
            return None
        if self._silent:
            return "nothing was heard from the feed"
        return "the feed said goodbye" if self._bye is not None else self.subs.broken

    # --- what the transport tells

    def connecting(self, now: float) -> None:
        """An attempt to connect begins."""
        self._asked_at = now
        self.retry_at = None
        self.changed = True

    def connected(self, now: float) -> None:
        """The handshake is done; `hello` comes next."""
        self._connected_at = now
        self._silent = False
        self.changed = True

    def lost(self, now: float, *, code: int | None = None, reason: str = "", refused: bool = False) -> None:
        """The attempt failed or the connection ended.

        `code` is the WebSocket close code; `refused`: the handshake was answered with 401 or 403.
        """
        bye, self._bye = self._bye, None
        why = self.subs.broken or reason or (f"the connection ended with {code}" if code else "the connection ended")
        if self._connected_at is None:
            self._silent = False
        self._failed = self._failed or not self._silent
        self._connected_at = None
        self._hello = None
        self._outbox.clear()
        self.subs.lost()
        self.presence.clear()
        self.token_wanted = False
        self._detail = why[:_DETAIL]
        if refused or code in REFUSED:
            # A renewed token may lie in its file by then; nobody needs to hurry the feed.
            self._refused = REFUSED.get(code or 0) or reason or "it does not know this person"
            self.retry_at = now + backoff.LONGEST_MS * (0.5 + self._random() / 2)
        elif bye is not None:
            # The feed knows when it is back: at once, or spread over the time it names.
            self._detail = f"the feed said goodbye: {bye.reason}"[:_DETAIL]
            self.retry_at = now + self._random() * max(0, min(bye.retry_ms, backoff.LONGEST_MS))
        else:
            self.retry_at = now + backoff.delay_ms(self._attempt, self._random)
            self._attempt += 1
        self.changed = True

    def received(self, data: bytes | str, now: float) -> None:
        """A message came in."""
        try:
            frame = codec.from_feed(data)
        except Malformed:
            self.bad_frames += 1
            self.changed = True
            return
        self._heard_at = now
        if isinstance(frame, UnknownFrame):
            self.bad_frames += 1
            self.changed = True
        else:
            self.take(frame, now)

    def take(self, frame: Frame, now: float) -> None:
        """A frame that could be read."""
        if isinstance(frame, Hello):
            self._greet(frame)
            self._beat_at = now
        elif self._hello is None:
            self.bad_frames += 1
            return
        self._heard_at = now
        match frame:
            case Events() | Mark() | SnapshotBegin() | SnapshotChunk() | SnapshotEnd() | Resync():
                self.subs.received(frame)
                self._settle(now)
            case Heartbeat():
                self._head = frame.head
                self.clock.heard(frame.server_time, at=now)
                in_time = now - self._beat_at >= self._beat_ms() / 2
                if in_time:
                    self._beat_at = now
                self.subs.beat(frame, in_time=in_time)
                self._settle(now)
            case PresenceSeen():
                self.presence.saw(frame, me=self._hello.principal if self._hello else "", now=now)
            case TimeAnswer():
                self.clock.answered(frame, at=now)
            case AuthExpiring():
                self._auth_expires = frame.at
                self.token_wanted = True
            case ErrorFrame():
                told = frame.problem.get("detail") or frame.problem.get("title") or "an error without a sentence"
                self._detail = str(told)[:_DETAIL]
            case Bye():
                self._bye = frame
            case _:
                pass
        self._ask_time(now)
        self.changed = True

    def arriving(self, now: float) -> None:
        """Some bytes came in: the peer lives, though a large frame may take its time on a slow line."""
        self._arrived_at = now

    def tick(self, now: float) -> None:
        """Time has passed; called a few times a second."""
        if self.presence.forget(now):
            self.changed = True
        if self._connected_at is None:
            return
        if now - max(self._heard_at or 0.0, self._arrived_at, self._connected_at) > self._watchdog_ms():
            self._silent = True
            self.changed = True
        elif self._hello is not None:
            self._ask_time(now)
            self._outbox.extend(self.presence.due(now))

    def take_outbox(self) -> list[Asked]:
        """The frames to send now, in order."""
        outbox = self.subs.outbox + self._outbox
        self.subs.outbox, self._outbox = [], []
        return outbox

    def send(self, frame: Asked) -> None:
        """Send `frame` on this connection; without one it is dropped."""
        if self._connected_at is not None:
            self._outbox.append(frame)

    def acknowledge_fork(self) -> None:
        """A person has seen that the log is not the one it was."""
        self.subs.acknowledge_fork(self._feed_now())
        self.changed = True

    # --- inside

    def _greet(self, hello: Hello) -> None:
        if self._hello is not None:
            self.bad_frames += 1
            return
        self._hello = self._greeted = hello
        self.connections += 1
        self._auth_expires = hello.auth_expires
        self._head = hello.head
        self._refused = self._detail = ""
        self._failed = False
        self.clock.greeted(hello.server_time, asked_at=self._asked_at)
        self.presence.reconnected()
        self.subs.connected(hello)

    def _settle(self, now: float) -> None:
        if self.subs.live:
            self._attempt = 0
            self._detail = ""
            self.subs.remember(at=self._feed_now(), now=now)

    def _ask_time(self, now: float) -> None:
        asked = self.clock.ask(now)
        if asked is not None:
            self._outbox.append(asked)

    def _feed_now(self) -> int:
        return self.clock.now_ms() if self.clock.known else 0

    def _watchdog_ms(self) -> float:
        return limits.STALE_FACTOR * self._beat_ms()

    def _beat_ms(self) -> float:
        beat = self._greeted.hb_ms if self._greeted is not None else limits.HEARTBEAT_MS
        return min(max(beat, 100), 60_000)

    # --- what it is like

    def status(self, now: float) -> LinkStatus:
        """The link as it is at `now`."""
        phase = self._phase(now)
        greeted = self._greeted
        return LinkStatus(
            phase=phase,
            feed_age_ms=None if self._heard_at is None else max(0, int(now - self._heard_at)),
            node=greeted.node if greeted else "",
            principal=greeted.principal if greeted else "",
            roles=greeted.roles if greeted else (),
            epoch=self.mirror.epoch,
            seq=self.mirror.cursor,
            head=max(self._head, self.mirror.cursor),
            detail=self._sentence(phase),
            retry_in_ms=None if self.retry_at is None else max(0, int(self.retry_at - now)),
            bad_frames=self.bad_frames,
            gaps=self.subs.gaps,
            round_trip_ms=self.clock.uncertainty_ms,
            auth_expires=self._auth_expires,
        )

    def _phase(self, now: float) -> Phase:
        if self.subs.forked:
            return "forked"
        if self._refused:
            return "forbidden"
        if self._connected_at is None or self._hello is None:
            if self._silent:
                return "stale"
            return "offline" if self._failed else "connecting"
        heard_at = self._arrived_at if self.mirror.loading else self._heard_at
        if self._silent or (heard_at is not None and now - heard_at > self._watchdog_ms()):
            return "stale"
        return "live" if self.subs.live else "loading"

    def _sentence(self, phase: Phase) -> str:
        match phase:
            case "forked":
                return f"{self.subs.forked}. Ask who runs the feed; then acknowledge it to go on."
            case "forbidden":
                return f"The feed refuses: {self._refused}. Get a new token: `watchfloor token issue`."
            case "stale":
                return "Nothing is heard from the feed, so what is shown is old. Connecting again."
            case "offline":
                return f"No connection to the feed: {self._detail}. Trying again."
            case "loading":
                return self.subs.detail or self._detail
            case "live" if self.mirror.unreadable:
                return f"{self.mirror.unreadable} cases cannot be read by this console: it is older than the feed."
            case _:
                return self._detail
