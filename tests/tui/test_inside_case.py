"""Inside an open case by keys: its parts, the runbook and its ticks, folds, what happened, related cases."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from casework import facts
from casework.commands import Claim, TickStep, Undo
from casework.events import Event
from casework.model import Content, Related, Tick
from tests.tui.sample_floor import MINUTE, NOW, SampleOutcome, SampleSession, row, whole_case
from tests.tui.test_console import SCHOOL, Desk, desk, ready

ROOM = (200, 50)


def session(**changes: object) -> SampleSession:
    return SampleSession(cases={SCHOOL: replace(whole_case(), **changes)})


def focused(it: Desk) -> str:
    """The part of the case that keys move in."""
    return str(it.app.floor.view.pane.focused)


async def at_school(it: Desk) -> None:
    await ready(it)
    it.app.floor.following.rest_ms = math.inf
    await it.select(SCHOOL)


async def test_the_preview_names_the_next_open_step() -> None:
    async with desk() as it:
        await at_school(it)
        await it.sees("Next     runbook 2 of 13: Weigh plan")


async def test_claiming_with_c_shows_the_runbook_first() -> None:
    async with desk(session(owner=None)) as it:
        await at_school(it)
        await it.press("c")
        await it.sees("\u2713 Take the case", "\u25b8 Weigh plan", "The person who is threatened comes first")
        await it.until(it.gone())

        assert [type(command) for _, command in it.session.sent] == [Claim]


async def test_space_ticks_the_step_under_the_cursor_on_the_version_that_stands_there() -> None:
    async with desk(session(runbook=(Tick(step="claim", by="bo", at=NOW),))) as it:
        await at_school(it)
        await it.press("r")
        await it.sees("\u2713 Take the case", "bo 12:41", "Space tick")
        await it.press("space")
        await it.until(it.gone())
        await it.press("j", "j", "space")
        await it.until(it.gone(2))

        assert it.session.sent == [
            (SCHOOL, TickStep(expected_version=14, step="judge")),
            (SCHOOL, TickStep(expected_version=14, step="preserve")),
        ]
        # What somebody ticked is not ticked again.
        await it.press("g", "space")
        await it.sees("bo ticked this already")
        assert len(it.session.sent) == 2


async def test_a_tick_is_undone_by_z() -> None:
    it_session = session()
    it_session.answers.append(SampleOutcome(seq=77, version=15))
    async with desk(it_session) as it:
        await at_school(it)
        await it.press("r", "space")
        await it.sees("z undoes")
        await it.press("z")
        await it.until(it.gone(2))

        assert isinstance(it.session.sent[1][1], Undo)
        assert it.session.sent[1][1].seq == 77


async def test_space_ticks_nothing_outside_of_the_runbook_nor_for_who_only_reads() -> None:
    async with desk(session(), read_only=True) as it:
        await at_school(it)
        await it.press("r", "space")
        await it.sees("Not done: This console is read only.")
    async with desk(session()) as it:
        await at_school(it)
        await it.press("enter", "space")
        await it.pilot.pause(0.1)
        assert it.session.sent == []


async def test_tab_goes_round_the_parts_and_escape_leads_back() -> None:
    async with desk(session()) as it:
        await at_school(it)
        await it.press("enter")
        await it.sees("Notes 2", "Timeline")
        seen = []
        for _ in range(5):
            seen.append(focused(it))
            await it.press("tab")
        assert seen == ["case", "runbook", "work", "notes", "timeline"]
        assert focused(it) == "case"
        await it.press("shift+tab")
        assert focused(it) == "timeline"
        await it.press("escape")
        await it.sees("LEFT SEV TYPE")
        await it.press("enter")
        assert focused(it) == "case"


async def test_there_are_tabs_only_where_height_runs_out() -> None:
    async with desk(session(), size=(200, 60)) as it:
        await at_school(it)
        await it.press("enter")
        await it.sees("Runbook 1/13 \u2500", "Notes 2 \u2500", "Timeline \u2500", "School confirms exam")
        assert "Case  Runbook" not in it.text
    async with desk(session()) as it:
        await at_school(it)
        await it.press("enter")
        await it.sees("Case  Runbook 1/13  Work 1  Notes 2  Timeline")
        assert "School confirms exam" not in it.text


async def test_content_is_folded_until_it_is_opened_and_again_on_close() -> None:
    content = (Content(kind="video", id="v_1", up=True, caption="a knife on a table"),)
    async with desk(session(content=content, graphic_level=3)) as it:
        await at_school(it)
        await it.press("enter")
        await it.sees("1 video \u00b7 en", "G3 folded: threat", "+ opens")
        await it.press("+")
        await it.sees("caption folded: G3, graphic", "Captions stay folded: G3.")
        assert "a knife" not in it.text
        await it.press("+")
        await it.sees("\u2502 a knife on a table")
        await it.press("-")
        await it.until(lambda: "a knife" not in it.text)
        await it.press("+", "+")
        await it.sees("\u2502 a knife on a table")
        await it.press("escape", "enter")
        await it.sees("G3 folded: threat")


async def test_what_happened_is_asked_for_and_shown() -> None:
    it_session = session()
    claimed = Event(
        seq=9, case_id=SCHOOL, version=2, type="CaseClaimed", at=NOW - MINUTE, actor="bo", fact=facts.CaseClaimed()
    )
    it_session.past[SCHOOL] = (claimed,)
    async with desk(it_session) as it:
        await at_school(it)
        await it.press("i")
        await it.sees("12:40:07 bo claimed it")

        assert it.session.recalled == [SCHOOL]


async def test_enter_on_a_related_case_goes_there() -> None:
    subject = whole_case().subjects[0]
    it_session = session(related=(Related(case_id="C-00000003", relation="related", at=NOW, by="bo"),))
    it_session.like = [row(2, "EDR", "S0", "x", subjects=(subject,)), row(5, "CSEA", "S1", "y")]
    async with desk(it_session) as it:
        await at_school(it)
        await it.press("enter")
        await it.sees("Related 2")
        await it.press("tab", "tab", "tab", "tab")
        await it.sees("C-0000-0003  related", "C-0000-0002  same subject", "Enter go to it")
        assert it.session.asked_like == ['text~"u_8123"']
        assert "C-0000-0005" not in it.text
        await it.press("j", "enter")
        await it.until(lambda: it.cursor == "C-00000002")
        assert it.app.floor.view.opened == "C-00000002"


async def test_a_case_is_fetched_whole_once_the_selection_rests_on_it() -> None:
    async with desk(session()) as it:
        await ready(it)
        await it.select(SCHOOL)
        it.app.floor.following.rest_ms = 0
        await it.until(lambda: it.session.opened == [SCHOOL])
        assert it.session.done_here == [], "who only rests on a case is not seen to look at it"
        await it.press("j")
        await it.until(lambda: SCHOOL not in it.session.opened)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50), ROOM])
async def test_a_long_form_shows_the_field_in_hand_and_its_keys(size: tuple[int, int]) -> None:
    async with desk(session(), size=size) as it:
        await at_school(it)
        await it.press("C")
        await it.sees("Party", "Esc keep draft")
        for _ in range(6):
            await it.press("down")
        await it.press("o", "k")
        await it.sees("Outcome", "ok", "Esc keep draft")


async def test_without_a_catalogue_the_runbook_says_what_it_waits_for() -> None:
    it_session = session()
    it_session.catalogue = None
    async with desk(it_session) as it:
        await at_school(it)
        await it.press("r")
        await it.sees("The runbook is being fetched from the feed.")
        assert "Next  " not in it.text
