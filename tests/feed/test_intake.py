"""Reports in: identity, updates, endings, collisions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from casework import caseid, commands
from casework.errors import NotPermitted
from casework.escalation import Cap
from feed.clock import ManualClock
from feed.intake import NothingToUpdate
from feed.node import Node


async def test_the_same_report_is_one_case_forever(node: Node, make: Any) -> None:
    first = await node.intake.receive(make.person(), make.incoming("1"))
    again = await node.intake.receive(make.person("other"), make.incoming("1", summary="other words"))
    assert not first.duplicate
    assert (again.case_id, again.seq, again.duplicate) == (first.case_id, first.seq, True)
    assert len(node.floor.cases) == 1
    assert first.case_id == caseid.case_id("/test", "1")


async def test_the_same_report_many_times_at_once_is_one_case(node: Node, make: Any) -> None:
    results = await asyncio.gather(*(node.intake.receive(make.person(), make.incoming("1")) for _ in range(30)))
    assert sum(not result.duplicate for result in results) == 1
    assert len(node.floor.cases) == 1


async def test_reports_keep_their_order(node: Node, make: Any) -> None:
    results = await asyncio.gather(*(node.intake.receive(make.person(), make.incoming(str(n))) for n in range(50)))
    assert [result.seq for result in results] == list(range(1, 51))


async def test_an_id_that_belongs_to_another_report_counts_on(
    node: Node, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = caseid.case_id
    monkeypatch.setattr(caseid, "case_id", lambda source, ident, counter=0: real("same", "same", counter))
    first = await node.intake.receive(make.person(), make.incoming("1"))
    second = await node.intake.receive(make.person(), make.incoming("2"))
    assert first.case_id == real("same", "same", 0)
    assert second.case_id == real("same", "same", 1)


async def test_an_update_joins_its_case_and_is_itself_remembered(node: Node, make: Any) -> None:
    first = await node.intake.receive(make.person(), make.incoming("1", subject="s"))
    update = make.incoming("2", updated=True, subject="s", factors={"imminence": "now", "harm": "death"})
    joined = await node.intake.receive(make.person(), update)
    assert joined.case_id == first.case_id
    assert node.floor.cases[first.case_id].severity == "S0"
    again = await node.intake.receive(make.person(), update)
    assert (again.duplicate, again.seq) == (True, joined.seq)
    assert node.floor.cases[first.case_id].updates == 1


async def test_an_update_in_the_same_breath_waits_for_its_report(node: Node, make: Any) -> None:
    raised = node.intake.receive(make.person(), make.incoming("1", subject="s"))
    updated = node.intake.receive(make.person(), make.incoming("2", updated=True, subject="s", language="en"))
    first, joined = await asyncio.gather(raised, updated)
    assert joined.case_id == first.case_id


async def test_a_report_without_subject_is_updated_by_its_id(node: Node, make: Any) -> None:
    first = await node.intake.receive(make.person(), make.incoming("1"))
    joined = await node.intake.receive(make.person(), make.incoming("2", updated=True, subject="1", language="en"))
    assert joined.case_id == first.case_id


async def test_of_several_cases_the_newest_is_updated(node: Node, make: Any) -> None:
    await node.intake.receive(make.person(), make.incoming("1", subject="s"))
    second = await node.intake.receive(make.person(), make.incoming("2", subject="s"))
    joined = await node.intake.receive(make.person(), make.incoming("3", updated=True, subject="s", language="en"))
    assert joined.case_id == second.case_id


async def test_an_update_follows_a_merge(node: Node, make: Any) -> None:
    first = await node.intake.receive(make.person(), make.incoming("1", subject="s"))
    second = await node.intake.receive(make.person(), make.incoming("2", subject="t"))
    merge = commands.Merge(expected_version=1, into=second.case_id)
    await node.engine.command(make.person(), first.case_id, merge, "k")
    joined = await node.intake.receive(make.person(), make.incoming("3", updated=True, subject="s", language="en"))
    assert joined.case_id == second.case_id


async def test_an_update_of_an_ended_case_opens_a_linked_one_behind_the_same_boundary(node: Node, make: Any) -> None:
    who = make.person(clearances=frozenset({"eu"}))
    first = await node.intake.receive(make.person(), make.incoming("1", subject="s", boundary="eu", case_type="QUERY"))
    discard = commands.Discard(expected_version=1, outcome="not_actionable", reason="nothing to do")
    await node.engine.command(who, first.case_id, discard, "k")
    assert node.floor.cases[first.case_id].state == "REJECTED"
    joined = await node.intake.receive(
        make.person(), make.incoming("2", updated=True, subject="s", language="en", boundary="us")
    )
    case = node.floor.cases[joined.case_id]
    assert joined.case_id != first.case_id
    assert (case.boundary, case.case_type, case.summary) == ("eu", "QUERY", "report 1")
    opening = (await node.log.read(joined.seq - 1, 1))[0].fact
    assert getattr(opening, "continues", None) == first.case_id


async def test_an_update_of_nothing_opens_a_case_if_it_is_complete(node: Node, make: Any) -> None:
    with pytest.raises(NothingToUpdate, match="case_type, summary, source"):
        await node.intake.receive(make.person(), make.incoming("1", updated=True, subject="s", language="en"))
    opened = await node.intake.receive(
        make.person(),
        make.incoming("1", updated=True, case_type="SSH", summary="all there", source={"kind": "detector"}),
    )
    assert node.floor.cases[opened.case_id].case_type == "SSH"


@pytest.mark.parametrize(
    ("role", "allowed"), [("intake", True), ("responder", True), ("viewer", False), ("admin", False)]
)
async def test_who_may_post(node: Node, make: Any, role: Any, allowed: bool) -> None:
    post = node.intake.receive(make.person("p", role), make.incoming("1"))
    if allowed:
        assert (await post).case_id
    else:
        with pytest.raises(NotPermitted):
            await post


async def test_a_token_speaks_for_its_source_kinds_only(node: Node, make: Any) -> None:
    import msgspec

    capped = msgspec.structs.replace(make.person("p", "intake"), cap=Cap(kinds=frozenset({"detector"})))
    with pytest.raises(NotPermitted, match="user_report"):
        await node.intake.receive(capped, make.incoming("1"))
    assert not node.floor.cases


async def test_a_retired_case_keeps_its_identity(node: Node, make: Any, clock: ManualClock) -> None:
    who = make.person()
    first = await node.intake.receive(who, make.incoming("1", subject="s", case_type="QUERY"))
    discard = commands.Discard(expected_version=1, outcome="not_actionable", reason="nothing to do")
    await node.engine.command(who, first.case_id, discard, "k")
    clock.advance(25 * 3_600_000)
    await node.keeper.catch_up()
    assert node.floor.retired(first.case_id)
    assert (await node.intake.receive(who, make.incoming("1"))).case_id == first.case_id
    joined = await node.intake.receive(who, make.incoming("2", updated=True, subject="s", language="en"))
    assert node.floor.cases[joined.case_id].summary == "report 1"
    with pytest.raises(Exception, match="left the floor"):
        await node.engine.command(who, first.case_id, commands.AddNote(expected_version=1, text="late"), "k2")
