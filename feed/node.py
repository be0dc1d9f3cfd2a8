"""One feed node: its parts, made and wired in one place. Routes and connections get it whole; parts never do."""

from __future__ import annotations

import time

from casework.policy import Policy
from casework.runbook import Runbook
from casework.runbookfile import shipped
from feed.auth import Authenticator, Find
from feed.clock import Clock
from feed.config import FeedConfig
from feed.delivery.connector import Connector
from feed.engine import Engine
from feed.floor import Floor
from feed.hub import Hub
from feed.intake import Intake
from feed.keeper import ClockKeeper
from feed.limiter import Limiter
from feed.log.base import Log
from feed.log.signing import SigningKey
from feed.presence import Presence
from feed.refusals import Refusals
from feed.ring import Ring
from feed.rows import RowEncoder
from feed.signs import SignsOfLife


class Node:
    """Everything that serves one log."""

    def __init__(
        self,
        *,
        config: FeedConfig,
        log: Log,
        clock: Clock,
        policy: Policy,
        find_token: Find | None,
        signing: SigningKey | None = None,
        runbooks: tuple[Runbook, ...] | None = None,
        platform: Connector | None = None,
    ) -> None:
        self.config = config
        self.signing = signing
        self.platform = platform
        self.log = log
        self.clock = clock
        self.policy = policy
        self.runbooks = shipped() if runbooks is None else runbooks
        self.floor = Floor()
        self.ring = Ring(events=config.limits.ring_events, size=config.limits.ring_mib * 1024 * 1024)
        self.hub = Hub(self.floor, self.ring, now=clock.now_ms, head=lambda: log.head().seq)
        self.engine = Engine(log=log, floor=self.floor, hub=self.hub, clock=clock, policy=policy)
        self.engine.connected = frozenset() if platform is None else platform.actions
        self.intake = Intake(self.engine)
        self.signs = SignsOfLife(now=clock.now_ms, connected=self.hub.connections_of)
        self.keeper = ClockKeeper(self.engine, self.signs)
        self.refusals = Refusals(log, clock.now_ms)
        self.presence = Presence(clock.now_ms)
        self.rows = RowEncoder()
        self.auth = Authenticator(config, find_token, now=clock.now_ms)
        self.command_limit = Limiter(config.limits.commands_per_minute, time.monotonic)
        self.intake_limit = Limiter(config.limits.intake_per_minute, time.monotonic)
        self.loaded = False
        self.draining = False
        self.engine.on_change.append(self._left_floor)

    def _left_floor(self, case_id: str) -> None:
        if case_id not in self.floor.cases:
            self.rows.forget(case_id)
