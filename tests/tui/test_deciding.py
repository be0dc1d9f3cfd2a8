"""A second person decides: the card shows the whole request, `y` binds exactly that, `R` refuses with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from casework.commands import Approve, Confirm, Reject
from casework.model import Action, Case, Pending, Target
from tests.tui.sample_floor import MINUTE, NOW, SampleSession, whole_case
from tests.tui.test_console import SCHOOL, Desk, desk, ready
from tui.cards import DEAF_MS, REPEAT_STARTS_MS
from tui.screens.floor import monotonic_ms

DIGEST = "ab" * 32
PROPOSED = Action(
    action_id="a1",
    action="no_action",
    target=Target(kind="case", id=SCHOOL),
    policy="",
    reason="it is a line from a film",
    fields={},
    state="proposed",
    proposed_by="bo",
    digest=DIGEST,
    one_person=True,
)


def pending(kind: str, by: str = "bo") -> Pending:
    return Pending(seq=77, kind=kind, by=by, until=NOW + 20 * MINUTE, version=13)


def floor(**more: Any) -> SampleSession:
    case: Case = replace(whole_case(), **more)
    session = SampleSession(cases={SCHOOL: case})
    session.set_status(roles=("approver",))
    return session


async def answer(it: Desk, key: str) -> None:
    """Press a key as late as a card wants it."""
    it.app.floor.steering.press(key, monotonic_ms() + DEAF_MS + REPEAT_STARTS_MS)
    it.app.floor.paint()
    await it.pilot.pause()


async def asked(it: Desk) -> None:
    await ready(it)
    await it.select(SCHOOL)
    await it.press("o", "y")


async def test_an_approval_names_the_digest_of_what_was_seen() -> None:
    async with desk(floor(actions=(PROPOSED,), pending=(pending("no_action"),))) as it:
        await asked(it)
        await it.sees("Approve: no action", "bo alone; taken back at 13:01 Z", "it is a line from a film", "abababab")
        await answer(it, "y")
        await it.until(it.gone())

        assert it.session.sent == [(SCHOOL, Approve(expected_version=14, action_id="a1", digest=DIGEST))]


async def test_a_rejection_takes_a_reason() -> None:
    async with desk(floor(actions=(PROPOSED,), pending=(pending("no_action"),))) as it:
        await asked(it)
        await it.sees("R reject")
        await answer(it, "R")
        await it.sees("Reject the action")
        await it.press(*"real", "enter")
        await it.until(it.gone())

        assert it.session.sent == [(SCHOOL, Reject(expected_version=14, action_id="a1", reason="real"))]


@pytest.mark.parametrize("kind", ["lowering", "discard", "not_reportable"])
async def test_an_act_of_one_person_is_confirmed(kind: str) -> None:
    async with desk(floor(pending=(pending(kind),))) as it:
        await asked(it)
        await it.sees("Confirm: ", "y confirm")
        assert "R reject" not in it.text
        await answer(it, "y")
        await it.until(it.gone())

        assert it.session.sent == [(SCHOOL, Confirm(expected_version=14, seq=77))]


async def test_nobody_is_their_own_second_person() -> None:
    async with desk(floor(pending=(pending("lowering", by="ana"),))) as it:
        await asked(it)
        await it.sees("it was your own act, a second person decides on it")

        assert it.app.floor.view.asking.question is None


async def test_where_nothing_waits_that_is_said() -> None:
    async with desk(floor()) as it:
        await asked(it)
        await it.sees("nothing waits for a second person")
