"""The clock-keeper: lateness exactly once and in due order, claims that lapse, clocks that part."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from casework import commands, policy
from feed.clock import PARTED_MS, ManualClock, SystemClock
from feed.config import FeedConfig
from feed.http.health import readiness
from feed.log.base import LogUnavailable
from feed.log.memory import MemoryLog
from feed.node import Node
from feed.signs import LIFE_MS
from feed.state import load

MINUTE = 60_000


async def opened(node: Node, make: Any, ident: str, **data: Any) -> str:
    return str((await node.intake.receive(make.person(), make.incoming(ident, **data))).case_id)


async def running(node: Node) -> asyncio.Task[None]:
    task = asyncio.create_task(node.keeper.run())
    await asyncio.sleep(0)
    return task


async def test_what_was_missed_is_written_in_due_order_over_all_cases(
    node: Node, make: Any, clock: ManualClock
) -> None:
    for number, kind in enumerate(("QUERY", "TTL", "SSH", "EDR", "NCII")):
        await opened(node, make, str(number), case_type=kind)
        clock.advance(MINUTE)
    head = node.log.head().seq
    clock.advance(6 * 3_600_000)
    written = await node.keeper.catch_up()
    events = await node.log.read(head, 1_000)
    breached = [event.fact.breached_at for event in events if event.type == "MilestoneBreached"]  # type: ignore[attr-defined]
    assert written == len(events) == len(breached) > 10
    assert breached == sorted(breached)
    assert {event.at for event in events} == {clock.now_ms()}
    assert {event.actor for event in events} == {"_keeper"}
    assert await node.keeper.catch_up() == 0


async def test_a_clock_is_late_once_right_after_its_due(node: Node, make: Any, clock: ManualClock, until: Any) -> None:
    case_id = await opened(node, make, "1")
    due = min(item.due_at for item in node.floor.cases[case_id].clocks)
    clock.now = due
    assert await node.keeper.catch_up() == 0
    task = await running(node)
    clock.now = due + 1
    node.keeper.look_again(case_id)
    node.keeper._changed.set()
    await until(lambda: node.floor.cases[case_id].version == 2)
    task.cancel()
    late = [item for item in node.floor.cases[case_id].clocks if item.breached_at is not None]
    assert [(item.milestone, item.breached_at) for item in late] == [("ack", due)]


async def test_a_restart_writes_what_was_missed_before_it_is_ready(node: Node, make: Any, clock: ManualClock) -> None:
    case_id = await opened(node, make, "1")
    clock.advance(24 * 3_600_000)
    again = Node(config=FeedConfig(), log=node.log, clock=clock, policy=policy.defaults(), find_token=None)
    await load(node.log, again.floor, again.ring)
    assert not any(item.breached_at for item in again.floor.cases[case_id].clocks)
    await again.keeper.catch_up()
    assert all(item.breached_at == item.due_at for item in again.floor.cases[case_id].clocks)


async def test_a_claim_lapses_ten_minutes_after_the_last_sign_of_life(
    node: Node, make: Any, clock: ManualClock
) -> None:
    case_id = await opened(node, make, "1")
    await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k")
    node.signs.seen("ana")
    clock.advance(LIFE_MS - 1)
    await node.keeper._lapse(clock.now_ms())
    assert node.floor.cases[case_id].owner == "ana"
    clock.advance(1)
    await node.keeper._lapse(clock.now_ms())
    assert node.floor.cases[case_id].owner is None
    assert node.floor.owned == {}
    assert any(item.milestone == "ack" and item.running for item in node.floor.cases[case_id].clocks)


async def test_an_open_connection_is_a_sign_of_life(node: Node, make: Any, clock: ManualClock) -> None:
    case_id = await opened(node, make, "1")
    await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k")

    class Connected:
        principal = "ana"

    node.hub.join(Connected())  # type: ignore[arg-type]
    clock.advance(3 * LIFE_MS)
    await node.keeper._lapse(clock.now_ms())
    assert node.floor.cases[case_id].owner == "ana"


@pytest.mark.parametrize("step", [3 * 86_400_000, -3 * 86_400_000])
async def test_a_step_of_the_wall_clock_makes_nothing_late_and_stops_the_keeper(
    node: Node, make: Any, clock: ManualClock, until: Any, step: int
) -> None:
    case_id = await opened(node, make, "1")
    task = await running(node)
    clock.wall_offset = step
    node.keeper._changed.set()
    await until(lambda: not node.keeper.clock_sane)
    assert readiness(node)["clock"] is False
    assert node.floor.cases[case_id].version == 1
    clock.wall_offset = 0
    assert readiness(node)["clock"] is False  # it stays stopped until a person says so
    clock.confirm("feed")
    node.keeper.confirmed()
    assert readiness(node)["clock"] is True
    task.cancel()


async def test_while_clocks_part_commands_still_work_on_feed_time(node: Node, make: Any, clock: ManualClock) -> None:
    case_id = await opened(node, make, "1")
    clock.wall_offset = PARTED_MS + 1
    await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k")
    assert node.floor.cases[case_id].at == clock.now_ms()


async def test_a_log_that_is_away_is_asked_again(
    node: Node, make: Any, clock: ManualClock, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = await opened(node, make, "1")
    real = node.log.append
    failures = 0

    async def fails_once(*args: Any) -> Any:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise LogUnavailable("the disk is full")
        return await real(*args)

    monkeypatch.setattr(node.log, "append", fails_once)
    clock.now = min(item.due_at for item in node.floor.cases[case_id].clocks) + 1
    node.keeper.look_again(case_id)
    task = await running(node)
    await until(lambda: failures == 1)
    assert node.floor.cases[case_id].version == 1
    clock.advance(1_000)
    node.keeper._changed.set()
    await until(lambda: node.floor.cases[case_id].version == 2)
    task.cancel()


async def test_a_case_that_cannot_be_judged_stops_no_other(
    node: Node, make: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from casework import keeper as rules

    bad, good = await opened(node, make, "1"), await opened(node, make, "2")
    real = rules.due

    def due(case: Any, *args: Any, **kwargs: Any) -> Any:
        if case.case_id == bad:
            raise RuntimeError("a fault of ours")
        return real(case, *args, **kwargs)

    monkeypatch.setattr(rules, "due", due)
    clock.advance(86_400_000)
    await node.keeper.catch_up()
    assert node.floor.cases[bad].version == 1
    assert node.floor.cases[good].version > 1


def test_the_system_clock_does_not_follow_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    clock = SystemClock()
    before = clock.now_ms()
    real = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: real + 86_400_000 * 1_000_000)
    assert abs(clock.now_ms() - before) < 5_000
    assert abs(clock.parted_ms() - 86_400_000) < 5_000
    clock.confirm("feed")
    assert abs(clock.parted_ms()) < 5_000
    assert abs(clock.now_ms() - before) < 5_000
    clock.confirm("wall")
    assert abs(clock.now_ms() - before - 86_400_000) < 5_000


async def test_an_empty_log_in_memory_is_quiet() -> None:
    clock = ManualClock(1)
    log = MemoryLog(now=clock.now_ms)
    node = Node(config=FeedConfig(), log=log, clock=clock, policy=policy.defaults(), find_token=None)
    await load(log, node.floor, node.ring)
    assert await node.keeper.catch_up() == 0
