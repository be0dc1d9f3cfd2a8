"""A console's real core on a simulated wire, with somebody who holds every frame against the truth."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final

from msgspec import Raw

from casework import order
from casework.access import Audience, Person, project_case, project_row
from casework.model import Case, Row
from casework.rows import row_of
from client.clock import ServerClock
from client.link_state import LinkState
from client.mirror import Mirror
from client.subscriptions import MAIN
from feed.auth import Login
from feed.rows import audience_tag
from protocol import codec, shapes
from protocol.frames import Events, Frame, Mark, SnapshotEnd, Subscribe
from tests.proofs.simulatedfloor import SimulatedFloor, Truth
from tests.proofs.simulatedwire import Wire

WATERS: Final = (1_500, 6_000, 131_072)
PAUSES: Final = (0.0, 0.0, 0.0, 0.001, 0.01, 0.3)


class WatchedState(LinkState):
    """The link's state, watched: on each subscription frames follow on one another and lack no event."""

    truth: Truth
    audience: Audience
    rows_checked = 0

    def reconnected(self, truth: Truth) -> None:
        self.truth = truth
        self.reached: dict[str, int] = {}

    def asked(self, frame: Subscribe) -> None:
        if frame.sub not in self.reached and frame.from_ is not None:
            self.reached[frame.sub] = frame.from_.seq

    def take(self, frame: Frame, now: float) -> None:
        truth = self.truth
        if isinstance(frame, Events | Mark | SnapshotEnd):
            truth.look()
            assert frame.head_hash == truth.disk.head_hash_at(frame.seq), "a head hash that is not the log's"
        if isinstance(frame, SnapshotEnd):
            self.reached[frame.sub] = frame.seq
        elif isinstance(frame, Events | Mark) and frame.sub in self.reached:
            assert frame.prev == self.reached[frame.sub], f"{frame.sub} at {self.reached[frame.sub]}: {frame}"
            case_id = None if frame.sub == MAIN else frame.sub.removeprefix("case.")
            due = truth.visible(frame.prev, frame.seq, self.audience, case_id)
            sent = [event.seq for event in frame.events] if isinstance(frame, Events) else []
            assert sent == due, f"{frame.sub}: sent {sent}, due {due}"
            self.reached[frame.sub] = frame.seq
        super().take(frame, now)


class WiredConsole:
    """One console of `principal`, which connects, is cut and connects again until `stop`."""

    def __init__(self, floor: SimulatedFloor, principal: str, random: Random) -> None:
        self.floor = floor
        self.principal = principal
        self.random = random
        self.mirror = Mirror()
        self.clock = ServerClock(self._now)
        self.state = WatchedState(self.mirror, self.clock, random=random.random)
        self.wire: Wire | None = None
        self.calm = False
        """The lines hold from here on, and are quick."""
        self.away = False
        """It cannot reach the feed."""
        self.cuts = 0
        self.pictures = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def person(self) -> Person:
        return self.floor.people[self.principal]

    def _now(self) -> float:
        return asyncio.get_running_loop().time() * 1000

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self.wire is not None:
            self.wire.cut()
            await asyncio.gather(self.wire.server, return_exceptions=True)

    def failed(self) -> None:
        """Raise what ended this console, if something did."""
        if self._task.done():
            self._task.result()

    # --- the life of a link

    async def _run(self) -> None:
        state = self.state
        while True:
            await asyncio.sleep(max(0.0, (state.retry_at or 0.0) - self._now()) / 1000)
            state.connecting(self._now())
            await asyncio.sleep(0.001)
            if self.away or self.floor.node is None or self.floor.node.draining:
                state.lost(self._now(), reason="nobody answers")
                continue
            wire = self._connect()
            state.reconnected(self.floor.truth)
            state.connected(self._now())
            try:
                await self._pump(wire)
            finally:
                wire.cut(notice=lambda: 0.0 if self.calm else self.random.choice((0.0, 0.0, 0.02, 3.0)))
            assert wire.said in ("", "restart"), wire.said
            state.lost(self._now(), code=wire.close_code)
            self.cuts += 1

    def _connect(self) -> Wire:
        random, node = self.random, self.floor.node
        assert node is not None
        cut_after = None
        if not self.calm and random.random() < 0.85:
            cut_after = int(2 ** random.uniform(0, 15.5))
        high = WATERS[-1] if self.calm else random.choice(WATERS)
        wire = self.wire = Wire(node, Login(person=self.person), cut_after=cut_after, high=high)
        wire.silent = random.random() < 0.05
        return wire

    async def _pump(self, wire: Wire) -> None:
        state, random = self.state, self.random
        while not self._over(wire):
            if not self.calm:
                pause = random.choice(PAUSES)
                if random.random() < 0.01:
                    pause = random.choice((1.0, 6.0))  # a line that stands still
                await asyncio.sleep(pause)
            state.audience = wire.connection.audience
            for message in wire.take(1 << 20 if self.calm else random.choice((1, 40, 700, 5_000))):
                state.received(message, self._now())
                self._look(wire)
                if self._hung_up():
                    return
            state.tick(self._now())
            for frame in state.take_outbox():
                if isinstance(frame, Subscribe):
                    state.asked(frame)
                wire.say(codec.encode(frame).decode())
            if self._over(wire):
                return
            try:
                async with asyncio.timeout(1.0):
                    await wire.news.wait()
            except TimeoutError:
                pass

    def _over(self, wire: Wire) -> bool:
        return wire.closed or self._hung_up()

    def _hung_up(self) -> bool:
        return self.state.hang_up is not None

    # --- what it shows

    def _look(self, wire: Wire) -> None:
        """Every now and then: is the picture that of the log at the cursor?"""
        assert self.state.bad_frames == 0
        assert self.state.subs.gaps == 0, self.state.subs.detail
        assert not self.mirror.take_refetch()
        if self.mirror.complete and self.state.subs.live and self.random.random() < 0.08:
            cases = self.floor.truth.history[self.mirror.cursor]
            audience = wire.connection.audience
            if self.mirror.audience == audience_tag(audience):  # else a resync is on its way
                self.pictures += 1
                self.check_rows(cases, audience)

    def check_rows(self, cases: dict[str, Case], audience: Audience) -> None:
        """The mirror is exactly what somebody of `audience` may see of `cases`."""
        due = {case_id: as_row(case, audience) for case_id, case in cases.items()}
        for case_id in due.keys() | self.mirror.rows.keys():
            assert self.mirror.rows.get(case_id) == due.get(case_id), f"{self.principal} at {self.mirror.cursor}"
        assert list(self.mirror.ids()) == sorted(due, key=lambda case_id: (order.key(due[case_id]), case_id))

    def check_cases(self, cases: dict[str, Case], audience: Audience) -> int:
        """The whole cases that are open here are what may be seen of them; how many there were."""
        checked = 0
        for case_id, held in self.state.subs.cases.items():
            if case_id in cases:
                assert shown(held.case) == shown(as_case(cases[case_id], audience)), f"{self.principal}: {case_id}"
                checked += 1
        return checked


def as_row(case: Case, audience: Audience) -> Row:
    return shapes.row_in(Raw(codec.encode(shapes.row_out(project_row(row_of(case), audience)))))


def as_case(case: Case, audience: Audience) -> Case:
    return shapes.case_in(Raw(codec.encode(shapes.case_out(project_case(case, audience)))))


def shown(case: Case | None) -> object:
    """A case without what only `decide` needs and nobody is sent."""
    return None if case is None else codec.encode(shapes.case_out(case))
