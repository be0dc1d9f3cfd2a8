"""Two consoles claim one case at once, by seed; and somebody acts after a storm that concerns nobody.

    python -m tests.proofs.races FIRST END      exit 1 and the seed at the first that fails

The feed is a real engine on a log whose commits take seeded time; the consoles' side is the real `client.commands`,
whose requests and answers are late, and are lost now and then. `BLOCK` seeds share one node, each has its own cases.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections import Counter
from collections.abc import Awaitable
from random import Random
from typing import Any, Final

import httpx
import msgspec

from casework import commands, policy
from casework.access import Person
from casework.commands import COMMANDS, AnyCommand, Command
from casework.errors import StaleVersion
from casework.events import Event
from client.commands import Commands, Outcome
from feed.config import FeedConfig
from feed.http.replies import refused
from feed.log.canonical import event_of
from feed.log.memory import MemoryLog
from feed.node import Node
from feed.state import load
from protocol import problems
from protocol.cloudevents import STRUCTURED, Incoming, decode
from protocol.codec import decode_body, encode
from tests.proofs import virtualtime
from tests.proofs.simulatedfloor import SimulatedClock
from tests.proofs.simulatedlog import NodeLog

BLOCK: Final = 25
DELAYS: Final = (0.0, 0.0, 0.0001, 0.001, 0.002, 0.02, 0.3)
MINUTE: Final = 60_000

#: What may be acted on after a storm, on a claimed case: verbs of tiers 1 and 2.
ACTS: Final[tuple[dict[str, Any], ...]] = (
    {"type": "triage", "case_type": "TTL", "severity": "S1", "imminence": "24h", "evidence": "seen"},
    {"type": "set_severity", "severity": "S0"},
    {"type": "set_factors", "factors": {"specificity": 3}, "evidence": "the post"},
    {"type": "escalate", "level": 1},
    {"type": "release"},
    {"type": "assign", "to": "lee"},
    {"type": "hold", "why": "police work"},
)
MATERIAL: Final[tuple[dict[str, Any], ...]] = (
    {"type": "escalate", "level": 2},
    {"type": "set_factors", "factors": {"harm": "death"}, "evidence": "read again"},
    {"type": "hold", "why": "their work"},
    {"type": "assign", "to": "cy"},
)


class Floor:
    """One node, and the people who ask it."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.disk = MemoryLog(now=self.clock.now_ms)
        self.events: dict[str, list[Event]] = {}
        self.other = ""
        """A case to link to."""
        self._read = 0

    async def start(self, random: Random) -> None:
        log = NodeLog(self.disk, random)
        self.node = Node(config=FeedConfig(), log=log, clock=self.clock, policy=policy.defaults(), find_token=None)
        await load(log, self.node.floor, self.node.ring)

    def person(self, principal: str) -> Person:
        return Person(principal=principal, roles=frozenset({"responder", "lead"}))

    async def report(self, ident: str, *, subject: str, **data: Any) -> str:
        kind = "raised" if "summary" in data else "updated"
        event = {"specversion": "1.0", "id": ident, "source": "/races", "subject": subject, "data": data}
        event["type"] = f"org.watchfloor.escalation.{kind}.v1"
        incoming = decode({"content-type": STRUCTURED}, encode(event))
        assert isinstance(incoming, Incoming)
        return (await self.node.intake.receive(self.person("lee"), incoming)).case_id

    async def open(self, ident: str) -> str:
        return await self.report(
            ident, subject=ident, case_type="TTL", summary="a threat", source={"kind": "user_report"}
        )

    async def do(self, principal: str, case_id: str, body: dict[str, Any], key: str) -> None:
        """A command of somebody who looks at the case as it is, and again if it is another by then."""
        while True:
            seen = self.node.floor.version(case_id)
            command = msgspec.convert({"expected_version": seen, **body}, COMMANDS[body["type"]])
            try:
                await self.node.engine.command(self.person(principal), case_id, command, key)
            except StaleVersion:
                continue
            return

    def stored(self, case_id: str) -> list[Event]:
        """The events of the case, from the disk."""
        for row in self.disk._rows[self._read :]:
            self.events.setdefault(row.case_id, []).append(event_of(row, self.disk.keyring))
        self._read = len(self.disk._rows)
        return self.events[case_id]


class Console:
    """The commands of one person over a line that loses requests and answers."""

    def __init__(self, floor: Floor, principal: str, random: Random) -> None:
        self.floor = floor
        self.principal = principal
        self.random = random
        loop = asyncio.get_running_loop()
        self.commands = Commands(
            self._post, now=lambda: loop.time() * 1000, random=random.random, on_change=lambda: None
        )

    def do(self, case_id: str, command: Command, key: str) -> Awaitable[Outcome]:
        return self.commands.do(case_id, command, key=key)

    async def _post(self, case_id: str, body: bytes, key: str) -> httpx.Response:
        random = self.random
        await asyncio.sleep(random.choice(DELAYS))
        if random.random() < 0.1:
            raise httpx.ConnectError("the request is lost")
        # A request that arrived is done, whether or not anybody still waits for the answer.
        response = await asyncio.ensure_future(self._answer(case_id, body, key))
        await asyncio.sleep(random.choice(DELAYS))
        if random.random() < 0.15:
            raise httpx.ReadError("the answer is lost")
        return response

    async def _answer(self, case_id: str, body: bytes, key: str) -> httpx.Response:
        command: Command = decode_body(body, AnyCommand)
        try:
            answer = await self.floor.node.engine.command(self.floor.person(self.principal), case_id, command, key)
        except Exception as fault:
            known = refused(fault)
            if known is None:
                raise
            return httpx.Response(known[0].status, content=problems.encode(known[0]))
        return httpx.Response(200, content=encode(answer))


