"""The host's clock is set by three days: a running feed calls nothing late by it; a restart loses no lateness."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import httpx
import pytest
from starlette.types import ASGIApp

from casework import policy
from casework.access import Person
from casework.commands import Claim
from casework.events import Event
from casework.facts import MilestoneBreached
from feed import clock as feed_clock
from feed.clock import SystemClock
from feed.config import FeedConfig
from feed.http.app import make_app
from feed.log.sqlite import SqliteLog
from feed.log.tokens import TokenStore
from feed.log.verify import verify
from feed.node import Node
from feed.state import load
from protocol.cloudevents import STRUCTURED, Incoming, decode
from protocol.codec import encode

DAY: Final = 86_400_000
START: Final = 1_795_300_000_000
ANA: Final = Person(principal="ana", roles=frozenset({"responder"}))


class Host:
    """The clocks of a machine: `set` moves the wall clock alone, `passes` both."""

    def __init__(self) -> None:
        self.wall = START
        self.boot = 5_000_000

    def set(self, ms: int) -> None:
        self.wall += ms

    def passes(self, ms: int) -> None:
        self.wall += ms
        self.boot += ms


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    clocks = SimpleNamespace(
        time_ns=lambda: host.wall * 1_000_000, clock_gettime_ns=lambda _: host.boot * 1_000_000, CLOCK_MONOTONIC=1
    )
    monkeypatch.setattr(feed_clock, "time", clocks)
    return host


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Node]:
    """A run of the feed on the log at `path`, as `feed.serve` makes it, with its keeper."""
    clock = SystemClock()
    log = SqliteLog(path, now=clock.now_ms)
    tokens = TokenStore(path, now=clock.now_ms)
    node = Node(config=FeedConfig(), log=log, clock=clock, policy=policy.defaults(), find_token=tokens.find)
    await load(log, node.floor, node.ring)
    clock.not_before(node.floor.newest_at)
    node.loaded = True
    await node.keeper.catch_up()
    keeping = asyncio.create_task(node.keeper.run())
    try:
        yield node
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await node.engine.idle()
        await log.close()
        tokens.close()


async def report(node: Node, ident: str, **data: Any) -> str:
    base = {"case_type": "TTL", "summary": f"report {ident}", "source": {"kind": "user_report"}}
    event = {"specversion": "1.0", "id": ident, "source": "/clock", "data": {**base, **data}}
    incoming = decode({"content-type": STRUCTURED}, encode({**event, "type": "org.watchfloor.escalation.raised.v1"}))
    assert isinstance(incoming, Incoming)
    return (await node.intake.receive(ANA, incoming)).case_id


async def looked(node: Node) -> None:
    """The keeper has looked at the clocks, and at everything that was due then."""
    node.keeper._changed.set()
    for _ in range(50):
        await asyncio.sleep(0.002)
    await node.engine.idle()


async def stored(node: Node) -> list[Event]:
    return await node.log.read(0, 10_000)


def late(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event.fact, MilestoneBreached)]


def first_due(node: Node) -> int:
    return min(
        clock.due_at
        for case in node.floor.cases.values()
        for clock in case.clocks
        if clock.running and clock.breached_at is None
    )


@pytest.mark.parametrize("step", [3 * DAY, -3 * DAY], ids=["forward", "back"])
@pytest.mark.parametrize("trust", ["feed", "wall"])
async def test_a_step_while_it_runs_makes_nothing_late(tmp_path: Path, host: Host, step: int, trust: str) -> None:
    async with running(tmp_path / "floor.db") as node, asking(node, tmp_path / "floor.db") as (get, confirm):
        case_id = await report(node, "1")
        host.set(step)
        await looked(node)
        assert (await get("/readyz")).status_code == 503
        assert (await get("/readyz")).json()["failing"] == ["clock"]
        # Due by the feed's own time: not written either, since nobody knows which clock is right.
        due = first_due(node)
        host.passes(due - node.clock.now_ms() + 1_000)
        await looked(node)
        assert late(await stored(node)) == []
        # Work goes on in feed time; what a command meets late is written first, exactly.
        await node.engine.command(ANA, case_id, Claim(expected_version=1), "k")
        written = late(await stored(node))
        assert [event.fact.breached_at for event in written if isinstance(event.fact, MilestoneBreached)] == [due]
        assert all(event.at == due + 1_000 for event in written)
        answer = await confirm(trust)
        assert answer.status_code == 200
        assert abs(answer.json()["now"] - (due + 1_000 + (step if trust == "wall" else 0))) < 5
        assert (await get("/readyz")).status_code == 200
        await looked(node)
        after = late(await stored(node))
        if trust == "wall" and step > 0:
            assert len(after) > len(written), "now it is three days later, and so said a person"
        else:
            assert after == written
        exact(await stored(node))


@pytest.mark.parametrize("away", [0, 3 * DAY], ids=["at once", "after three days"])
async def test_after_a_restart_what_was_missed_is_late_at_its_own_due(tmp_path: Path, host: Host, away: int) -> None:
    """A wall clock ahead is believed: it is the same whether the feed was down or somebody set it."""
    async with running(tmp_path / "floor.db") as node:
        for number in range(3):
            await report(node, str(number))
            host.passes(1_000)
        dues = sorted(clock.due_at for case in node.floor.cases.values() for clock in case.clocks if clock.running)
    host.passes(away)
    async with running(tmp_path / "floor.db") as node:
        events = late(await stored(node))
        now = node.clock.now_ms()
        breached = [event.fact.breached_at for event in events if isinstance(event.fact, MilestoneBreached)]
        assert breached == [due for due in dues if due < now]
        assert bool(breached) == bool(away)
        assert node.keeper.clock_sane
        exact(await stored(node))
    async with running(tmp_path / "floor.db") as node:
        assert late(await stored(node)) == events, "written once"


async def test_a_clock_set_back_between_two_runs_gives_no_deadline_time_again(tmp_path: Path, host: Host) -> None:
    path = tmp_path / "floor.db"
    async with running(path) as node:
        early = await report(node, "1")
        due = first_due(node)
        host.passes(due - node.clock.now_ms() + 1_000)
        await looked(node)
        before = await stored(node)
        assert [event.case_id for event in late(before)] == [early]
        newest = before[-1].at
    host.set(-3 * DAY)
    async with running(path) as node, asking(node, path) as (get, confirm):
        assert node.clock.now_ms() == newest
        assert (await get("/readyz")).json()["failing"] == ["clock"]
        assert await stored(node) == before, "what is late stays late, and nothing is late that was not"
        case_id = await report(node, "2")
        opened = node.floor.cases[case_id]
        assert opened.opened_at >= newest
        host.passes(20_000)
        assert node.clock.now_ms() == newest + 20_000
        await confirm("feed")
        assert (await get("/readyz")).status_code == 200
        host.passes(first_due(node) - node.clock.now_ms() + 1)
        await looked(node)
        assert len(late(await stored(node))) > len(late(before)), "the keeper is at work again"
        exact(await stored(node))
    assert verify(path).sound


async def test_a_clock_that_was_a_little_slow_stops_nobody(tmp_path: Path, host: Host) -> None:
    async with running(tmp_path / "floor.db") as node:
        await report(node, "1")
        newest = node.floor.newest_at
    host.set(-20_000)
    async with running(tmp_path / "floor.db") as node:
        assert node.clock.now_ms() == newest
        assert node.keeper.clock_sane


def exact(events: list[Event]) -> None:
    """Of each case: time never runs back, and each clock is late once, at its due."""
    newest: dict[str, int] = {}
    seen = set()
    for event in events:
        assert event.at >= newest.get(event.case_id, 0)
        newest[event.case_id] = event.at
        if isinstance(event.fact, MilestoneBreached):
            fact = event.fact
            name = (event.case_id, fact.milestone, fact.party, fact.round, fact.outer_bound, fact.breached_at)
            assert name not in seen
            seen.add(name)
            assert fact.breached_at < event.at


Get = Callable[[str], Any]


@asynccontextmanager
async def asking(node: Node, path: Path) -> AsyncIterator[tuple[Get, Get]]:
    """`get(path)` and `confirm(trust)`, over the node's own routes."""
    store = TokenStore(path, now=node.clock.now_ms)
    headers = {"Authorization": f"Bearer {store.issue('root', roles=['admin'])}"}
    store.close()
    app: ASGIApp = make_app(node)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://feed", headers=headers) as client:

        async def confirm(trust: str) -> httpx.Response:
            return await client.post("/v1/admin/clock", json={"trust": trust})

        yield client.get, confirm
