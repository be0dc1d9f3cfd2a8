"""One intent, one effect: seeded intents against every fault of a platform, with the feed killed at every step.

5,000 intents in `make test`; `make torture TORTURE=delivery` makes it 100,000.
"""

from __future__ import annotations

import asyncio
import gc
from random import Random
from typing import Any, Final

import pytest
from msgspec.structs import replace

from casework import policy
from casework.access import Person
from casework.commands import COMMANDS
from casework.errors import CaseworkError
from casework.model import Action, Case, Target
from casework.tokens import Role
from feed import failpoints, state
from feed.config import FeedConfig, KeeperRules
from feed.delivery import outbox
from feed.delivery.connector import Order
from feed.delivery.delivery import Delivery
from feed.delivery.outbox import key_of
from feed.log.base import LogError
from feed.log.memory import MemoryLog
from feed.node import Node
from protocol.cloudevents import Incoming, decode
from protocol.codec import encode
from tests.proofs import virtualtime
from tests.proofs.simulatedfloor import SimulatedClock
from tests.proofs.simulatedplatform import SimulatedPlatform

INTENTS: Final = 25
"""Intents of one seed."""
SEEDS: Final = 200
STRUCTURED: Final = {"content-type": "application/cloudevents+json"}
PROPOSALS: Final[dict[str, dict[str, Any]]] = {
    "hide": {"policy": "HB-1", "fields": {}},
    "remove": {"policy": "HB-1", "fields": {"evidence_snapshot": "vault"}},
    "lock": {"policy": "", "fields": {"reason_code": "takeover"}},
    "legal_hold": {"policy": "", "fields": {"statute": "18_USC_2703f", "scope": "all", "term": "90d"}},
    "ban": {"policy": "HB-1", "fields": {"strikes": 2, "notice_or_why_none": "standard"}},
}
HEAL_S: Final = 400.0
"""Seconds without faults and kills, after which nothing may be left to do."""


class Killed(BaseException):
    """The process is gone: no handler of the feed's own may notice."""


