"""One console's feed connection: what it asked for, where it stands, and how it catches up.

A subscription is either in the hub's live set or followed by a task of its own, which sends a snapshot or what the ring
holds until it stands where the live set stands. While the transport is over its high-water mark nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from casework import caseid
from casework.access import Audience, may_read
from casework.errors import BadInput
from feed.auth import Login, Unauthenticated
from feed.hub import CaseSub, Channel, RowSub
from feed.logs import Journal
from feed.node import Node
from feed.resume import judge
from feed.snapshot import send_case, send_rows
from feed.transport import Link, text_frame
from protocol import codec, frames, limits
from protocol.codec import Malformed
from protocol.frames import Frame
from protocol.problems import Problem, problem

AUTH: Final = 4001
PROTOCOL: Final = 4002
"""What `watchfloor.v1` does not allow. What RFC 6455 itself names keeps its code there: 1002, 1003, 1007, 1009."""
NOT_TEXT: Final = 1003
FORBIDDEN: Final = 4003
SLOW: Final = 4008
EXPIRED: Final = 4010
RESTART: Final = 1012
OVERLOADED: Final = 1013

HIGH_WATER: Final = 128 * limits.KIB
LOW_WATER: Final = 32 * limits.KIB
EXPIRY_NOTICE_MS: Final = 5 * 60_000
EXPIRY_GRACE_MS: Final = 3_000
"""Reading goes on for this long after a token's end, so that a re-authentication on its way still counts."""
FAULTS_MAX: Final = 16
"""Malformed frames on one connection before it is closed."""

