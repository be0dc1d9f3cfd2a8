"""Orders, the lock and saved views by real key presses: the rows that are shown, and an S0 that never goes unseen."""

from __future__ import annotations

from msgspec.structs import replace

from client.config import View
from client.views.saved import SavedViews
from tests.tui.sample_floor import MINUTE, SampleSession, row, sketch
from tests.tui.test_console import Desk, desk, ready
from tui.app import Watchfloor
from tui.floor import LOCK_MS


def owners(it: Desk) -> list[str]:
    """The column of owners, from the top."""
    return [line[19:25].strip() for line in it.screen[3:11]]


async def test_a_sort_waits_behind_its_prefix_and_is_said_until_it_is_cleared() -> None:
    async with desk() as it:
        await ready(it)
        before = owners(it)
        await it.press("S")
        await it.sees("newest", "deadline", "owner")
        await it.press("o")
        await it.sees("by owner")
        assert "moved above" not in it.text
        await it.press("g")
        await it.until(lambda: owners(it)[:5] == ["\u2013"] * 5)
        await it.press("0")
        await it.until(lambda: owners(it) == before)

        assert "by owner" not in it.text
        assert it.cursor == "C-00000001"


async def test_an_s0_out_of_sight_by_a_sort_is_named_on_the_second_line() -> None:
    async with desk() as it:
        await ready(it)
        await it.press("S", "a")
        await it.until(lambda: it.app.model.whole)
        await it.press("g")  # the oldest are all S3 and S4
        await it.sees("by age", "\u25a03 S0 hidden \u00b7 0")
        await it.press("0")
        await it.until(lambda: "S0 hidden" not in it.text)


async def test_the_selected_case_is_kept_through_a_sort() -> None:
    async with desk() as it:
        await ready(it)
        await it.select("C-00000006")
        await it.press("S", "t")

        assert it.cursor == "C-00000006"
        await it.until(lambda: any("\u258c" in line and "Phone log" in line for line in it.screen))


async def test_locked_rows_keep_their_places_and_new_cases_are_counted() -> None:
    session = SampleSession()
    async with desk(session) as it:
        await ready(it)
        await it.press("L")
        await it.sees("locked 60 s")
        before = it.screen[3:12]
        session.mirror.put(row(90, "SSH", "S0", "Newer than the lock", left_ms=MINUTE, allowance_ms=5 * MINUTE))
        session.mirror.put(replace(sketch()[8], score_tenths=990, severity="S1", band=1))
        session.mirror.put(row(91, "DOX", "S1", "Another"))
        session.on_change()
        await it.sees(", 2 new", "\u25a01 S0 hidden \u00b7 0")

        assert [line[30:70] for line in it.screen[3:12]] == [line[30:70] for line in before]
        await it.press("0")
        await it.sees("Newer than the lock")
        assert "locked" not in it.text
        assert it.cursor == "C-00000001"


async def test_the_lock_ends_by_itself() -> None:
    session = SampleSession()
    async with desk(session) as it:
        await ready(it)
        at = 0.0
        it.app.model._clock = lambda: at
        await it.press("L")
        await it.sees("locked 60 s")
        at = LOCK_MS - 500.0
        it.app.floor.feed_changed()
        await it.until(lambda: it.app.model.locked_ms == 500)
        session.mirror.put(row(90, "SSH", "S0", "Newer than the lock", left_ms=MINUTE, allowance_ms=5 * MINUTE))
        at = float(LOCK_MS)
        it.app.floor.feed_changed()
        await it.sees("Newer than the lock")

        assert not it.app.model.locked


async def test_saved_views_lie_on_the_digits() -> None:
    async with desk() as it:
        await ready(it)
        it.app.model.views = SavedViews({"5": View(name="victims", query="type:ncii,dox"), "3": View(name="ended")})
        await it.press("5")
        await it.sees("victims", "Home address of a journalist", "Victim request")
        assert len(it.app.model.ids) == 2
        assert it.cursor is None
        await it.press("3")
        await it.sees("No case is ended.", "0 shows the queue.")
        await it.press("9")
        await it.sees("No view lies on 9")
        await it.press("4", ":", *"view VICTIMS", "enter")
        await it.until(lambda: it.app.model.view == "victims")


async def test_help_names_the_views_on_the_digits() -> None:
    async with desk(size=(100, 60)) as it:
        await ready(it)
        it.app.model.views = SavedViews({"5": View(name="victims", query="type:ncii,dox"), "3": View(name="ended")})
        it.app.floor.help()
        await it.pilot.pause()
        await it.press("G")
        await it.sees("5           victims: type:ncii,dox", "3           Ended", "1           All")

        assert "The view on 6" not in it.text


async def test_a_view_of_the_start_may_be_a_saved_one() -> None:
    session = SampleSession()
    views = SavedViews({"5": View(name="victims", query="type:ncii,dox")})
    app = Watchfloor(lambda: session, view="victims", views=views)
    async with app.run_test(size=(80, 24)) as pilot:
        it = Desk(app, pilot, session)
        await it.sees("victims", "Home address of a journalist")

        await it.until(lambda: app.model.whole)
        assert len(app.model.ids) == 2


async def test_the_top_case_is_selected_when_the_floor_has_come_in_unless_another_was_chosen() -> None:
    for chosen in (False, True):
        session = SampleSession()
        session.mirror.swap(sketch()[4:])
        session.set_status(phase="loading")
        async with desk(session) as it:
            await it.until(lambda: it.cursor == "C-00000005")
            if chosen:
                await it.press("j")
            session.mirror.put(*sketch()[:4])
            session.set_status(phase="live")
            await it.sees("39 open")

            assert it.cursor == ("C-00000006" if chosen else "C-00000001")
