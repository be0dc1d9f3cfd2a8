"""What a node does at regular times: heartbeats, presence, and a look at the logins of open connections."""

from __future__ import annotations

import asyncio
from typing import Final

from casework.access import sees_whole
from feed.auth import Login, Unauthenticated
from feed.connection import AUTH, FeedConnection
from feed.node import Node
from feed.transport import text_frame
from protocol import codec, frames, limits

PRESENCE_SECONDS: Final = 1.0


class Ticker:
    """The regular work of `node`."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def run(self) -> None:
        """Tick until canceled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self._presence())
            group.create_task(self._logins())

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._node.hub.heartbeat()
            due = max(due + limits.HEARTBEAT_MS / 1000, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _presence(self) -> None:
        while True:
            await asyncio.sleep(PRESENCE_SECONDS)
            for case_id, who, doing in self._node.presence.to_tell():
                self._tell(case_id, who, doing)

    def _tell(self, case_id: str, who: str, doing: str) -> None:
        """To everybody who sees the case whole."""
        case = self._node.floor.cases.get(case_id)
        if case is None:
            return
        frame = text_frame(codec.encode(frames.PresenceSeen(case_id=case_id, who=who, doing=doing)))
        for listener in tuple(self._node.hub.listeners):
            if isinstance(listener, FeedConnection) and not listener.link.paused:
                if sees_whole(case.boundary, case_id, listener.audience):
                    listener.write(frame)

    async def _logins(self) -> None:
        """A revoked token is cut within 5 s, also on connections that are open."""
        while True:
            await asyncio.sleep(limits.TOKEN_RECHECK_MS / 1000)
            by_token: dict[str, list[FeedConnection]] = {}
            for listener in tuple(self._node.hub.listeners):
                if isinstance(listener, FeedConnection) and listener.login.token is not None:
                    by_token.setdefault(listener.login.token, []).append(listener)
            for connections in by_token.values():
                await self._check(connections)

    async def _check(self, connections: list[FeedConnection]) -> None:
        login = connections[0].login
        now = self._node.clock.now_ms()
        if login.expires_at is not None and login.expires_at <= now:
            return  # its end is near, and the heartbeat sees to it with its grace
        try:
            renewed: Login | None = await self._node.auth.still(login)
        except Unauthenticated:
            renewed = None
        for connection in connections:
            if connection.login.token != login.token:
                continue  # it brought another token meanwhile
            if renewed is None:
                connection.close(AUTH, "the token was revoked")
            elif renewed != connection.login:
                connection.renew(renewed)
