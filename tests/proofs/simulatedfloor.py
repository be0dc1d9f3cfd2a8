"""A feed node and the people who work on it, by seed: reports, every verb, waiting, kills and restarts on one log.

The truth is kept apart from the feed: `Truth` folds what the log stores, event by event, with nothing of the feed's
own state in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from random import Random
from types import SimpleNamespace
from typing import Any, Final

import msgspec

from casework import policy
from casework.access import AUDIT_CASE, Audience, Person
from casework.commands import COMMANDS, Command
from casework.errors import CaseworkError
from casework.events import Event
from casework.model import Case
from feed import state
from feed.config import FeedConfig, KeeperRules, Limits
from feed.engine import KeyMismatch, NotFound
from feed.intake import NothingToUpdate
from feed.log.base import LogError
from feed.log.canonical import event_of
from feed.log.memory import MemoryLog
from feed.log.replay import fold_into
from feed.node import Node
from feed.ticking import Ticker
from protocol.answers import CommandAnswer
from protocol.cloudevents import STRUCTURED, Incoming, decode
from protocol.codec import encode
from tests.casework import stories
from tests.casework.casefloor import Floor as CaseFloor
from tests.proofs.simulatedlog import NodeLog

START_MS: Final = 1_795_300_000_000
RESPONDERS: Final = ("ana", "bo", "cy", "lee")
BOUNDARIES: Final = (None, None, "us", "eu")
REFUSALS: Final = (CaseworkError, NotFound, KeyMismatch, NothingToUpdate, LogError)


def people() -> dict[str, Person]:
    """Somebody with a clearance, without one, with all; and an auditor, who sees everything masked."""

    def one(principal: str, *roles: Any, clearances: str = "") -> Person:
        return Person(principal=principal, roles=frozenset(roles), clearances=frozenset(clearances.split()))

    return {
        "ana": one("ana", "responder", clearances="us"),
        "bo": one("bo", "responder", "approver"),
        "cy": one("cy", "responder", "legal", clearances="us"),
        "lee": one("lee", "responder", "lead", clearances="us eu"),
        "aud": one("aud", "auditor", clearances="eu"),
    }


class SimulatedClock:
    """Feed time: that of the loop, plus what `skip` added."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._skipped = 0

    def now_ms(self) -> int:
        return START_MS + int(self._loop.time() * 1000) + self._skipped

    def skip(self, ms: int) -> None:
        self._skipped += ms

    def parted_ms(self) -> int:
        return 0

    def confirm(self, trust: str) -> None:
        pass

    def not_before(self, ms: int) -> None:
        pass


class Truth:
    """What the log folds to, at every seq of it."""

    def __init__(self, disk: MemoryLog) -> None:
        self.disk = disk
        self.events: list[Event] = []
        self.history: list[dict[str, Case]] = [{}]

    def look(self) -> Truth:
        """Fold what is new on the disk."""
        for row in self.disk._rows[len(self.events) :]:
            event = event_of(row, self.disk.keyring)
            cases = dict(self.history[-1])
            fold_into(cases, event)
            self.events.append(event)
            self.history.append(cases)
        return self

    def visible(self, after: int, upto: int, audience: Audience, case_id: str | None = None) -> list[int]:
        """The seqs that somebody of `audience` has to be sent for (after, upto], of one case if it is named."""
        return [
            event.seq
            for event in self.events[after:upto]
            if (event.case_id == case_id if case_id else event.case_id != AUDIT_CASE or audience.audits)
        ]


