"""A console's link over a simulated line: virtual time, a scripted feed, and frames that get lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from client.clock import ServerClock
from client.heads import Heads
from client.link_state import LinkState
from client.mirror import Mirror
from protocol import codec
from protocol.frames import Asked, Frame
from tests.client.scripted_feed import ScriptedFeed, ScriptedLog

Mangler = Callable[[list[bytes]], list[bytes]]


def faithful(frames: list[bytes]) -> list[bytes]:
    return frames


class SimulatedConsole:
    """`pump` lets everything that is under way arrive; `now` is the console's monotonic clock in ms."""

    def __init__(self, log: ScriptedLog, *, seed: int = 0, heads: Heads | None = None, **feed: int) -> None:
        self.log = log
        self.now = 1_000.0
        self.mirror = Mirror()
        self.clock = ServerClock(lambda: self.now)
        self.state = LinkState(self.mirror, self.clock, random=Random(seed).random, heads=heads)
        self.mangle: Mangler = faithful
        self.feed: ScriptedFeed | None = None
        self.sent: list[Asked] = []
        self.check: Callable[[], None] = lambda: None
        self._options = feed

    def connect(self) -> None:
        self.state.connecting(self.now)
        self.state.connected(self.now)
        self.feed = ScriptedFeed(self.log, **self._options)
        self.deliver([self.feed.hello()], exact=True)

    def lose(self, code: int | None = None, reason: str = "") -> None:
        self.feed = None
        self.state.lost(self.now, code=code, reason=reason)

    def deliver(self, frames: list[Frame], *, exact: bool = False) -> None:
        encoded = [codec.encode(frame) for frame in frames]
        for data in encoded if exact else self.mangle(encoded):
            self.state.received(data, self.now)
            self.check()

    def pump(self) -> None:
        """Until nobody has anything to say; a connection that has to be cut is cut."""
        while self.feed is not None:
            if self.state.hang_up is not None:
                self.lose()
                return
            asked = self.state.take_outbox()
            self.sent += asked
            answers = [frame for one in asked for frame in self.feed.answer(one)]
            news = self.feed.news()
            if not asked and not news:
                return
            self.deliver(answers + news)

    def beat(self, ms: float = 2_000) -> None:
        """Time passes, a heartbeat comes in."""
        self.now += ms
        if self.feed is not None:
            self.feed.time += int(ms)
            self.deliver([self.feed.heartbeat()])
        self.state.tick(self.now)
        self.pump()

    def go_live(self) -> None:
        self.connect()
        self.pump()
        self.beat()