_journal: Final = Journal("connection")

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class FeedConnection:
    """An accepted connection of `login` over `link`. `run` returns when it is over."""

    def __init__(self, node: Node, login: Login, link: Link, send: Send) -> None:
        self.node = node
        self.login = login
        self.link = link
        self.principal = login.principal
        self.audience: Audience = node.engine.audience(login.person)
        self._send = send
        self._subs: dict[str, RowSub | CaseSub] = {}
        self._channel: Channel = node.hub.channel(self.audience)
        node.hub.enter(self._channel)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closing: asyncio.Task[None] | None = None
        self._written = 0
        self._drained = 0
        self._progress_at = asyncio.get_running_loop().time()
        self._faults = 0
        self._budget = (float(2 * limits.FRAMES_PER_SECOND), self._progress_at)
        self._noticed = False
        link.transport.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)

    # --- the hub's side

    def write(self, frame: bytes) -> bool:
        if self.link.closed or self._closing is not None:
            return True  # it is on its way out; there is nothing to catch up with
        self.link.transport.write(frame)
        self._written += len(frame)
        return not self.link.paused

    def tell(self, frame: Frame) -> None:
        """Write one frame that is for this connection alone."""
        self.write(text_frame(codec.encode(frame)))

    def fall_behind(self, sub: RowSub | CaseSub) -> None:
        self._follow(sub, "slow" if isinstance(sub, CaseSub) else None, "slow")

    def change_audience(self) -> None:
        audience = self.node.engine.audience(self.login.person)
        if audience == self.audience:
            return
        hub = self.node.hub
        for sub in self._subs.values():
            self._quiet(sub)
        hub.exit(self._channel)
        self.audience = audience
        self._channel = hub.channel(audience)
        hub.enter(self._channel)
        for sub in self._subs.values():
            self._follow(sub, "audience", "audience")

    def beat(self, frame: bytes) -> None:
        self._watch_progress()
        if self._closing is not None or self.link.closed:
            return
        if not self.link.paused:
            self.write(frame)
        expires_at = self.login.expires_at
        if expires_at is not None:
            left = expires_at - self.node.clock.now_ms()
            if left < -EXPIRY_GRACE_MS:
                self.close(EXPIRED, "the token has expired")
            elif left < EXPIRY_NOTICE_MS and not self._noticed:
                self._noticed = True
                self.tell(frames.AuthExpiring(at=expires_at))
        if self.audience.granted:
            self.change_audience()  # break-glass ends by time, without an event

    def _watch_progress(self) -> None:
        """A reader that takes nothing for 30 s is closed; the bytes it took are those written and no longer held."""
        now = asyncio.get_running_loop().time()
        drained = self._written - self.link.transport.get_write_buffer_size()
        if drained > self._drained or not self.link.paused:
            self._progress_at = now
        self._drained = drained
        if now - self._progress_at > limits.EOF_GRACE_MS / 1000:
            self.close_slow()

    # --- the console's side

    async def run(self, receive: Receive) -> None:
        """Greet, then do what the console says until it leaves or is closed."""
        self.node.hub.join(self)
        self.node.signs.seen(self.principal)
        try:
            self.tell(self._hello())
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    break
                await self._received(message)
        finally:
            self.node.hub.leave(self)
            self.node.signs.seen(self.principal)
            for name in tuple(self._subs):
                self._drop(name)
            self.node.hub.exit(self._channel)
            if not self.node.hub.connections_of(self.principal):
                self.node.presence.forget(self.principal)
            if self._closing is not None:
                await asyncio.wait([self._closing], timeout=1)

    def _hello(self) -> frames.Hello:
        return frames.Hello(
            proto=frames.SUBPROTOCOL,
            node=self.node.config.node,
            epoch=self.node.log.epoch,
            head=self.node.floor.seq,
            server_time=self.node.clock.now_ms(),
            hb_ms=limits.HEARTBEAT_MS,
            max_frame=limits.FRAME_OUT,
            auth_expires=self.login.expires_at,
            principal=self.principal,
            roles=tuple(sorted(self.login.person.roles)),
        )

    async def _received(self, message: dict[str, Any]) -> None:
        text = message.get("text")
        if text is None:
            self._refuse(problem("invalid", "Binary frames are not part of this protocol."), NOT_TEXT)
            return
        if not self._within_budget():
            self._refuse(problem("rate-limited", "Too many frames."), PROTOCOL)
            return
        try:
            frame = codec.from_client(text)
        except Malformed as fault:
            self._faults += 1
            bad = problem("invalid", fault.reason, pointer=fault.pointer)
            self._refuse(bad, PROTOCOL if self._faults >= FAULTS_MAX else None)
            return
        await self._do(frame)

    async def _do(self, frame: Frame) -> None:
        match frame:
            case frames.TimeAsked():
                t1 = self.node.clock.now_ms()
                self.tell(frames.TimeAnswer(t0=frame.t0, t1=t1, t2=self.node.clock.now_ms()))
            case frames.Subscribe():
                self._subscribe(frame)
            case frames.Unsubscribe():
                self._drop(frame.sub)
            case frames.PresenceSaid():
                self._presence(frame)
            case frames.Auth():
                await self._authenticate(frame)
            case _:
                self._refuse(problem("invalid", "This frame is for consoles."), PROTOCOL)

    def _within_budget(self) -> bool:
        now = asyncio.get_running_loop().time()
        left, at = self._budget
        left = min(2.0 * limits.FRAMES_PER_SECOND, left + (now - at) * limits.FRAMES_PER_SECOND)
        self._budget = (left - 1, now)
        return left >= 1

    def _presence(self, frame: frames.PresenceSaid) -> None:
        try:
            case_id = caseid.parse(frame.case_id)
        except BadInput:
            self._refuse(problem("invalid", "That is no case id.", pointer="/case_id"), None)
            return
        self.node.presence.say(self.principal, case_id, frame.doing)

    async def _authenticate(self, frame: frames.Auth) -> None:
        try:
            login = await self.node.auth.by_token(frame.token)
        except Unauthenticated as fault:
            self._refuse(problem("unauthenticated", fault.why), AUTH)
            return
        if login.principal != self.principal:
            self._refuse(problem("unauthenticated", "This token is of somebody else."), AUTH)
            return
        self.renew(login)

    def renew(self, login: Login) -> None:
        """The same person with what their token says now."""
        if not may_read(login.person, "feed"):
            self.close(FORBIDDEN, "this token may not read the feed")
            return
        self._noticed = self._noticed and login.expires_at == self.login.expires_at
        self.login = login
        self.change_audience()

    # --- subscriptions

    def _subscribe(self, frame: frames.Subscribe) -> None:
        given = frame.filter
        if given.all == (given.case_id is not None):
            self._refuse(problem("invalid", "needs either all or case_id", pointer="/filter"), None)
            return
        if frame.sub not in self._subs and len(self._subs) >= limits.SUBSCRIPTIONS:
            self._refuse(
                problem("rate-limited", f"At most {limits.SUBSCRIPTIONS} subscriptions.", pointer="/sub"), None
            )
            return
        self._drop(frame.sub)
        if given.case_id is None:
            self._subs[frame.sub] = sub = RowSub(self, frame.sub)
            self._begin(sub, frame.from_)
            return
        try:
            case_id = caseid.parse(given.case_id)
        except BadInput:
            self._refuse(problem("invalid", "That is no case id.", pointer="/filter/case_id"), None)
            return
        self._subs[frame.sub] = watching = CaseSub(self, frame.sub, case_id)
        self._follow(watching, None, "slow")

    def _begin(self, sub: RowSub, cursor: frames.Cursor | None) -> None:
        if cursor is None:
            sub.cursor = -1
            self._follow(sub, None, "slow")
            return
        reason = judge(cursor, self.node.log, self.node.ring, self.audience)
        if reason is not None:
            self._follow(sub, reason, "slow")
            return
        sub.cursor = cursor.seq
        self.tell(frames.Mark(sub=sub.name, prev=cursor.seq, seq=cursor.seq, head_hash=cursor.head_hash))
        self._follow(sub, None, "slow")

    def _drop(self, name: str) -> None:
        sub = self._subs.pop(name, None)
        if sub is not None:
            self._quiet(sub)

    def _quiet(self, sub: RowSub | CaseSub) -> None:
        """Nothing more is sent on `sub`."""
        task = self._tasks.pop(sub.name, None)
        if task is not None:
            task.cancel()
        if isinstance(sub, CaseSub):
            self.node.hub.unwatch(sub)
        else:
            self.node.hub.go_quiet(self._channel, sub)

    def _follow(self, sub: RowSub | CaseSub, resync: frames.ResyncReason | None, behind: frames.ResyncReason) -> None:
        """Bring `sub` up to date in a task: after a `resync` if there is a reason; `behind` if the ring passes it."""
        if self._subs.get(sub.name) is not sub:
            return
        old = self._tasks.pop(sub.name, None)
        if old is not None:
            old.cancel()
        if isinstance(sub, CaseSub):
            work = self._follow_case(sub, resync)
        else:
            work = self._follow_rows(sub, resync, behind)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[sub.name] = task
        task.add_done_callback(lambda done: self._followed(sub, done))

    def _followed(self, sub: RowSub | CaseSub, task: asyncio.Task[None]) -> None:
        if self._tasks.get(sub.name) is task:
            del self._tasks[sub.name]
        if not task.cancelled() and task.exception() is not None:
            fault = task.exception()
            assert fault is not None
            _journal.fault("subscription failed", fault)
            self.close(RESTART, "a fault of the feed")

    async def _follow_rows(self, sub: RowSub, resync: frames.ResyncReason | None, behind: frames.ResyncReason) -> None:
        hub, ring = self.node.hub, self.node.ring
        snapshot = resync is not None or sub.cursor < 0
        while True:
            if resync is not None:
                self.tell(frames.Resync(sub=sub.name, reason=resync, seq=ring.last))
            if snapshot:
                sub.cursor = await send_rows(self, sub.name)
                snapshot = False
            await self.room()
            # No await between this look at the ring and the reading of it: it moves whenever something is published.
            while ring.holds_after(sub.cursor):
                if hub.go_live(self._channel, sub):
                    return
                for batch in self._channel.ring.batches(sub.cursor, ring.last):
                    sub.cursor = batch.seq
                    if not self.write(text_frame(batch.frame(sub.name))):
                        break
                await asyncio.sleep(0)
                await self.room()
            resync, snapshot = behind, True

    async def _follow_case(self, sub: CaseSub, resync: frames.ResyncReason | None) -> None:
        await self.room()
        if resync is not None:
            self.tell(frames.Resync(sub=sub.name, reason=resync, seq=self.node.ring.last))
        await send_case(self, sub)

    async def room(self) -> None:
        """Wait until the transport takes more."""
        await self.link.room.wait()

    # --- the end

    def _refuse(self, bad: Problem, code: int | None) -> None:
        self.tell(frames.ErrorFrame(problem=msgspec.to_builtins(bad)))
        if code is not None:
            self.close(code, bad.title)

    def close(self, code: int, reason: str) -> None:
        """Close with the WebSocket handshake."""
        if self._closing is None and not self.link.closed:
            message = {"type": "websocket.close", "code": code, "reason": reason}
            self._closing = asyncio.get_running_loop().create_task(self._close(message))

    async def _close(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(5):
                await self._send(message)
        except Exception:  # noqa: BLE001 - the peer went first; there is nobody to tell
            self.link.transport.abort()

    def close_slow(self) -> None:
        """Close a reader that does not read: the frame stands at the end of what it was sent; then nothing is kept."""
        if self._closing is None and not self.link.closed:
            transport = self.link.transport
            reason = b"too slow"
            transport.write(bytes((0x88, len(reason) + 2)) + SLOW.to_bytes(2, "big") + reason)
            transport.close()
            asyncio.get_running_loop().call_later(10, transport.abort)
            self._closing = asyncio.get_running_loop().create_task(asyncio.sleep(0))

    def say_bye(self, reason: str, retry_ms: int) -> None:
        """The node goes down: say so, then close with 1012."""
        self.tell(frames.Bye(reason=reason, retry_ms=retry_ms))
        self.close(RESTART, reason)
