"""An action by keys: its form, the card with what the platform says, two people, and what went first."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from casework.audience import Person
from casework.commands import Approve, Propose, Reject
from casework.model import Action, Afoot, Case, Pending, Target
from casework.policy import defaults
from casework.runbookfile import shipped
from protocol.answers import PreviewAnswer
from protocol.catalogue import catalogue_out
from tests.tui.sample_floor import MINUTE, NOW, SampleSession, whole_case
from tests.tui.test_console import SCHOOL, Desk, desk, ready
from tui.cards import DEAF_MS, REPEAT_STARTS_MS
from tui.screens.floor import monotonic_ms

CONNECTED = frozenset(defaults().actions) - {"cybertip", "disclose", "refer"}
CATALOGUE = catalogue_out(
    defaults(), Person(principal="ana", roles=frozenset({"responder"})), shipped(), connected=CONNECTED
)
BAN = Action(
    action_id="a1",
    action="ban",
    target=Target(kind="account", id="u_8123"),
    policy="VE-1@2026-10",
    reason="named the school",
    fields={"strikes": 2, "notice_or_why_none": "none: safety"},
    state="verified",
    proposed_by="bo",
    digest="cd" * 32,
    one_person=True,
    review_until=NOW + 20 * MINUTE,
)


class SlowPlatform(SampleSession):
    """A session whose platform answers when it is let."""

    async def preview(self, case_id: str, action: str, target: Target, fields: dict[str, Any]) -> PreviewAnswer:
        await self.let.wait()
        return await super().preview(case_id, action, target, fields)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.let = asyncio.Event()


def floor(kind: type[SampleSession] = SampleSession, **more: Any) -> Any:
    case: Case = replace(whole_case(), **more)
    session = kind(cases={SCHOOL: case}, catalogue=CATALOGUE)
    session.set_status(roles=("approver",))
    return session


async def answer(it: Desk, *keys: str) -> None:
    """Press keys as late as a card wants them."""
    for at, key in enumerate(keys):
        it.app.floor.steering.press(key, monotonic_ms() + DEAF_MS + REPEAT_STARTS_MS + 100 * at)
    it.app.floor.paint()
    await it.pilot.pause()


async def begun(it: Desk, *keys: str) -> None:
    await ready(it)
    await it.select(SCHOOL)
    await it.press(*keys)


async def test_a_form_a_card_with_what_it_touches_and_a_yes() -> None:
    async with desk(floor()) as it:
        await begun(it, "d", "s")
        await it.sees("Suspend the account", "account:u_8123", "7d", "standard")
        await it.press(*"threat", "enter")
        await it.sees("1 video \u00b7 14 re-uploads \u00b7 3 countries", "2 strikes", "VE-1 Credible threat")
        await answer(it, "y")
        await it.until(it.gone())

        ((case_id, command),) = it.session.sent
        assert isinstance(command, Propose)
        assert (case_id, command.action, command.target.id) == (SCHOOL, "suspend", "u_8123")
        assert command.fields == {"duration": "7d", "notice": "standard"}


async def test_yes_does_not_wait_for_the_platform_and_the_card_says_so() -> None:
    async with desk(floor(SlowPlatform)) as it:
        await begun(it, "d", "s")
        await it.sees("Suspend the account")
        await it.press(*"threat", "enter")
        await it.sees("not known yet: the platform is being asked")
        await answer(it, "y")
        await it.until(it.gone())
        it.session.let.set()  # type: ignore[attr-defined]  # a slow platform's
        await it.pilot.pause(0.1)

        assert it.app.floor.view.asking.question is None
        assert len(it.session.sent) == 1


async def test_who_says_no_keeps_what_was_typed() -> None:
    async with desk(floor()) as it:
        await begun(it, "d", "s")
        await it.sees("Suspend the account")
        await it.press(*"threat", "enter")
        await it.sees("y suspend")
        await answer(it, "n")
        await it.sees("Nothing was sent")
        await it.press("d", "s")
        await it.sees("Reason", "threat")

        assert it.session.sent == []


async def test_strikes_come_from_the_platform() -> None:
    async with desk(floor()) as it:
        await begun(it, "d", "X")
        await it.until(lambda: (form := it.app.floor.view.asking.form) is not None and form.values["strikes"] == "2")
        await it.press("enter", *"threat", "enter")
        await it.sees("type 9K2M")
        await answer(it, *"9k2m", "enter")
        await it.until(it.gone())

        assert isinstance(it.session.sent[0][1], Propose)
        assert it.session.sent[0][1].fields["strikes"] == 2


async def test_who_knows_better_types_over_what_the_platform_says() -> None:
    async with desk(floor()) as it:
        await begun(it, "d", "X")
        await it.until(lambda: (form := it.app.floor.view.asking.form) is not None and form.values["strikes"] == "2")
        await it.press("1", "1")

        form = it.app.floor.view.asking.form
        assert form is not None
        assert form.values["strikes"] == "11"


async def test_what_went_first_is_looked_at_with_its_digest() -> None:
    pending = Pending(seq=9, kind="review", by="bo", until=NOW + 20 * MINUTE, version=13)
    async with desk(floor(actions=(BAN,), pending=(pending,))) as it:
        await begun(it, "o", "y")
        await it.sees("It went first, was it right? ban", "to be looked at until 13:01 Z", "named the school")
        await answer(it, *"9k2m", "enter")
        await it.until(it.gone())

        assert it.session.sent == [(SCHOOL, Approve(expected_version=14, action_id="a1", digest="cd" * 32))]


async def test_where_letters_are_typed_tab_rejects() -> None:
    async with desk(floor(actions=(replace(BAN, state="proposed", review_until=None, one_person=False),))) as it:
        await begun(it, "o", "y")
        await it.sees("Approve: ban", "strikes", "14 re-uploads", "Tab reject")
        await answer(it, "tab")
        await it.sees("Reject the action")
        await it.press(*"groundless", "enter")
        await it.until(it.gone())

        assert it.session.sent == [(SCHOOL, Reject(expected_version=14, action_id="a1", reason="groundless"))]


async def test_ones_own_act_is_never_offered() -> None:
    async with desk(floor(actions=(replace(BAN, proposed_by="Ana "),))) as it:
        await begun(it, "o", "y")
        await it.sees("it was your own act")


async def test_only_what_stands_is_taken_back() -> None:
    async with desk(floor()) as it:
        await begun(it, "enter", "d", "u")
        await it.sees("Not done: Nothing on this case is verified and not taken back.")
    async with desk(floor(actions=(replace(BAN, review_until=None, one_person=False),))) as it:
        await begun(it, "enter", "d", "u")
        await it.sees("Reverse an earlier action", "Which action", "a1")
        await it.press(*"decision", "enter", *"mistaken", "enter")
        await it.sees("a1: ban, by bo", "whoever the action needed")
        await answer(it, "y")
        await it.until(it.gone())

        command = it.session.sent[0][1]
        assert isinstance(command, Propose)
        assert (command.target.id, command.fields) == ("u_8123", {"which_action": "a1", "rca_tag": "decision"})


async def test_a_shows_what_others_proposed_and_not_ones_own() -> None:
    session = floor()
    theirs, own, done = [case_id for case_id in session.mirror.rows if case_id != SCHOOL][:3]
    waiting = Afoot(action_id="a1", by="bo", state="proposed")
    for case_id, afoot in (
        (theirs, waiting),
        (own, replace(waiting, by="ana")),
        (done, replace(waiting, state="sent")),
    ):
        session.mirror.put(replace(session.mirror.rows[case_id], afoot=(afoot,)))
    async with desk(session) as it:
        await ready(it)
        await it.press("A")
        await it.sees("What others proposed")
        await it.until(lambda: list(it.app.floor.model.ids) == [theirs])
        await it.press("0")
        it.app.floor.model.look_at("acting")
        await it.until(lambda: list(it.app.floor.model.ids) == [done])
