"""The engine on a log in memory: judging order, idempotency, versions, what the floor holds after."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from casework import commands, order
from casework.errors import IllegalTransition, NotPermitted, StaleVersion
from feed.engine import KeyMismatch, NotFound
from feed.log.base import LogUnavailable
from feed.node import Node


async def opened(node: Node, make: Any, ident: str = "1", **data: Any) -> str:
    received = await node.intake.receive(make.person(), make.incoming(ident, **data))
    return str(received.case_id)


async def test_a_command_changes_the_case_and_its_answer_says_how(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    answer = await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k1")
    case = node.floor.cases[case_id]
    assert case.owner == "ana"
    assert case.state == "ACKED"
    assert answer.events[0] == "CaseClaimed"
    assert (
        (answer.version, answer.seq) == (case.version, case.seq) == (node.floor.version(case_id), node.log.head().seq)
    )


async def test_the_same_key_gives_the_same_answer_and_does_nothing_twice(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    note = commands.AddNote(expected_version=1, text="once")
    first = await node.engine.command(make.person(), case_id, note, "k1")
    again = await node.engine.command(make.person(), case_id, note, "k1")
    assert again == first
    assert len(node.floor.cases[case_id].notes) == 1


async def test_an_accepted_command_without_an_event_binds_its_key(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k1")
    version = node.floor.version(case_id)
    nothing = await node.engine.command(make.person(), case_id, commands.Claim(expected_version=version), "k2")
    assert nothing.events == []
    assert nothing.version == version
    with pytest.raises(KeyMismatch):
        await node.engine.command(make.person(), case_id, commands.Release(expected_version=version), "k2")


async def test_a_refusal_binds_nothing(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    with pytest.raises(IllegalTransition):
        await node.engine.command(make.person(), case_id, commands.Unsnooze(expected_version=1), "k1")
    answer = await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k1")
    assert answer.events


async def test_an_accepted_key_answers_also_when_the_rules_would_now_refuse(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    claim = commands.Claim(expected_version=1)
    first = await node.engine.command(make.person(), case_id, claim, "k1")
    version = node.floor.version(case_id)
    other = make.person("ben")
    await node.engine.command(make.person(), case_id, commands.Release(expected_version=version), "k2")
    version = node.floor.version(case_id)
    await node.engine.command(other, case_id, commands.Claim(expected_version=version), "k3")
    assert await node.engine.command(make.person(), case_id, claim, "k1") == first
    assert node.floor.cases[case_id].owner == "ben"


async def test_keys_are_of_one_principal(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    note = commands.AddNote(expected_version=1, text="mine")
    await node.engine.command(make.person("ana"), case_id, note, "k")
    await node.engine.command(make.person("ben"), case_id, note, "k")
    assert [n.by for n in node.floor.cases[case_id].notes] == ["ana", "ben"]


async def test_the_same_key_at_the_same_time_is_done_once(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    note = commands.AddNote(expected_version=1, text="once")
    answers = await asyncio.gather(*(node.engine.command(make.person(), case_id, note, "k") for _ in range(20)))
    assert len({answer.seq for answer in answers}) == 1
    assert len(node.floor.cases[case_id].notes) == 1


async def test_permission_comes_before_idempotency(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    claim = commands.Claim(expected_version=1)
    await node.engine.command(make.person("ana"), case_id, claim, "k1")
    with pytest.raises(NotPermitted):
        await node.engine.command(make.person("ana", "viewer"), case_id, claim, "k1")


async def test_a_case_outside_the_clearance_takes_no_command_but_break_glass(node: Node, make: Any) -> None:
    case_id = await opened(node, make, boundary="eu")
    with pytest.raises(NotPermitted, match="eu"):
        await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k1")
    cleared = make.person("eva", clearances=frozenset({"eu"}))
    await node.engine.command(cleared, case_id, commands.Claim(expected_version=1), "k1")
    assert node.floor.cases[case_id].owner == "eva"


async def test_a_stale_command_says_who_and_what(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    await node.engine.command(make.person("ben"), case_id, commands.Claim(expected_version=1), "k1")
    with pytest.raises(StaleVersion) as caught:
        await node.engine.command(make.person(), case_id, commands.Escalate(expected_version=1, level=1), "k2")
    assert (caught.value.by, caught.value.version) == ("ben", node.floor.version(case_id))


async def test_two_at_once_the_first_by_version_wins(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    claims = (
        node.engine.command(make.person(who), case_id, commands.Claim(expected_version=1), "k")
        for who in ("ana", "ben")
    )
    results = await asyncio.gather(*claims, return_exceptions=True)
    assert sum(isinstance(result, StaleVersion | IllegalTransition) for result in results) == 1
    assert node.floor.cases[case_id].owner == "ana"


async def test_an_unknown_case_is_not_found(node: Node, make: Any) -> None:
    with pytest.raises(NotFound):
        await node.engine.command(make.person(), "C-00000000", commands.Claim(expected_version=1), "k")
    with pytest.raises(NotFound):
        await node.engine.command(make.person(), "nonsense", commands.Claim(expected_version=1), "k")


async def test_merge_writes_both_cases_in_one_append(node: Node, make: Any) -> None:
    first, second = await opened(node, make, "1"), await opened(node, make, "2")
    head = node.log.head().seq
    merge = commands.Merge(expected_version=1, into=second)
    answer = await node.engine.command(make.person(), first, merge, "k1")
    events = await node.log.read(head, 100)
    assert {event.case_id for event in events} == {first, second}
    assert [event.part for event in events] == list(range(len(events)))
    assert node.floor.cases[first].state == "MERGED"
    assert first in node.floor.cases[second].absorbed
    version = node.floor.version(first)
    await node.engine.command(make.person(), first, commands.Unmerge(expected_version=version), "k2")
    assert node.floor.cases[first].state != "MERGED"
    assert node.floor.cases[second].absorbed == ()
    assert answer.case_id == first


async def test_crossing_merges_do_not_wait_for_each_other_forever(node: Node, make: Any) -> None:
    first, second = await opened(node, make, "1"), await opened(node, make, "2")
    both = (
        node.engine.command(make.person("ana"), first, commands.Merge(expected_version=1, into=second), "k"),
        node.engine.command(make.person("ben"), second, commands.Merge(expected_version=1, into=first), "k"),
    )
    async with asyncio.timeout(5):
        results = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(result, Exception) for result in results) == 1


async def test_the_queue_is_in_the_order_of_the_key(node: Node, make: Any) -> None:
    kinds = ["TTL", "SSH", "QUERY", "PRESS", "NCII", "EDR", "CSEA"]
    for number in range(40):
        factors = {"imminence": "now", "harm": "death"} if number % 5 == 0 else {"live_viewers": number * 100}
        await opened(node, make, str(number), case_type=kinds[number % len(kinds)], factors=factors)
    for number, case_id in enumerate(list(node.floor.cases)):
        if number % 3 == 0:
            await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), f"k{number}")
    reference = sorted(node.floor.cases.values(), key=order.key)
    assert [case.case_id for case in node.floor.in_order()] == [case.case_id for case in reference]


async def test_a_log_that_cannot_acknowledge_is_said_and_nothing_changes(
    node: Node, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = await opened(node, make)

    async def unavailable(*_: object) -> None:
        raise LogUnavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(node.log, "append", unavailable)
        with pytest.raises(LogUnavailable):
            await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k1")
    assert node.floor.cases[case_id].owner is None
    await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k1")
    assert node.floor.cases[case_id].owner == "ana"


async def test_a_caller_that_goes_away_leaves_nothing_half_done(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    waiting = asyncio.create_task(
        node.engine.command(make.person(), case_id, commands.AddNote(expected_version=1, text="kept"), "k1")
    )
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await node.engine.idle()
    assert [note.text for note in node.floor.cases[case_id].notes] == ["kept"]
    await node.engine.command(make.person(), case_id, commands.AddNote(expected_version=1, text="next"), "k2")


async def test_what_memory_holds_is_the_fold_of_the_log(node: Node, make: Any) -> None:
    from feed.floor import Floor

    case_id = await opened(node, make, boundary=None)
    await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k1")
    fold = Floor()
    for event in await node.log.read(0, 1_000):
        fold.apply(event)
    assert fold.cases == node.floor.cases
    assert list(fold.order) == list(node.floor.order)
    assert fold.head_hash == node.floor.head_hash == node.log.head().head_hash
    assert fold.reports == node.floor.reports


async def test_an_event_out_of_turn_stops_the_feed_from_acknowledging(node: Node, make: Any) -> None:
    case_id = await opened(node, make)
    events = await node.log.read(0, 1)
    from feed.log.base import Appended

    node.engine._committed(
        Appended(first_seq=7, last_seq=7, events=(msgspec.structs.replace(events[0], seq=7),), head_hash="")
    )
    assert node.engine.broken == "ValueError"
    with pytest.raises(LogUnavailable):
        await node.engine.command(make.person(), case_id, commands.Claim(expected_version=1), "k1")


async def test_refusals_are_on_record_and_rate_limited(node: Node) -> None:
    for _ in range(50):
        node.refusals.record("eve", "approve", sentence="no")
    node.refusals.record("ben", "login")
    await node.refusals.idle()
    events = await node.log.read(0, 1_000, "_audit")
    assert [event.actor for event in events] == ["eve"] * 10 + ["ben"]
    assert node.floor.version("_audit") == 11
    assert "_audit" not in node.floor.cases


def test_a_digest_tells_commands_apart() -> None:
    from feed.engine import _digest

    same = _digest("C-00000000", commands.Claim(expected_version=1))
    assert same == _digest("C-00000000", commands.Claim(expected_version=1))
    others = {
        _digest("C-00000001", commands.Claim(expected_version=1)),
        _digest("C-00000000", commands.Claim(expected_version=2)),
        _digest("C-00000000", commands.Release(expected_version=1)),
    }
    assert len(others | {same}) == 4