class SimulatedFloor:
    """The feed side of one seed. `node` is None while the feed is down."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.people = people()
        self.clock = SimulatedClock()
        self.disk = MemoryLog(now=self.clock.now_ms, fresh_epoch=lambda: f"{random.randrange(2**32):032x}")
        self.truth = Truth(self.disk)
        self.node: Node | None = None
        self.up = asyncio.Event()
        self.acknowledged: dict[tuple[str, str], CommandAnswer] = {}
        """By (principal, key): the answer that somebody was given."""
        self.reports: dict[str, str] = {}
        """By report id: the case that it was acknowledged with."""
        self.unanswered: list[tuple[str, str, Command, str]] = []
        self.given = 0
        self._ring = random.choice((8, 30, 200, 20_000))
        self._background: list[asyncio.Task[None]] = []
        self._asking: set[asyncio.Task[None]] = set()
        self._numbers = iter(range(1, 10_000))

    # --- the process

    async def start(self) -> None:
        """A new process on the same disk."""
        log = NodeLog(self.disk, Random(self.random.random()))
        config = FeedConfig(limits=Limits(ring_events=self._ring), keeper=KeeperRules(enabled=True))
        node = Node(config=config, log=log, clock=self.clock, policy=policy.defaults(), find_token=None)
        await state.load(log, node.floor, node.ring)
        node.loaded = True
        await node.keeper.catch_up()
        loop = asyncio.get_running_loop()
        self._background = [loop.create_task(Ticker(node).run()), loop.create_task(node.keeper.run())]
        self.node = node
        self.up.set()

    async def kill(self) -> None:
        """kill -9: nothing that runs gets any further. What is stored but not told stays stored."""
        node, self.node = self.node, None
        if node is None:
            return
        self.up.clear()
        await node.log.close()
        doomed = [*self._background, *self._asking, *node.engine._tasks, *node.refusals._tasks]
        for task in doomed:
            task.cancel()
        await asyncio.gather(*doomed, return_exceptions=True)
        assert node.engine.broken is None, node.engine.broken
        for listener in tuple(node.hub.listeners):
            listener.link.transport.cut(notice=lambda: 0.0)  # type: ignore[attr-defined]
        for listener in tuple(node.hub.listeners):
            wire: Any = listener.link.transport  # type: ignore[attr-defined]
            await asyncio.gather(wire.server, return_exceptions=True)
        # A task that waited for one of these went on until it met the closed log.
        await asyncio.gather(*node.engine._tasks, return_exceptions=True)

    async def end(self) -> None:
        """SIGTERM: say bye, finish, stop."""
        node = self.node
        if node is None:
            return
        node.draining = True
        for listener in tuple(node.hub.listeners):
            listener.say_bye("restart", 500)  # type: ignore[attr-defined]
        await node.engine.idle()
        await self.kill()

    def replace_log(self, disk: MemoryLog) -> None:
        """Another log in the place of the one that was, while the feed is down."""
        assert self.node is None
        self.disk = disk
        self.truth = Truth(disk).look()
        stored = {(event.actor, event.idem) for event in self.truth.events}
        self.acknowledged = {key: answer for key, answer in self.acknowledged.items() if key in stored}
        self.reports.clear()
        self.unanswered.clear()

    # --- what people do

    def something(self) -> None:
        """One more thing happens, in its own time."""
        node, random = self.node, self.random
        if node is None:
            return
        self.given += 1
        act = random.random()
        cases = list(node.floor.cases)
        if act < 0.2 or not cases:
            self._ask(self._report(node, updated=bool(cases) and random.random() < 0.4))
        elif act < 0.24:
            node.refusals.record(random.choice(RESPONDERS), "login", sentence="no such token")
        elif act < 0.30:
            self.clock.skip(random.choice(stories.WAITS))
        else:
            self._ask(self._command(node))

    async def settle(self) -> None:
        """Everybody who has no answer asks again until there is one; then nothing is on its way."""
        while self._asking or self.unanswered:
            asked, self.unanswered = self.unanswered, []
            for principal, case_id, command, key in asked:
                self._ask(self._send(principal, case_id, command, key))
            if self._asking:
                await asyncio.wait(tuple(self._asking))
        assert self.node is not None
        await self.node.engine.idle()
        await self.node.refusals.idle()

    def _ask(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _report(self, node: Node, *, updated: bool) -> None:
        number = next(self._numbers)
        if updated:
            data = stories.further_report(self.random)
            data["sensitive"] = {"subject_phone": f"+1 555 {number:04}"}
        else:
            data = {**stories.report(self.random), "boundary": self.random.choice(BOUNDARIES)}
        kind = "updated" if updated else "raised"
        subject = str(self.random.randrange(4))
        event = {"specversion": "1.0", "id": str(number), "source": "/simulated", "subject": subject, "data": data}
        incoming = decode(
            {"content-type": STRUCTURED}, encode({**event, "type": f"org.watchfloor.escalation.{kind}.v1"})
        )
        assert isinstance(incoming, Incoming), incoming
        try:
            received = await node.intake.receive(self.people["lee"], incoming)
        except REFUSALS:
            return
        self.reports[str(number)] = received.case_id

    async def _command(self, node: Node) -> None:
        found = self._some_command(node)
        if found is not None:
            await self._send(*found, f"k{next(self._numbers)}")

    def _some_command(self, node: Node) -> tuple[str, str, Command] | None:
        """What somebody might do on a case as it is, in the manner of `tests.casework.stories`."""
        random = self.random
        real = random.sample(list(node.floor.cases), min(3, len(node.floor.cases)))
        real += [real[0]] * (3 - len(real))
        names = dict(zip(stories.IDS, real, strict=True))
        told = CaseFloor()
        told.cases = {name: node.floor.cases[case_id] for name, case_id in names.items()}
        told.now = self.clock.now_ms()
        case = node.floor.cases[real[0]]
        likely = (*stories.LIKELY.get(case.state, ()), *stories.LIKELY.get(case.state, ()), *stories.ALWAYS)
        verb = random.choice(likely) if random.random() < 0.9 else random.choice(("grant", "break_glass", *COMMANDS))
        who = random.choice(RESPONDERS)
        if case.owner in RESPONDERS and random.random() < 0.5:
            who = case.owner
        if verb == "undo" and case.recent:
            who = case.recent[-1].by
        fields = stories.fields(told, verb, stories.IDS[0], random.randrange(6))
        for name in ("to", "into"):
            if fields.get(name) in names:
                fields[name] = names[fields[name]]
        body = {"type": verb, "expected_version": case.version, **fields}
        return who, real[0], msgspec.convert(body, COMMANDS[verb])

    async def _send(self, principal: str, case_id: str, command: Command, key: str) -> None:
        """Ask the feed that runs now; without an answer, ask again later with the same key."""
        node = self.node
        if node is None:
            self.unanswered.append((principal, case_id, command, key))
            return
        try:
            answer = await node.engine.command(self.people[principal], case_id, command, key)
        except asyncio.CancelledError:
            self.unanswered.append((principal, case_id, command, key))
            raise
        except LogError:
            self.unanswered.append((principal, case_id, command, key))
            return
        except REFUSALS:
            return
        if self.random.random() < 0.1:
            # The answer is lost on its way; whoever asks again must get the same.
            self.unanswered.append((principal, case_id, command, key))
        before = self.acknowledged.setdefault((principal, key), answer)
        assert before == answer, "two answers for one key"

    # --- what must hold of the log

    def check_log(self) -> None:
        """Everything acknowledged is in the log, once; nothing was done twice; seq is gapless."""
        events = self.truth.look().events
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        by_key: dict[tuple[str, str], list[Event]] = {}
        for event in events:
            if event.idem is not None:
                by_key.setdefault((event.actor, event.idem), []).append(event)
        for key, done in by_key.items():
            assert [event.part for event in done] == list(range(len(done))), f"{key} was done twice or in part"
            assert [event.seq for event in done] == list(range(done[0].seq, done[0].seq + len(done)))
        for key, answer in self.acknowledged.items():
            done = by_key.get(key, [])
            assert [event.type for event in done if event.case_id == answer.case_id] == answer.events
            assert not done or done[-1].seq == answer.seq
        opened = {event.case_id for event in events}
        assert set(self.reports.values()) <= opened


def without_collecting() -> SimpleNamespace:
    """In place of the module `gc` in `feed.state`: a thousand starts in one process need no thousand collections."""
    return SimpleNamespace(collect=lambda: 0, freeze=lambda: None)