async def storm(floor: Floor, case_id: str, subject: str, random: Random, size: int) -> None:
    """Everything that concerns nobody, by somebody else, in any order and number."""
    now = floor.clock.now_ms()
    contact = {"party": "police", "channel": "phone", "number_source": "directory", "person": "Sgt. Hall"}
    told: tuple[dict[str, Any], ...] = (
        {"type": "note", "text": "x"},
        {"type": "tick", "step": "call"},
        {"type": "log_contact", **contact, "reference": "", "at": now, "outcome": "told"},
        {"type": "add_task", "text": "call", "owner": "cy", "due_at": now + MINUTE},
        {"type": "post_update", "text": "at work", "audience": "partner"},
        {"type": "link", "to": floor.other, "relation": "related"},
        {},
    )
    for place in range(size):
        await asyncio.sleep(random.choice(DELAYS))
        body = random.choice(told)
        if body:
            await floor.do("cy", case_id, body, f"{subject}.storm.{place}")
        else:
            views = {"live_viewers": random.randrange(1, 50)}
            await floor.report(f"{subject}.{place}", subject=subject, factors=views)
    if random.random() < 0.2:
        # The first clock gets late; the keeper writes it.
        case = floor.node.floor.cases[case_id]
        due = [clock.due_at for clock in case.clocks if clock.running and clock.breached_at is None]
        if due:
            floor.clock.skip(max(0, min(due) + 1 - floor.clock.now_ms()))
            for who in ("ana", "bo"):
                floor.node.signs.seen(who)  # their claims do not lapse: they are at their consoles
            await floor.node.keeper._keep(case_id)


async def claimed_once(floor: Floor, seed: int) -> Counter[str]:
    """Two people saw one version and claim at once, while others do what concerns nobody."""
    random = Random(seed)
    case_id = await floor.open(f"{seed}")
    seen = floor.node.floor.version(case_id)
    claim = commands.Claim(expected_version=seen)
    rivals = [Console(floor, who, Random(f"{seed} {who}")) for who in ("ana", "bo")]
    noise = asyncio.create_task(storm(floor, case_id, f"{seed}", random, random.randrange(1, 3)))
    outcomes = await asyncio.gather(*(rival.do(case_id, claim, f"{seed}.{rival.principal}") for rival in rivals))
    await noise
    events = [event for event in floor.stored(case_id) if event.type == "CaseClaimed"]
    assert len(events) == 1, f"claimed {len(events)} times"
    (event,) = events
    winner, loser = (0, 1) if event.actor == "ana" else (1, 0)
    assert floor.node.floor.cases[case_id].owner == rivals[winner].principal
    assert outcomes[winner].ok
    assert outcomes[winner].events[0] == "CaseClaimed"
    told = outcomes[loser]
    assert not told.ok
    assert not told.unknown
    assert told.problem is not None
    assert (told.problem.status, told.problem.type) == (409, "/problems/stale-version")
    assert (told.problem.by, told.problem.at, told.problem.events) == (event.actor, event.at, ["CaseClaimed"])
    assert event.actor in told.sentence
    assert told.problem.version is not None
    assert told.problem.version >= event.version
    assert not any(rival.commands.pending for rival in rivals if rival is rivals[loser])
    return Counter({"won by ana": winner == 0, "won by bo": winner == 1})


async def refuses_nobody(floor: Floor, seed: int) -> Counter[str]:
    """After a storm of what is not material a command still goes; after one material event it does not."""
    random = Random(~seed)
    ident = f"{seed}.s"
    case_id = await floor.open(ident)
    await floor.do("ana", case_id, {"type": "claim"}, f"{seed}.c")
    seen = floor.node.floor.version(case_id)
    material = random.random() < 0.3
    act = random.choice(ACTS)
    await storm(floor, case_id, ident, random, random.randrange(3, 9))
    by: tuple[str, int, str] | None = None
    if material:
        await floor.do("bo", case_id, random.choice(MATERIAL), f"{seed}.m")
        event = floor.stored(case_id)[-1]
        by = (event.actor, event.at, event.type)
        await floor.do("cy", case_id, {"type": "note", "text": "after it"}, f"{seed}.n")
    assert floor.node.floor.version(case_id) > seen
    command = msgspec.convert({**act, "expected_version": seen}, COMMANDS[act["type"]])
    outcome = await Console(floor, "ana", Random(f"{seed} ana")).do(case_id, command, f"{seed}.a")
    if by is None:
        assert outcome.ok, (act, outcome.sentence)
    else:
        assert outcome.problem is not None, (act, outcome.sentence)
        assert outcome.problem.status == 409
        assert outcome.problem.type == "/problems/stale-version"
        assert (outcome.problem.by, outcome.problem.at) == by[:2]
    return Counter({"went": by is None, "refused": by is not None})


async def block(seeds: range) -> Counter[str]:
    floor = Floor()
    await floor.start(Random(seeds.start))
    floor.other = await floor.open("other")
    told: Counter[str] = Counter()
    for seed in seeds:
        try:
            told += await claimed_once(floor, seed)
            if seed % 8 == 0:
                told += await refuses_nobody(floor, seed)
        except BaseException as fault:
            fault.add_note(f"seed {seed} of the block from {seeds.start}")
            raise
    return told


def run(first: int, end: int) -> Counter[str]:
    total: Counter[str] = Counter()
    for start in range(first, end, BLOCK):
        total += virtualtime.run(block(range(start, min(start + BLOCK, end))))
    return total


if __name__ == "__main__":
    import feed.state
    from tests.proofs.simulatedfloor import without_collecting

    logging.disable()
    vars(feed.state)["gc"] = without_collecting()
    sys.stdout.write(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