class Floor:
    """A feed that can be killed and started again on the same disk, with a platform beside it."""

    def __init__(self, random: Random, *, keyed: bool) -> None:
        self.random = random
        self.clock = SimulatedClock()
        self.disk = MemoryLog(now=self.clock.now_ms, fresh_epoch=lambda: "e" * 32)
        self.platform = SimulatedPlatform(random, keyed=keyed)
        self.gone: set[tuple[str, str]] = set()
        """(principal, role) that somebody has lost."""
        self.people = {
            "ana": Person(principal="ana", roles=frozenset({"responder", "intake"})),
            "bo": Person(principal="bo", roles=frozenset({"responder", "approver"})),
        }
        self.node: Node | None = None
        self.task: asyncio.Task[None] | None = None
        self.kills = 0
        self._to_kill = 0

    async def start(self) -> None:
        config = FeedConfig(keeper=KeeperRules(enabled=False))
        self.node = Node(config=config, log=self.disk, clock=self.clock, policy=policy.defaults(), find_token=None)
        await state.load(self.disk, self.node.floor, self.node.ring)
        self.node.loaded = True
        self.node.engine.connected = self.platform.actions
        loop = asyncio.get_running_loop()
        delivery = Delivery(
            self.node.engine, self.platform, self.allowed, now=lambda: loop.time() * 1_000, random=self.random.random
        )
        self.task = loop.create_task(delivery.run())

    def allowed(self, principal: str, role: Role) -> bool:
        return (principal, role) not in self.gone

    def hit(self, name: str) -> None:
        """In place of the product's fail-points: now and then the process dies here."""
        if name.startswith("delivery.") and self._to_kill > 0 and self.random.random() < 0.05:
            self._to_kill -= 1
            self.kills += 1
            raise Killed(name)

    async def kill(self) -> None:
        """What dies with a process: all its tasks, and everything that it had in memory."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.disk.on_commit = None
        self.node = None

    def arm(self, kills: int) -> None:
        self._to_kill = kills

    async def report(self, number: int) -> str:
        assert self.node is not None
        data = {
            "case_type": "DOX",
            "summary": "x",
            "source": {"kind": "user_report"},
            "subjects": [{"kind": "account", "id": f"u_{number % 7}"}],
            "content": [{"kind": "post", "id": f"p_{number}"}],
        }
        event = {"specversion": "1.0", "type": "org.watchfloor.escalation.raised.v1", "source": "t", "id": f"{number}"}
        incoming = decode(STRUCTURED, encode({**event, "data": data}))
        assert isinstance(incoming, Incoming)
        case_id = (await self.node.intake.receive(self.people["ana"], incoming)).case_id
        await self.do("ana", case_id, "claim")
        await self.do("ana", case_id, "triage", case_type="DOX", severity="S2", imminence="7d", evidence="e")
        return case_id

    async def do(self, who: str, case_id: str, verb: str, **fields: Any) -> None:
        assert self.node is not None
        version = self.node.floor.cases[case_id].version
        command = COMMANDS[verb](expected_version=version, **fields)
        await self.node.engine.command(self.people[who], case_id, command, f"{case_id} {verb} {version}")

    async def act(self, case_id: str, number: int) -> None:
        """Propose something on the case; a ban is approved by another person, some of them too late or by nobody."""
        chance = self.random
        for name in chance.sample(sorted(PROPOSALS), chance.randint(1, 3)):
            try:
                await self._propose(case_id, name, number)
            except CaseworkError:
                continue  # somebody, or the platform, was quicker
            if chance.random() < 0.2:
                await asyncio.sleep(chance.choice((0.1, 3, 2_000)))

    async def _propose(self, case_id: str, name: str, number: int) -> None:
        content = name in ("hide", "remove")
        target = {"kind": "post", "id": f"p_{number}"} if content else {"kind": "account", "id": f"u_{number % 7}"}
        command = {"action": name, "target": Target(**target), "reason": "r", **PROPOSALS[name]}
        await self.do("ana", case_id, "propose", **command)
        proposed = self.case(case_id).actions[-1]
        if proposed.state == "proposed" and self.random.random() < 0.8:
            await self.do("bo", case_id, "approve", action_id=proposed.action_id, digest=proposed.digest)

    def case(self, case_id: str) -> Case:
        assert self.node is not None
        return self.node.floor.cases[case_id]


async def shift(seed: int, *, keyed: bool) -> Floor:
    """Intents, faults and kills by `seed`; then a while in which the platform is well and nobody dies."""
    floor = Floor(Random(seed), keyed=keyed)
    deaths: list[BaseException] = []
    loop = asyncio.get_running_loop()

    def heard(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        fault = context.get("exception")
        assert isinstance(fault, Killed), context
        deaths.append(fault)

    loop.set_exception_handler(heard)
    failpoints_hit, failpoints.hit = failpoints.hit, floor.hit
    try:
        await floor.start()
        floor.arm(floor.random.randint(0, 4))
        number = 0
        while number < INTENTS:
            case_id = await floor.report(number)
            kills = floor.kills
            try:
                await floor.act(case_id, number)
            except LogError:
                pass
            await asyncio.sleep(floor.random.choice((0, 0.1, 2, 40)))
            number += len(floor.case(case_id).actions)
            if floor.kills != kills:
                await floor.kill()
                await asyncio.sleep(floor.random.choice((0, 5)))
                await floor.start()
        floor.arm(0)
        floor.platform.rate = 0
        await floor.kill()
        await floor.start()
        await asyncio.sleep(HEAL_S)
        assert floor.task is not None
        assert not floor.task.done()
    finally:
        failpoints.hit = failpoints_hit
    return floor


def judge(floor: Floor, seed: int) -> dict[str, int]:
    """Hold what the log says against what the platform did; how many intents ended how."""
    assert floor.node is not None
    platform, ends = floor.platform, dict[str, int]()
    for case in floor.node.floor.cases.values():
        for action in case.actions:
            name = (case.case_id, action.action_id)
            said = f"seed {seed}: {action.action} {name} is {action.state}"
            ends[action.state] = ends.get(action.state, 0) + 1
            times = platform.done[key_of(case.case_id, action, floor.disk.epoch)]
            assert times <= 1, f"{said} and was done {times} times"
            assert len(platform.keys.get(name, ())) <= 1, f"{said} and was asked for under several keys"
            if action.state == "verified":
                assert times == 1, f"{said} and was never done"
            if action.state in ("failed", "rejected", "canceled", "proposed"):
                assert times == 0, f"{said} and was done"
            if not platform.keyed:
                assert platform.asked[name] <= max(1, action.attempt), said
            _stood_behind(action, said)
        _kept_order(case, platform, seed)
    return ends


def _stood_behind(action: Action, said: str) -> None:
    if action.action == "ban" and action.attempt:
        assert action.approved_by == "bo", f"{said} and nobody else agreed"


def _kept_order(case: Case, platform: SimulatedPlatform, seed: int) -> None:
    """On one target things were carried out in the order of their proposals, unless the platform itself was late."""
    done = [action_id for _, case_id, action_id in platform.order if case_id == case.case_id]
    places = {action.action_id: at for at, action in enumerate(case.actions)}
    by_target: dict[str, list[int]] = {}
    for action_id in done:
        target = next(action.target.id for action in case.actions if action.action_id == action_id)
        by_target.setdefault(target, []).append(places[action_id])
    for target, order in by_target.items():
        assert order == sorted(order), f"seed {seed}: {case.case_id} on {target}: {order}"


def run(seed: int, *, keyed: bool) -> tuple[dict[str, int], int]:
    try:
        floor = virtualtime.run(shift(seed, keyed=keyed))
        return judge(floor, seed), floor.kills
    finally:
        gc.unfreeze()  # a feed freezes what it loaded, for its life; here it dies many times


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS // 4))
def test_each_intent_is_done_once_whatever_fails(first: int) -> None:
    ends: dict[str, int] = {}
    kills = 0
    for seed in range(first, first + SEEDS // 4):
        found, died = run(seed, keyed=True)
        kills += died
        for state_, count in found.items():
            ends[state_] = ends.get(state_, 0) + count
    assert kills > SEEDS // 8
    assert ends["verified"] > 10 * ends.get("unknown", 0) + ends.get("failed", 0)
    assert not ends.keys() - {"verified", "failed", "proposed"}, f"left undone: {ends}"


def test_a_platform_without_keys_is_asked_once() -> None:
    ends: dict[str, int] = {}
    for seed in range(10_000, 10_000 + SEEDS // 4):
        found, _ = run(seed, keyed=False)
        for state_, count in found.items():
            ends[state_] = ends.get(state_, 0) + count
    assert ends["verified"] > ends.get("unknown", 0) > 0, "what nobody answered for is shown as that"


@pytest.mark.torture("delivery")
def test_a_hundred_thousand_intents() -> None:
    for seed in range(20_000, 24_000):
        run(seed, keyed=seed % 5 > 0)


def test_a_feed_that_sends_each_attempt_under_a_new_key_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof notices what it is there for."""
    from feed.delivery import delivery

    def careless(case: Case, action: Action, epoch: str) -> Order:
        order = outbox.order_of(case, action, epoch)
        return replace(order, key=f"{order.key}.{action.attempt}")

    monkeypatch.setattr(delivery, "order_of", careless)
    caught = 0
    for seed in range(20):
        try:
            run(seed, keyed=True)
        except AssertionError as fault:
            caught += "under several keys" in str(fault)
    assert caught > 0
